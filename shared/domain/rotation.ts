/** Who may rotate the connection, until when; `fence` rises with each lease and guards every commit. */
export interface RotationLease {
  readonly owner: string
  readonly untilMs: number
  readonly fence: number
}

/**
 * The permission to send one token request, written before it is sent. While one stands, no other request may be
 * sent for the grant, whatever a clock or a lease says; only its end, or `canResend`, allows the next.
 */
export interface RotationAttempt {
  readonly fence: number
  readonly grantName: string
  readonly secretVersionId: string
  /** Keyed digest; absent for grants minted without a refresh token, where resending is harmless. */
  readonly refreshTokenDigest?: string
  readonly startedAtMs: number
  /** Where the answer is stored first, so that whoever comes after a crash finds it there. */
  readonly answerVersionId: string
  /** How many requests were sent for this token without a known end, this one included. */
  readonly sent: number
  /** Set once the request is known to be over without a known outcome. */
  readonly unknownAtMs?: number
  /** Its sender itself said so: it waits for no answer any more. */
  readonly isOver?: true
  /** What is known of the requests before this one for the same token, none of whose ends is known. */
  readonly earlier?: {
    readonly unknownAtMs: number
    /** Where their answers would be stored, if a slow sender still does so; the latest first. */
    readonly answerVersionIds: readonly string[]
  }
}

/** The last failure of rotation, kept until the next success. */
export interface RotationFailure {
  readonly class: 'not-sent' | 'passing' | 'grant-dead' | 'app-broken' | 'refused' | 'unknown'
  readonly code: string
  /** One sentence for a person, with the next action. */
  readonly message: string
  /** The provider's own words, cut and free of secrets. */
  readonly description?: string
  /** For a broken client: the state of the application then; another state lifts the stop. */
  readonly application?: string
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly retryAtMs?: number
}
