import type { Account } from '../domain/account.ts'
import type { Actor, VaultEvent } from '../domain/change-event.ts'
import type { ConnectionRow, SecretPointer } from '../domain/connection.ts'
import type { GrantPointer, GrantState } from '../domain/grant.ts'
import type { EndedToken, ImportedGrant } from '../domain/imported-grant.ts'
import type { RotationFailure } from '../domain/rotation.ts'
import type { SecretText } from '../domain/secret-text.ts'
import type { ChangeSetupRequest, ChangeSetupResult } from './setup-facts.ts'

/** Every operation that calls a provider, with what it is asked and what it answers. */
interface GrantOperations {
  /** Mints the first grant of a setup that no row points at yet. */
  mintFirst: { request: FirstGrantRequest; result: FirstGrantResult | Late }
  /** Seals a grant that was brought along; asks its provider at most whose it is. */
  import: { request: ImportRequest; result: ImportResult | Late }
  /** Renews what is due or asked for. */
  rotate: { request: RotationRequest; result: RotationResult }
  /** Makes the connector's harmless test call with a stored secret. */
  probe: { request: ProbeStoredRequest; result: ProbeStoredResult }
  /** The provider's authorization URL for a connection; made there because it holds values of the stored setup. */
  authorizationUrl: { request: AuthorizationUrlRequest; result: AuthorizationUrl }
  /** Exchanges an authorization code and puts its grant in the place of the connection's old one. */
  exchange: { request: ExchangeRequest; result: ExchangeResult }
  /** Keeps what a provider sent a browser back with in the place of a code. */
  noteRefusal: { request: RefusalRequest; result: null }
  /** Revokes the grants of one stored secret version at the provider. */
  revoke: { request: RevokeStoredRequest; result: RevokeStoredResult }
  /** Lays changes over a stored setup, which who changes it cannot read. */
  change: { request: ChangeSetupRequest; result: ChangeSetupResult }
  /** Tells people of an event through a connection whose credential is a webhook URL. */
  send: { request: SendRequest; result: SendResult }
}

export type GrantOperation = keyof GrantOperations
export type GrantRequest<Op extends GrantOperation> = GrantOperations[Op]['request']

/**
 * How long a caller waits for each: to the end of the work, or until a budget of its own is over; then it is told
 * `late`, and the work goes on.
 */
export const GRANT_OPERATIONS = {
  mintFirst: 'within-budget',
  import: 'to-the-end',
  rotate: 'within-budget',
  probe: 'to-the-end',
  authorizationUrl: 'to-the-end',
  exchange: 'to-the-end',
  noteRefusal: 'to-the-end',
  revoke: 'to-the-end',
  change: 'to-the-end',
  send: 'to-the-end',
} as const satisfies Record<GrantOperation, 'within-budget' | 'to-the-end'>

type GrantMethod<Op extends GrantOperation> = (typeof GRANT_OPERATIONS)[Op] extends 'within-budget'
  ? (request: GrantRequest<Op>, budgetMs: number) => Promise<GrantOperations[Op]['result'] | Late>
  : (request: GrantRequest<Op>) => Promise<GrantOperations[Op]['result']>

/** The caller's budget was over first, or what was to be worked on is gone; its end is found in the row. */
export interface Late {
  readonly kind: 'late'
}

/**
 * The work that calls providers, behind one door, because on AWS it is a function of its own: nothing that
 * answers HTTP may call a provider. Embedded it runs in the process. Everything but a code is metadata.
 */
export type GrantRunner = { readonly [Op in GrantOperation]: GrantMethod<Op> }

/** What does the work of each operation, to its end. */
export type GrantWork = {
  readonly [Op in GrantOperation]: (request: GrantRequest<Op>) => Promise<GrantOperations[Op]['result']>
}

/** A runner of which every operation goes the same way; `budgetMs` is there where the caller gives one. */
export function grantRunnerOver(
  call: (op: GrantOperation, request: unknown, budgetMs: number | undefined) => Promise<unknown>,
): GrantRunner {
  const methods = Object.keys(GRANT_OPERATIONS).map((op) => [
    op,
    (request: unknown, budgetMs?: number) => call(op as GrantOperation, request, budgetMs),
  ])
  return Object.fromEntries(methods)
}

/** Why a rotation is asked for: `due` by a sweep, `fetch` by a flow, `rejected` by its 401, `manual` by a person. */
export const ROTATION_CAUSES = ['due', 'fetch', 'rejected', 'manual'] as const

export type RotationCause = (typeof ROTATION_CAUSES)[number]

/** Who asked for what changes a connection, so that its event says so; absent for the vault's own doing. */
interface Caused {
  readonly actor?: Actor
}

export interface RotationRequest extends Caused {
  readonly tenant: string
  readonly id: string
  readonly cause: RotationCause
  /** For `fetch`: how much life the flow needs. */
  readonly minTtlMs?: number
  /** For `rejected`: the version complained of; a newer one that is there already is not replaced. */
  readonly credentialVersion?: number
}

/**
 * `rotated`: at least one grant is new · `busy`: another holder is at it · `failed`: the row says why ·
 * `nothing`: there was nothing to do · `gone`: no such connection.
 */
export type RotationResult =
  | { readonly kind: 'rotated' | 'failed' | 'nothing' | 'busy'; readonly row: ConnectionRow }
  | { readonly kind: 'gone' }

/** A stored secret version, with what names the setup inside it. */
export interface StoredSetup {
  readonly tenant: string
  readonly id: string
  readonly appId: string
  readonly setupType: string
  readonly setupDigest: string
  readonly clientDigest?: string
  /** Whose grant it is, where that is known. */
  readonly account?: Account
  /** Which authorization of the connection this is, so that a late answer for another one is told apart. */
  readonly authorization?: string
  /** Absent where a code app was authorized without a setup. */
  readonly secret?: SecretPointer
  /** The sealed tokens that were minted from it. */
  readonly grant?: GrantPointer
  readonly oauthAppId?: string
}

export interface FirstGrantRequest extends StoredSetup {
  readonly secret: SecretPointer
  /** The operation that commits the setup, and the grant with it. */
  readonly op: string
  /** The marks of the grants of the same client that the new one replaces, by name. */
  readonly replaces?: Readonly<Record<string, string>>
}

/** A grant that no row points at yet, sealed beside it. */
export interface SealedGrant {
  readonly kind: 'granted'
  readonly grant: GrantPointer
  readonly grants: Readonly<Record<string, GrantState>>
  readonly requiredScopes: readonly string[]
  readonly oauthAppId?: string
  /** Who authorized, where the provider says so. */
  readonly account?: Account
}

/** A grant has a rescue that its commit takes away. */
export type FirstGrantResult = SealedGrant | { readonly kind: 'failed'; readonly failure: FailureTold }

export interface ImportRequest extends Omit<FirstGrantRequest, 'replaces' | 'grant'> {
  /** The mark to seal it under: it stands in the caller's intent, so that undoing finds it. */
  readonly mark: string
  readonly brought: ImportedGrant
}

/** An import has no rescue: who brought it has it still. `ended`: by what its tokens say it works no more. */
export type ImportResult = SealedGrant | { readonly kind: 'ended'; readonly token: EndedToken }

/** A failure in words, with what follows from it. */
export interface FailureTold {
  readonly class: RotationFailure['class']
  readonly code: string
  readonly message: string
  /** The provider's own words, cut and free of secrets. */
  readonly description?: string
  readonly retryAfterMs?: number
  /** Set when the setup names an address that is never called: why, and the field it is in. */
  readonly target?: ForbiddenTarget
  /** The state of the OAuth client when it was refused. */
  readonly application?: string
  /** What follows from it; `nextTryMs` has the table. */
  readonly next:
    | 'retry'
    | 'retry-seldom'
    | 'way-blocked'
    | 'client-refused'
    | 'at-expiry'
    | 'wait-for-application'
    | 'wait-for-operator'
    | 'stop'
    | 'end'
    | 'unknown'
}

/** An address that the outgoing guard refuses for good: the reason without its full stop, and the setup's field. */
export interface ForbiddenTarget {
  readonly reason: string
  readonly field: string
}

export type ProbeStoredRequest = StoredSetup

/** `gone`: no tokens are under these marks, because others have replaced them or they are lost. */
export type ProbeStoredResult =
  | { readonly kind: 'accepted' | 'gone' | 'no-test' }
  | { readonly kind: 'refused' | 'unreachable'; readonly message: string }
  | { readonly kind: 'forbidden'; readonly target: ForbiddenTarget }

export interface AuthorizationUrlRequest {
  readonly tenant: string
  readonly id: string
  readonly setupType: string
  readonly state: SecretText
  readonly redirectUri: string
  /** What to ask for; the setup's or the connector's own when left out. */
  readonly scopes?: readonly string[]
  readonly oauthAppId?: string
}

export type AuthorizationUrl =
  | {
      readonly kind: 'url'
      /** Holds the state, so it is handed on and not kept. */
      readonly authorizationUrl: SecretText
      readonly scopes: readonly string[]
      readonly oauthAppId?: string
      /** Where the person is sent, and where the code goes when that is another site. */
      readonly providerOrigin: string
      readonly tokenOrigin?: string
      /** Set where the provider advertises RFC 9207: the callback must then name it. */
      readonly issuer?: string
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface ExchangeRequest extends Caused {
  readonly tenant: string
  readonly id: string
  readonly code: SecretText
  /** The secret half of the state, from which the code verifier is derived. */
  readonly state: SecretText
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly setupType: string
  readonly oauthAppId?: string
  /** Whose account it has to be, by id or address; an account that is not known is another one. */
  readonly expectedAccount?: string
  /** True to take another account than the one the connection has; else a known one is not replaced by another. */
  readonly switchAccount?: boolean
  /** What the provider called itself, where nothing else says so: kept for the next time. */
  readonly seenIssuer?: string
  /** What the browser brought beside the code, by name; only what the setup asks for is kept. */
  readonly callback?: Readonly<Record<string, string>>
}

export type ExchangeResult =
  | { readonly kind: 'connected'; readonly row: ConnectionRow }
  /** Somebody else authorized than was expected: nothing was changed. */
  | { readonly kind: 'other-account'; readonly account: Account | undefined; readonly expected: string }
  | { readonly kind: 'failed'; readonly failure: FailureTold }
  | { readonly kind: 'gone' }

export interface RefusalRequest {
  readonly tenant: string
  readonly id: string
  /** The provider's own code, where it is one that may be shown. */
  readonly code: string
  readonly message: string
  /** The provider's own words, cut and free of what looks like a secret. */
  readonly description?: string
}

export interface RevokeStoredRequest extends StoredSetup {
  /** True to end it also where that ends other grants of the same client and person. */
  readonly evenIfHeld?: boolean
}

/** By the name of each grant; `kept` where another connection holds one of the same client and person. */
export type RevokeStoredResult = Record<string, 'revoked' | 'unsupported' | 'failed' | 'kept'>

export interface SendRequest {
  readonly tenant: string
  /** The connection that posts; its URL never leaves the work. */
  readonly connectionId: string
  readonly event: VaultEvent
  /** Where people reach the vault, for the link to what the event is about. */
  readonly publicUrl: string
}

/** How the other side answered, or why it was not reached: a code, without any part of the address. */
export type SendResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly code: string }
