/** What went wrong, in one word. `connection_*` and the two `…_required` codes are the vault's own `errorCode`s. */
export type FlowVaultErrorCode =
  | 'connection_empty'
  | 'authorization_pending'
  | 'reauthorization_required'
  | 'connection_frozen'
  | 'connection_not_found'
  | 'credential_unavailable'
  | 'vault_unavailable'
  | 'unauthenticated'
  | 'insufficient_scope'
  | 'invalid_request'
  | 'origin_not_allowed'
  | 'invalid_options'
  | 'invalid_webhook'

export interface FlowVaultErrorDetail {
  /** The HTTP status of the vault's answer, where there was one. */
  readonly status?: number
  /** The vault's name for the request, to be found in its log. */
  readonly requestId?: string
  /** When another try makes sense, in ms from now, where the vault said. */
  readonly retryAfterMs?: number
  readonly connectionId?: string
  /** Where a person puts the connection right: its page in the vault. */
  readonly link?: string
  readonly cause?: unknown
}

const BRAND = Symbol.for('flow-vault.error')

const FOR_A_PERSON: ReadonlySet<FlowVaultErrorCode> = new Set<FlowVaultErrorCode>([
  'connection_empty',
  'authorization_pending',
  'reauthorization_required',
  'connection_frozen',
])
const PASSING: ReadonlySet<FlowVaultErrorCode> = new Set<FlowVaultErrorCode>([
  'credential_unavailable',
  'vault_unavailable',
])

/**
 * Every failure of the client. `personNeeded` says that waiting does not help (somebody has to act in the vault),
 * `retryable` that it does; never both. The message holds no secret.
 */
export class FlowVaultError extends Error {
  readonly code: FlowVaultErrorCode
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined
  readonly connectionId: string | undefined
  readonly link: string | undefined

  constructor(code: FlowVaultErrorCode, message: string, detail: FlowVaultErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'FlowVaultError'
    this.code = code
    this.status = detail.status
    this.requestId = detail.requestId
    this.retryAfterMs = detail.retryAfterMs
    this.connectionId = detail.connectionId
    this.link = detail.link
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether a person has to act before another try can work. */
  get personNeeded(): boolean {
    return FOR_A_PERSON.has(this.code)
  }

  /** Whether the same call may work later, with nobody doing anything. */
  get retryable(): boolean {
    return PASSING.has(this.code)
  }

  /** Told by a brand and not by the class: a program may hold this module twice, once required and once imported. */
  static is(error: unknown): error is FlowVaultError {
    return typeof error === 'object' && error !== null && BRAND in error
  }
}
