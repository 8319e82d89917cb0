import { type ReconcilePorts, reconcileWork } from '../../shared/use-cases/reconcile-work.ts'

/** Which of its jobs a schedule wakes the function for. */
export interface ReconcileEvent {
  readonly task: 'work'
}

/** The handler of the `reconcile` function. Alarms read its log line: `found` items, of which `done` were finished. */
export function createHandler(ports: ReconcilePorts): (event: ReconcileEvent) => Promise<void> {
  return async () => {
    const report = await reconcileWork(ports)
    ports.log.info('reconciled', { found: report.found, done: report.found - report.failed })
  }
}
