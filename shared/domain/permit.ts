/** What one client may touch, as the store keeps it: named connections, or whole apps. */
export interface Permit {
  readonly id: string
  readonly tenant: string
  readonly client: string
  readonly connections?: readonly string[]
  readonly apps?: readonly string[]
  /** After this instant it permits nothing; its client stays narrowed until it is deleted. */
  readonly untilMs?: number
  readonly createdAtMs: number
  readonly createdBy: string
}

/** All that a client's permits name together, at one instant. */
export interface Permitted {
  readonly connections: ReadonlySet<string>
  readonly apps: ReadonlySet<string>
}

/** What a client's permits let it touch; undefined for a client without one, which its scopes alone decide. */
export function permittedBy(permits: readonly Permit[], nowMs: number): Permitted | undefined {
  if (permits.length === 0) return undefined
  const inForce = permits.filter(({ untilMs }) => untilMs === undefined || nowMs < untilMs)
  return {
    connections: new Set(inForce.flatMap(({ connections = [] }) => connections)),
    apps: new Set(inForce.flatMap(({ apps = [] }) => apps)),
  }
}

/** Whether a connection is among what is permitted. */
export function isPermitted(
  permitted: Permitted,
  connection: { readonly id: string | undefined; readonly appId: string | undefined },
): boolean {
  const { id, appId } = connection
  return (
    (id !== undefined && permitted.connections.has(id)) || (appId !== undefined && permitted.apps.has(appId))
  )
}
