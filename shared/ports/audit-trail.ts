/** What was done: a flow was handed a credential, somebody changed one, the vault renewed one, or ran its own affairs. */
export type AuditKind = 'fetch' | 'change' | 'rotation' | 'administration'

/** One thing that was done or refused. Names, codes and numbers only: never a value, never words of a provider. */
export interface AuditEntry {
  readonly kind: AuditKind
  /** The route or operation by its name. */
  readonly act: string
  /** What came of it: `done`, `served`, or the code of the refusal. */
  readonly outcome: string
  readonly tenant?: string | undefined
  /** The client that asked; left out where the vault did by itself. */
  readonly client?: string | undefined
  /** The person at the client, as its issuer names them. */
  readonly person?: string | undefined
  /** The flow that asked, as it names itself. */
  readonly flow?: string | undefined
  readonly connection_id?: string | undefined
  /** What else it was about: an application, a freeze, a client. */
  readonly object_id?: string | undefined
  readonly credential_version?: number | undefined
  /** Of a rotation: why it was made. */
  readonly cause?: string | undefined
  readonly request_id?: string | undefined
}

/** The names that a line may have; what comes under another is dropped. */
export const AUDIT_FIELDS = [
  ...['kind', 'act', 'outcome', 'tenant', 'client', 'person', 'flow', 'connection_id', 'object_id'],
  ...['credential_version', 'cause', 'request_id'],
] as const satisfies readonly (keyof AuditEntry)[]

/** A stream of its own of what was done, for operators to ship. */
export interface AuditTrail {
  /** Never throws, and keeps nobody waiting. */
  note(entry: AuditEntry): void
}

/** A trail that leads nowhere. */
export const NO_AUDIT: AuditTrail = { note: () => undefined }
