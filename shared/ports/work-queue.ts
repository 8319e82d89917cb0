/** What is to be done about one connection; ids only, so a queue is not a secret store. */
export type WorkItem =
  | { readonly kind: 'freeze'; readonly tenant: string; readonly id: string }
  | { readonly kind: 'rotate'; readonly tenant: string; readonly id: string }
  | { readonly kind: 'rescue'; readonly tenant: string; readonly id: string; readonly op: string }

/**
 * Work for those who call providers: in the process, or SQS. At least once, in no order; the jobs of freezes do not
 * wait behind the rest.
 */
export interface WorkQueue {
  enqueue(items: readonly WorkItem[]): Promise<void>
}
