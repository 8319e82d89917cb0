import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Connector, Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import { randomAlphanumeric } from '../../domain/ids.ts'
import { oauthStateKey } from '../../domain/keys.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { AuthorizationUrl, AuthorizationUrlRequest } from '../../ports/grant-runner.ts'
import type { Attributes } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'

/** 43 of 62 characters are 256 bits. */
const STATE_CHARACTERS = 43
/** RFC 6749 §10.12 wants it short; ten minutes is what a person with a second factor needs. */
const STATE_LIFE_MS = 10 * 60_000

/** A started authorization, found by the digest of its state and good for one callback. */
export interface AuthorizationState {
  readonly tenant: string
  readonly connectionId: string
  readonly setupType: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly oauthAppId?: string
  readonly issuer?: string
  readonly returnTo?: string
  readonly expiresAtMs: number
}

export interface AuthorizePorts extends Ports {
  /** Where this vault answers callbacks, to be registered at the provider. */
  readonly callbackUrl: string
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
}

/**
 * Starts an authorization: answers the URL to send a person's browser to, and until when. The state is random,
 * stored by its digest only, and bound to tenant, connection, redirect and scopes; the PKCE verifier is derived
 * from it by key and stored nowhere. Throws `invalid-body`, `conflict`.
 */
export async function startAuthorization(
  ports: AuthorizePorts,
  input: AuthorizeInput,
): Promise<{ authorizationUrl: string; expiresAtMs: number }> {
  const { row } = input
  const setup = codeSetupOf(findConnector(row.appId), row)
  if (input.scopes !== undefined && setup.grant?.scopes.requested === false) {
    throw new VaultError('invalid-body', 'This provider is asked for no scopes', {
      field: 'scopes',
      allowed: 'leaving scopes out: they are those of the application at the provider',
    })
  }
  checkReturnTo(input.returnTo, ports.returnTo)
  const state = new SecretText(randomAlphanumeric(STATE_CHARACTERS, ports.random))
  const url = await ports.grants.authorizationUrl({
    tenant: input.tenant,
    id: row.id,
    setupType: setup.type,
    state,
    redirectUri: ports.callbackUrl,
    ...(input.scopes === undefined ? {} : { scopes: input.scopes }),
    ...(input.oauthAppId === undefined ? {} : { oauthAppId: input.oauthAppId }),
  })
  if (url.kind === 'failed') throw new VaultError('conflict', url.message, { errorCode: url.code })
  const expiresAtMs = ports.clock.nowMs() + STATE_LIFE_MS
  const stored: AuthorizationState = {
    tenant: input.tenant,
    connectionId: row.id,
    setupType: setup.type,
    redirectUri: ports.callbackUrl,
    scopes: url.scopes,
    ...(url.oauthAppId === undefined ? {} : { oauthAppId: url.oauthAppId }),
    ...(url.issuer === undefined ? {} : { issuer: url.issuer }),
    ...(input.returnTo === undefined ? {} : { returnTo: input.returnTo }),
    expiresAtMs,
  }
  const digest = await ports.digester.digest('oauth-state', state)
  await ports.items.transact([
    {
      op: 'put',
      key: oauthStateKey(digest),
      attributes: { ...(stored as unknown as Attributes), expires_at_s: Math.ceil(expiresAtMs / 1000) + 60 },
      when: [{ kind: 'item-absent' }],
    },
  ])
  return { authorizationUrl: url.authorizationUrl.reveal(), expiresAtMs }
}

function codeSetupOf(connector: Connector | undefined, row: ConnectionRow): Setup {
  if (connector === undefined) throw new InvariantError(`no connector for ${row.appId}`)
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

function takesCode({ grant }: Setup): boolean {
  return grant?.kind === 'authorization-code'
}

/**
 * Our own paths, or an origin of the allow-list. Refused is everything a browser, or a proxy that decodes once too
 * often, might read as another host, and every character that does not belong into a header.
 */
function checkReturnTo(returnTo: string | undefined, allowed: readonly string[]): void {
  if (returnTo === undefined) return
  const isPlain = /^[\x21-\x5b\x5d-\x7e]+$/.test(returnTo)
  const isOwnPath = /^\/(?!\/|%2f|%5c)/i.test(returnTo)
  if (isPlain && (isOwnPath || isAllowedUrl(returnTo, allowed))) return
  throw new VaultError('invalid-body', 'Not an address a person may be sent back to', {
    field: 'return_to',
    allowed: ['a path of this vault', ...allowed].join(', or '),
  })
}

function isAllowedUrl(text: string, allowed: readonly string[]): boolean {
  const url = URL.parse(text)
  return url !== null && url.username === '' && url.password === '' && allowed.includes(url.origin)
}
