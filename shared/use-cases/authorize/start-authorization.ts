import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Connector, Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import { randomAlphanumeric } from '../../domain/ids.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { AuthorizationUrl, AuthorizationUrlRequest } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  findDefaultApplication,
  findOauthApplication,
  isReadyApplication,
} from '../oauth-applications/oauth-application.ts'
import {
  AUTHORIZATION_LIFE_MS,
  authorizationIdOf,
  putAuthorization,
  stateOfTicket,
  TICKET_CHARACTERS,
} from './authorization.ts'
import { checkReturnTo } from './return-address.ts'

export interface AuthorizePorts extends Ports {
  /** Scheme, host and path where browsers reach this vault, without a trailing slash. */
  readonly publicUrl: string
  /** What a person may be sent back to: origins, or paths of our own. */
  readonly returnTo: readonly string[]
  readonly grants: { authorizationUrl(request: AuthorizationUrlRequest): Promise<AuthorizationUrl> }
}

export interface AuthorizeInput {
  readonly tenant: string
  readonly row: ConnectionRow
  readonly scopes?: readonly string[]
  readonly returnTo?: string
  readonly oauthAppId?: string
  /** Whose account it has to be, by id or address. */
  readonly expectedAccount?: string
  /** True when the connection may come to be another account's. */
  readonly switchAccount?: boolean
}

export interface StartedAuthorization {
  readonly id: string
  /** A page of the vault, with the ticket. */
  readonly authorizationUrl: string
  /** What has to be registered at the provider. */
  readonly callbackUrl: string
  readonly expiresAtMs: number
}

/**
 * Where a provider sends people back to: an address of each OAuth application's, or connection's, own, so that a
 * provider's exact match of redirect URIs ties its client to one tenant (RFC 9700 §4.4.2).
 */
export function callbackUrlOf(publicUrl: string, ownerId: string): string {
  return `${publicUrl}/oauth/return/${ownerId}`
}

/**
 * Starts an authorization: answers the page to open in a person's browser, and until when. Its ticket is random and
 * stored nowhere; the state, and from that the PKCE verifier, are derived from it by key. Throws `invalid-body`,
 * `conflict`.
 */
export async function startAuthorization(
  ports: AuthorizePorts,
  input: AuthorizeInput,
): Promise<StartedAuthorization> {
  const { row } = input
  const connector = findConnector(row.appId)
  if (connector === undefined) throw new InvariantError(`no connector for ${row.appId}`)
  const setup = codeSetupOf(connector, row)
  if (input.scopes !== undefined && setup.grant?.scopes.requested === false) {
    throw new VaultError('invalid-body', 'This provider is asked for no scopes', {
      field: 'scopes',
      allowed: 'leaving scopes out: they are those of the application at the provider',
    })
  }
  checkReturnTo(input.returnTo, ports.returnTo)
  const ticket = new SecretText(randomAlphanumeric(TICKET_CHARACTERS, ports.random))
  const state = await stateOfTicket(ports, ticket)
  const callbackUrl = callbackUrlOf(ports.publicUrl, await callbackOwner(ports, input, setup))
  const url = await ports.grants.authorizationUrl({
    tenant: input.tenant,
    id: row.id,
    setupType: setup.type,
    state,
    redirectUri: callbackUrl,
    ...(input.scopes === undefined ? {} : { scopes: input.scopes }),
    ...(input.oauthAppId === undefined ? {} : { oauthAppId: input.oauthAppId }),
  })
  if (url.kind === 'failed') throw new VaultError('conflict', url.message, { errorCode: url.code })
  const id = await authorizationIdOf(ports, state)
  const expiresAtMs = ports.clock.nowMs() + AUTHORIZATION_LIFE_MS
  await putAuthorization(ports, {
    id,
    phase: 'open',
    tenant: input.tenant,
    connectionId: row.id,
    connectionName: row.name,
    appLabel: connector.label,
    setupType: setup.type,
    redirectUri: callbackUrl,
    scopes: url.scopes,
    ...(url.oauthAppId === undefined ? {} : { oauthAppId: url.oauthAppId }),
    providerOrigin: url.providerOrigin,
    ...(url.tokenOrigin === undefined ? {} : { tokenOrigin: url.tokenOrigin }),
    ...(url.issuer === undefined ? {} : { issuer: url.issuer }),
    ...(input.returnTo === undefined ? {} : { returnTo: input.returnTo }),
    ...(input.expectedAccount === undefined ? {} : { expectedAccount: input.expectedAccount }),
    ...(input.switchAccount === undefined ? {} : { switchAccount: input.switchAccount }),
    ...defined({ actor: ports.actor }),
    expiresAtMs,
  })
  const authorizationUrl = `${ports.publicUrl}/oauth/start?ticket=${ticket.reveal()}`
  return { id, authorizationUrl, callbackUrl, expiresAtMs }
}

/** The application that will be asked for, or the connection whose setup brings a client of its own. */
async function callbackOwner(
  ports: Pick<Ports, 'items'>,
  { tenant, row, oauthAppId }: AuthorizeInput,
  setup: Setup,
): Promise<string> {
  if (setup.grant?.client.from === 'setup') {
    if (oauthAppId !== undefined && oauthAppId !== row.oauthAppId) throw otherApplication(row.oauthAppId)
    if (row.oauthAppId === undefined) return row.id
  }
  const named = oauthAppId ?? (setup.grant?.client.from === 'setup' ? row.oauthAppId : undefined)
  const application =
    named === undefined
      ? await findDefaultApplication(ports, tenant, row.appId)
      : await findOauthApplication(ports, tenant, named)
  // Without any application the provider is not asked: the refusal says so.
  if (application === undefined) return named ?? row.id
  if (isReadyApplication(application)) return application.id
  throw new VaultError(
    'conflict',
    'The OAuth application has no client yet. Register its callback URL at the provider, then add client id and secret.',
    { errorCode: 'oauth_application_incomplete' },
  )
}

/** Which application it is stands in the setup of such a connection, and nowhere else. */
function otherApplication(own: string | undefined): VaultError {
  return new VaultError('invalid-body', 'The setup of the connection says which OAuth application it uses', {
    field: 'oauth_app_id',
    allowed: own === undefined ? 'none: its client is in its setup' : `${own}, or leaving it out`,
  })
}

function codeSetupOf(connector: Connector, row: ConnectionRow): Setup {
  const own = row.setupType === undefined ? undefined : findSetup(connector, row.setupType)
  const setup = own?.grant?.kind === 'authorization-code' ? own : connector.setups.find(takesCode)
  if (setup === undefined) {
    throw new VaultError(
      'conflict',
      `${connector.label} is not authorized in a browser. Enter its credentials instead.`,
      {
        errorCode: 'not_authorizable',
      },
    )
  }
  if (setup.grant?.client.from === 'setup' && row.setupType !== setup.type) {
    if (row.setupType !== undefined) throw needsNobody(setup)
    throw new VaultError(
      'conflict',
      'The connection has no setup yet that says where to authorize. Add one first.',
      {
        errorCode: 'connection_empty',
      },
    )
  }
  return setup
}

/** The setup gets tokens of its own: the way to authorize is another setup. */
function needsNobody({ type }: Setup): VaultError {
  const words = `The connection gets its tokens by itself, and nobody has to authorize it. Give it a setup of type ${type} if somebody shall.`
  return new VaultError('conflict', words, { errorCode: 'not_authorizable' })
}

function takesCode({ grant }: Setup): boolean {
  return grant?.kind === 'authorization-code'
}
