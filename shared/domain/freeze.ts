/** A stop order for the credentials of an app or of one connection; an item of its own, so it hides no state. */
export interface Freeze {
  readonly id: string
  readonly tenant: string
  readonly appId?: string
  readonly connectionId?: string
  readonly reason: string
  readonly createdAtMs: number
  readonly createdBy: string
}
