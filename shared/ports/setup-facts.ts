import type { ConnectionStatus, SecretPointer } from '../domain/connection.ts'
import type { JsonObject } from '../domain/json.ts'
import type { SecretText } from '../domain/secret-text.ts'
import type { StagedVersion } from './secret-store.ts'

/** A setup as a row knows it: keyed digests, by which equal ones are told without opening any. */
export interface SetupDigests {
  /** Of the whole setup without its code: equal means that nothing would change. */
  readonly setupDigest: string
  /** Of what a grant is bound to: a change that leaves it leaves the grant. Absent for a static setup. */
  readonly clientDigest?: string
}

/** What an accepted setup makes of a connection; none of it is secret. */
export interface SetupFacts {
  readonly digests: SetupDigests
  /** Keyed digest of the code that came with it. */
  readonly codeDigest?: string | undefined
  /** The scopes that the setup itself names. */
  readonly scopes?: readonly string[] | undefined
  readonly accountName?: string | undefined
  /** The fields that had blanks at their ends. */
  readonly trimmed?: readonly string[] | undefined
  /** What a minted credential's templates need of the setup, none of it secret. */
  readonly publicSetup?: JsonObject | undefined
  /** What was entered that is no secret. */
  readonly settings: JsonObject
  /** Those of them that are stored with a query, which nobody is shown. */
  readonly settingsWithoutQuery: readonly string[]
  /** The secrets that were entered, by name. */
  readonly secretFields: readonly string[]
  readonly status: ConnectionStatus
  readonly statusReason?: string | undefined
  /** The OAuth application that the setup names. */
  readonly oauthAppId?: string | undefined
  /** Members of the provider's answer that flows need; a grant that is brought along may have them. */
  readonly answerMembers?: readonly string[] | undefined
}

/** Changes of a stored setup, for whoever can read it. */
export interface ChangeSetupRequest {
  readonly tenant: string
  readonly appId: string
  readonly setupType: string
  /** The stored setup. */
  readonly secret: SecretPointer
  /** A merge patch (RFC 7396) as JSON. */
  readonly changes: SecretText
  /** The version to stage the whole under; nothing is stored when it is left out. */
  readonly stageAs?: { readonly secretId: string; readonly versionId: string; readonly isNew: boolean }
}

/** What the changes make of the connection. */
export interface ChangeSetupResult {
  readonly accepted: SetupFacts & { readonly setupType: string }
  /** The members that differ from the stored ones, by name. */
  readonly changed: readonly string[]
  readonly staged?: StagedVersion
}
