/**
 * The permission to send one token request, written before it is sent. While one stands, no other request may be
 * sent for the grant, whatever a clock says; only its end, or `canResend`, allows the next. It is the hold as well:
 * while the row has its fence and its end is not known, its owner has `HOLD_MS` from its start.
 */
export interface RotationAttempt {
  /** The row's fence, which rose with it and guards every commit. */
  readonly fence: number
  readonly owner: string
  /** The run of the program that sends, where a lock proves that one run at a time works on these rows. */
  readonly boot?: string
  readonly grantName: string
  /** Sending uses up what is sent, a refresh token or a code; absent where asking again is harmless. */
  readonly consumes?: true
  readonly startedAtMs: number
  /** Names this attempt, and the rescue of its answer should that lose its commit. */
  readonly op: string
  /** Set once the request is known to be over without a known outcome. */
  readonly unknownAtMs?: number
  /** Its sender itself said so: it waits for no answer any more. */
  readonly isOver?: true
  /** Since when requests before this one for the same token have had no known outcome; absent for the first. */
  readonly firstUnknownAtMs?: number
}

/** The code of the failure of a connection whose stored setup is not there: somebody deleted it beside the vault. */
export const SETUP_MISSING = 'setup_missing'

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
  /** How often in a row a renewal was refused since the access token ended: repeated, that is the end of a grant. */
  readonly refusals?: number
  /** Of which grant of a bundle those were; absent for the main one. */
  readonly refusedGrant?: string
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly retryAtMs?: number
}
