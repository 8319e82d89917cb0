/** Who may rotate the connection, until when; `fence` rises with each lease and guards every commit. */
export interface RotationLease {
  readonly owner: string
  readonly untilMs: number
  readonly fence: number
}

/**
 * The permission to send one token request, written before it is sent. While one without `outcome` stands for
 * the stored refresh token, no other may be sent.
 */
export interface RotationAttempt {
  readonly fence: number
  readonly grantName: string
  readonly secretVersionId: string
  /** Keyed digest; absent for grants that have no refresh token, where resending is harmless. */
  readonly refreshTokenDigest?: string
  readonly startedAtMs: number
  /** How often a request was sent for this token; never more than one without the connector's word. */
  readonly sent: number
  readonly outcome?: 'unknown'
}

/** The last failure of rotation, kept until the next success. */
export interface RotationFailure {
  readonly class: 'not-sent' | 'passing' | 'grant-dead' | 'app-broken' | 'refused' | 'unknown'
  readonly code: string
  /** One sentence for a person, with the next action. */
  readonly message: string
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly retryAtMs?: number
}
