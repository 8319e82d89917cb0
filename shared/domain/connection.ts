import type { Account } from './account.ts'
import type { Actor } from './change-event.ts'
import type { GrantPointer, GrantState } from './grant.ts'
import type { JsonObject } from './json.ts'
import type { RotationAttempt, RotationFailure } from './rotation.ts'

/**
 * One vault connection as the row store keeps it: metadata only, never a secret. Its pointers (`secret` to
 * the setup, `grant` to the tokens) are the only commit points of secret material, and readers follow it and nothing else.
 */
export interface ConnectionRow {
  readonly tenant: string
  readonly id: string
  readonly name: string
  readonly appId: string
  readonly setupType?: string
  /** What the provider called itself when somebody authorized the connection (RFC 9207), where nothing else says it. */
  readonly seenIssuer?: string
  /** Whose account the grant is for, as the provider said when somebody authorized it. */
  readonly account?: Account
  /** The masked label a person recognizes the account by. */
  readonly accountName?: string
  /** The fields of the setup that came with blanks at their ends, which were left out. */
  readonly trimmed?: readonly string[]
  /** 32 hex characters of the name and the setup digest: equal while neither changed. */
  readonly fingerprint: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** Who asked for it to be made, and for its last change. */
  readonly createdBy?: Actor
  readonly updatedBy?: Actor
  /** Who asked for the authorization that brought the grant. */
  readonly authorizedBy?: Actor
  readonly refreshedAtMs?: number
  /** Rises on every change that people can see; attempt writes leave it alone. */
  readonly version: number
  /** Rises when what a flow sends changes. */
  readonly credentialVersion: number
  /** Numbers the connection's change events, from 1. */
  readonly sequence: number
  /** How many secret names were ever handed out, so that none is used twice. */
  readonly generations: number
  readonly status: ConnectionStatus
  /** Why a connection is pending, in words with the next action. */
  readonly statusReason?: string
  /** The version of the secret that holds the setup; absent where a code app was authorized without one. */
  readonly secret?: SecretPointer
  /** What a minted credential's templates need of the setup, none of it secret. */
  readonly publicSetup?: JsonObject
  /** What was entered that is no secret, for people to read again, beyond what `publicSetup` has. */
  readonly settings?: JsonObject
  /** What was entered with a query, which may hold a key and is shown to nobody. */
  readonly settingsWithoutQuery?: readonly string[]
  /** The secrets of the setup that were entered. */
  readonly storedSecrets?: readonly StoredSecret[]
  /** The sealed tokens; absent until a provider has minted any. */
  readonly grant?: GrantPointer
  readonly setupDigest?: string
  /** Keyed digest of what a grant is bound to; a change of the setup that leaves it keeps the grant. */
  readonly clientDigest?: string
  /** Keyed digest of the last code that came with a setup: a code works once, and the same again changes nothing. */
  readonly codeDigest?: string
  /** The OAuth application that minted the grant, for apps whose client is the operator's. */
  readonly oauthAppId?: string
  readonly requiredScopes?: readonly string[]
  /** Grant metadata by grant name; `main`, and the nested one's name for bundles. */
  readonly grants?: Readonly<Record<string, GrantState>>
  /** The operation that began the grant, so that a late answer for another one is told apart. */
  readonly authorization?: string
  /** The refresh-token deadline that was warned of, so that each is warned of once. */
  readonly warnedRefreshExpiryMs?: number
  /** When the credential ends that a person entered, as people say; no provider tells of static ones. */
  readonly credentialExpiresAtMs?: number
  /** After that it is not handed out. */
  readonly enforceExpiry?: true
  /** How many of the steps towards that end were told. */
  readonly toldEndSteps?: number
  /** The instant of the last rotation that a flow's complaint caused; one a minute is enough. */
  readonly rejectedAtMs?: number
  readonly lastFetchedHour?: number
  readonly fence: number
  readonly attempt?: RotationAttempt
  readonly failure?: RotationFailure
  /** The operation that wrote this state last: how a commit of unknown outcome is recognized. */
  readonly op: string
  readonly due_shard?: string
  readonly due_at?: number
}

/** A secret field of a setup, and when its value came last; of the value itself nothing is told. */
export interface StoredSecret {
  readonly name: string
  readonly setAtMs: number
}

export type ConnectionStatus = 'empty' | 'pending' | 'ready' | 'degraded' | 'reauthorization_required'

/** Every status, in the order a connection passes them. */
export const CONNECTION_STATUSES: readonly ConnectionStatus[] = [
  'empty',
  'pending',
  'ready',
  'degraded',
  'reauthorization_required',
]

export interface SecretPointer {
  readonly secretId: string
  readonly versionId: string
  readonly generation: number
  /** How many versions this generation has taken so far, those of undone operations too. */
  readonly staged: number
}

/** Auth0: `name` is 1 to 150 characters. */
export const MAX_NAME_LENGTH = 150
