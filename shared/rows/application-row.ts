import type { SecretPointer } from '../domain/connection.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'
import { isUndoneCreation } from './undone-row.ts'

/** The operator's registration at a provider: the client that code apps are authorized with. */
export interface OauthApplication {
  readonly tenant: string
  readonly id: string
  readonly appId: string
  readonly name: string
  /** Absent while it is a draft, made for its callback URL before the client exists at the provider. */
  readonly clientId?: string
  readonly isDefault: boolean
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly version: number
  /** How many names its secret ever had. */
  readonly generations: number
  readonly secret?: SecretPointer
  /**
   * The secret before this one, for a while: a provider may take the new one later than the vault, or be told later.
   */
  readonly previous?: { readonly secret: SecretPointer; readonly untilMs: number }
  /** Keyed digest of all that is kept secret, so that the same sent again replaces nothing. */
  readonly secretDigest?: string
  readonly op: string
  /** Of an app of any provider: which setup it serves, and what of it is no secret. */
  readonly setupType?: string
  readonly setup?: JsonObject
  /** The names of what is kept secret: the client secret, and secret fields of the setup. */
  readonly secretFields?: readonly string[]
}

/** Applications, as they are stored. */
export const APPLICATION_ROWS = rowCodec<OauthApplication>('OAuth application', 1)

/** An application as it is stored. What only says that one will never be created is none. */
export function applicationOf(attributes: Attributes | undefined): OauthApplication | undefined {
  if (attributes === undefined || isUndoneCreation(attributes)) return undefined
  return APPLICATION_ROWS.decode(attributes)
}

/** Which application is the default of an app. */
export interface DefaultApplication {
  readonly id: string
}

/** What names the default application of an app, as it is stored. */
export const DEFAULT_APPLICATION_ROWS = rowCodec<DefaultApplication>('default of an app', 1)
