import { findSetupOf } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import { enteredOf } from '../../connectors/render-credential.ts'
import { fieldsOf } from '../../connectors/template.ts'
import type { Account } from '../../domain/account.ts'
import { chargeForRows } from '../../domain/charges.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import { connectionKey, connectionsPartition } from '../../domain/keys.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { RevokeStoredResult } from '../../ports/grant-runner.ts'
import { afterOthers } from '../../ports/others-turn.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import { CONNECTION_ROWS, LISTED_ATTRIBUTES, listedOf } from '../../rows/connection-row.ts'
import {
  effectiveSetup,
  findApplicationClient,
  findOauthApplication,
} from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'
import type { TokensByName } from './sealed-tokens.ts'

/** A revocation is best effort: a provider that does not answer in this time is not waited for. */
const REVOCATION_TIMEOUT_MS = 10_000
/** A tenant with more connections than this is not read to the end: its grants count as held by another. */
const MAX_PAGES = 20
const ROWS_A_PAGE = 500
/** Reading so many whole rows takes two milliseconds. */
const ROWS_A_TURN = 64

/** What names the connection whose grants are revoked, and whose grants they are. */
export type Revocable = Pick<
  ConnectionRow,
  'tenant' | 'id' | 'appId' | 'setupType' | 'setupDigest' | 'clientDigest'
> & {
  readonly oauthAppId?: string | undefined
  readonly account?: Account | undefined
  readonly secret?: SecretPointer
}

/** The same, with what names its client at the provider. */
type Ended = Revocable & { readonly client: string | undefined }

/**
 * Revokes a connection's grants at the provider (RFC 7009, or the provider's own way), and answers how each went:
 * `kept` where the tenant holds another of the same client and perhaps the same person, which would end too. With
 * `evenIfHeld` that is no reason. Never throws for what a provider does.
 */
export async function revokeGrants(
  ports: GrantPorts,
  connection: Revocable,
  tokens: TokensByName,
  { evenIfHeld = false }: { evenIfHeld?: boolean } = {},
): Promise<RevokeStoredResult> {
  const setup = findSetupOf(connection.appId, connection.setupType)
  const profile = setup?.grant
  if (profile === undefined) return {}
  const names = Object.keys(tokens)
  const effective = await effectiveSetup(ports, connection, profile, await setupOf(ports, connection))
  const client = clientIn(setup!, enteredOf(setup!, effective.values).settings)
  if (!evenIfHeld && (await isEndingAnother(ports, { ...connection, client }, setup!)))
    return Object.fromEntries(names.map((name) => [name, 'kept' as const]))
  const application = await findApplicationClient(ports, connection, profile, effective)
  const results: RevokeStoredResult = {}
  for (const [name, grant] of Object.entries(tokens)) {
    const outcome = await ports.oauth.revoke({
      tenant: connection.tenant,
      profile,
      setup: new SecretText(JSON.stringify(effective.values)),
      ...(application === undefined ? {} : { client: application.client }),
      accessToken: new SecretText(grant.access_token),
      ...(grant.refresh_token === undefined ? {} : { refreshToken: new SecretText(grant.refresh_token) }),
      extra: grant.extra,
      timeoutMs: REVOCATION_TIMEOUT_MS,
    })
    results[name] = outcome.kind
  }
  return results
}

/** Ends a grant that nobody uses, best effort; one that lives on at its provider is an operator's to end. */
export async function revokeUnwanted(ports: GrantPorts, row: Revocable, tokens: TokensByName): Promise<void> {
  try {
    await revokeGrants(ports, row, tokens)
  } catch (error) {
    ports.log.error('could not revoke a grant that nobody uses', {
      connection_id: row.id,
      ...errorFields(error),
    })
  }
}

/** What names a client at its provider, whatever else it is asked with; undefined where the setup does not say. */
function clientIn({ grant: profile }: Setup, settings: JsonObject | undefined): string | undefined {
  if (profile?.client.from !== 'setup') return undefined
  const names = [profile.client.id, ...[profile.tokenUrl].flat().flatMap(fieldsOf)]
  const values = names.map((name) => settings?.[name])
  return values.includes(undefined) ? undefined : JSON.stringify(values)
}

/** Whether the provider's revocation would end a grant that some connection of the tenant still works with. */
async function isEndingAnother(
  ports: Pick<GrantPorts, 'items' | 'charge'>,
  ended: Ended,
  setup: Setup,
): Promise<boolean> {
  const { kind, revocation } = setup.grant!
  if (kind !== 'authorization-code' || revocation === undefined || revocation.ends === 'token') return false
  const held = new Map<string, Promise<JsonObject>>()
  const heldBy = (id: string): Promise<JsonObject> => {
    const known = held.get(id) ?? settingsOf(ports, ended.tenant, { id, setup })
    held.set(id, known)
    return known
  }
  for await (const rows of rowsOfSameApp(ports, ended)) {
    if (rows === 'more') return true
    for (const row of rows) {
      if (row?.grant === undefined || !isOfSamePerson(row, ended)) continue
      if (await isOfSameClient(row, ended, { setup, heldBy })) return true
    }
  }
  return false
}

/**
 * The tenant's rows of that app that hold a grant, a few at a time, so that others have their turn; `more` when there
 * are more than are looked at. What lists need is read of all, the whole of a row only of these; the tenant pays for
 * both.
 */
async function* rowsOfSameApp(
  ports: Pick<GrantPorts, 'items' | 'charge'>,
  { tenant, appId }: Ended,
): AsyncGenerator<readonly (ConnectionRow | undefined)[] | 'more'> {
  const query = { partition: connectionsPartition(tenant), only: LISTED_ATTRIBUTES, limit: ROWS_A_PAGE }
  let pages = 0
  for await (const page of pagesOf(ports.items, query)) {
    if (pages++ === MAX_PAGES) return yield 'more'
    ports.charge?.(tenant, chargeForRows({ read: page.length, skipped: 0, listed: true }))
    const listed = page.map(({ attributes }) => listedOf(attributes))
    const candidates = listed.filter((row) => row.appId === appId && row.grants !== undefined)
    for (let at = 0; at < candidates.length; at += ROWS_A_TURN) {
      const turn = candidates.slice(at, at + ROWS_A_TURN)
      ports.charge?.(tenant, chargeForRows({ read: turn.length, skipped: 0, listed: false }))
      yield await Promise.all(
        turn.map(async ({ id }) => CONNECTION_ROWS.find(await ports.items.get(connectionKey(tenant, id)))),
      )
      await afterOthers()
    }
  }
}

/**
 * Providers that end all of a client do so whatever each of its grants was asked for with (Keycloak), and know nothing
 * of where the client was entered: in a setup, or as an OAuth application.
 */
async function isOfSameClient(
  row: ConnectionRow,
  ended: Ended,
  { setup, heldBy }: { setup: Setup; heldBy(application: string): Promise<JsonObject> },
): Promise<boolean> {
  if (row.oauthAppId === ended.oauthAppId && row.clientDigest === ended.clientDigest) return true
  if (row.appId !== ended.appId || row.setupType !== ended.setupType || ended.client === undefined)
    return false
  const held = row.oauthAppId === undefined ? {} : await heldBy(row.oauthAppId)
  return clientIn(setup, { ...held, ...row.publicSetup, ...row.settings }) === ended.client
}

/** What an application holds of a setup that is no secret, its client's id included. */
async function settingsOf(
  ports: Pick<GrantPorts, 'items'>,
  tenant: string,
  { id, setup }: { id: string; setup: Setup },
): Promise<JsonObject> {
  const application = await findOauthApplication(ports, tenant, id)
  const client = setup.grant?.client
  if (application?.clientId === undefined || client?.from !== 'setup') return {}
  return { ...application.setup, [client.id]: application.clientId }
}

function isOfSamePerson(row: ConnectionRow, { account }: Revocable): boolean {
  const [one, other] = [row.account, account]
  if (one?.id !== undefined && other?.id !== undefined) return one.id === other.id && one.team === other.team
  if (one?.email === undefined || other?.email === undefined) return true
  return one.email.toLowerCase() === other.email.toLowerCase()
}

/** The setup the grants were minted with; without its secret, a public client may still be able to revoke. */
async function setupOf(ports: GrantPorts, { secret, setupType }: Revocable): Promise<JsonObject> {
  return (secret && (await ports.opened.find(secret))) ?? { type: setupType ?? '' }
}
