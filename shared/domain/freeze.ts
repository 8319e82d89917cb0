import type { Actor } from './change-event.ts'

/** A stop order for the credentials of an app or of one connection; an item of its own, so it hides no state. */
export interface Freeze {
  readonly id: string
  readonly tenant: string
  readonly appId?: string
  readonly connectionId?: string
  readonly reason: string
  /** Whether the grants are revoked upstream as well. */
  readonly revoke: boolean
  readonly createdAtMs: number
  readonly createdBy?: Actor
  /** Set when the order was lifted: it stops nothing any more and stays until its events are written. */
  readonly endedAtMs?: number
  readonly job: FreezeJob
}

/** The walk over the connections concerned, page by page, so that it survives a crash. */
export interface FreezeJob {
  readonly state: 'running' | 'done'
  /** The last connection dealt with. */
  readonly cursor?: string
  readonly seen: number
  readonly revoked: number
  /** Connections whose provider refused or did not answer: a person must end the grant there, or freeze again. */
  readonly failed: readonly string[]
  /** Connections whose grant is gone: a person must authorize them again. */
  readonly reauthorize: readonly string[]
  /** Connections whose provider offers no revocation: a person must end the grant there. */
  readonly notRevocable: readonly string[]
}

/** A list in an answer and in an item of at most 400 KB; the counts go on past it. */
export const MAX_LISTED_IDS = 1000

/** Whether the freeze, while it is in force, stops this connection. */
export function freezes(
  freeze: Pick<Freeze, 'appId' | 'connectionId'>,
  connection: { readonly id: string; readonly appId: string },
): boolean {
  return freeze.appId === connection.appId || freeze.connectionId === connection.id
}
