import type { Account } from '../domain/account.ts'
import type { Actor } from '../domain/change-event.ts'
import { rowCodec } from './row-codec.ts'

/** How an authorization ended, as the API tells it. */
export type AuthorizationOutcome =
  | 'granted'
  | 'denied'
  | 'expired'
  | 'fewer_scopes'
  | 'other_account'
  | 'failed'

/** The outcome with its words; they are shown to the person in the browser and to whoever may read the connection. */
export interface AuthorizationEnd {
  readonly outcome: AuthorizationOutcome
  readonly words: string
  /** The error code that the provider gave, where it is one (RFC 6749 §5.2: its characters; 64 of them at most). */
  readonly code?: string
  /** Who authorized, as far as the provider tells. */
  readonly account?: Account
}

/**
 * One authorization: `open` (a link), `bound` (to the browser that goes on with it), `exchanging` (its code is being
 * exchanged, once and never again), `done`. Found by a digest of its state; holds neither that nor the ticket.
 */
export interface Authorization {
  readonly id: string
  readonly phase: 'open' | 'bound' | 'exchanging' | 'done'
  readonly tenant: string
  readonly connectionId: string
  readonly connectionName: string
  readonly appLabel: string
  readonly setupType: string
  /** Ends with the id of the OAuth application or connection whose provider may send people there. */
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly oauthAppId?: string
  /** Where the person is sent, and where the code goes when that is another site. */
  readonly providerOrigin: string
  readonly tokenOrigin?: string
  readonly issuer?: string
  readonly returnTo?: string
  readonly expectedAccount?: string
  readonly switchAccount?: boolean
  /** Who asked for it: whoever opens the link has no name of ours. */
  readonly actor?: Actor
  readonly expiresAtMs: number
  /** Digest of the cookie of the browser it is bound to. */
  readonly browser?: string
  readonly exchangingAtMs?: number
  readonly end?: AuthorizationEnd
}

/** Authorizations, as they are stored. */
export const AUTHORIZATION_ROWS = rowCodec<Authorization>('authorization', 1)
