import type { ConnectionRow } from '../../domain/connection.ts'
import { oauthStateKey } from '../../domain/keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { AuthorizationState } from './authorize-connection.ts'

/** What the provider sent the browser back with (RFC 6749 §4.1.2). */
export interface CallbackInput {
  readonly state: SecretText | undefined
  readonly code: SecretText | undefined
  readonly error: string | undefined
  readonly issuer: string | undefined
}

export type FinishedAuthorization =
  | { readonly kind: 'connected'; readonly row: ConnectionRow; readonly returnTo: string | undefined }
  | {
      /** `unknown-state` covers expired, replayed and made-up ones alike: telling them apart helps an attacker only. */
      readonly kind: 'unknown-state' | 'denied' | 'refused' | 'mixed-up' | 'gone'
      readonly message: string
      readonly returnTo: string | undefined
      readonly connectionId?: string
    }

type FinishPorts = Pick<Ports, 'items' | 'digester' | 'clock' | 'log'> & {
  grants: Pick<GrantRunner, 'exchange'>
}

/** RFC 6749 §4.1.2.1: the codes an authorization response may carry, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'The authorization was declined. Authorize again to connect after all.',
  invalid_scope:
    'The provider does not know one of the scopes that were asked for. Authorize again with others.',
  unauthorized_client:
    'The provider does not allow this OAuth application to authorize. Allow it there, then authorize again.',
  invalid_request:
    'The provider found the request malformed. Compare the OAuth application and its callback URL with what is registered at the provider, then authorize again.',
  unsupported_response_type:
    'The provider does not offer this way to authorize. Connect the app in another way.',
  server_error: 'The provider failed. Authorize again later.',
  temporarily_unavailable: 'The provider is busy. Authorize again later.',
}
const MIXED_UP =
  'The answer did not come from the provider that was asked. Authorize again; if that ends here too, compare the issuer in the setup with the name the provider gives itself.'
const NO_REASON = 'The provider did not authorize the connection. Authorize it again.'

/**
 * Ends an authorization: consumes its state, which works once, checks that the answer comes from the issuer it was
 * asked of (RFC 9207), and has the code exchanged. Never throws for what a browser may bring.
 */
export async function finishAuthorization(
  ports: FinishPorts,
  input: CallbackInput,
): Promise<FinishedAuthorization> {
  const state = input.state === undefined ? undefined : await consumeState(ports, input.state)
  if (state === undefined || input.state === undefined) {
    return {
      kind: 'unknown-state',
      message: 'This authorization has expired or was used already.',
      returnTo: undefined,
    }
  }
  const end = { returnTo: state.returnTo, connectionId: state.connectionId }
  if (state.issuer !== undefined && input.issuer !== state.issuer) {
    return { kind: 'mixed-up', message: MIXED_UP, ...end }
  }
  if (input.error !== undefined || input.code === undefined) {
    const denied = input.error === 'access_denied'
    const message = refusalOf(input.error)
    return { kind: denied ? 'denied' : 'refused', message, ...end }
  }
  const result = await ports.grants.exchange({
    tenant: state.tenant,
    id: state.connectionId,
    code: input.code,
    state: input.state,
    redirectUri: state.redirectUri,
    scopes: state.scopes,
    setupType: state.setupType,
    ...(state.oauthAppId === undefined ? {} : { oauthAppId: state.oauthAppId }),
  })
  if (result.kind === 'connected') return { kind: 'connected', row: result.row, returnTo: state.returnTo }
  if (result.kind === 'gone')
    return { kind: 'gone', message: 'The connection was deleted meanwhile.', ...end }
  return { kind: 'refused', message: result.failure.message, ...end }
}

/** Only of codes we know: what a provider, or whoever made up the callback, says besides is shown to nobody. */
function refusalOf(error: string | undefined): string {
  return error !== undefined && Object.hasOwn(REFUSALS, error) ? (REFUSALS[error] ?? NO_REASON) : NO_REASON
}

/** Takes the state out by a conditional delete, so that of two callbacks one finds it. */
async function consumeState(ports: FinishPorts, state: SecretText): Promise<AuthorizationState | undefined> {
  const key = oauthStateKey(await ports.digester.digest('oauth-state', state))
  const stored = (await ports.items.get(key)) as unknown as AuthorizationState | undefined
  if (stored === undefined) return undefined
  try {
    await ports.items.transact([{ op: 'delete', key, when: [{ kind: 'item-present' }] }])
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
  return stored.expiresAtMs > ports.clock.nowMs() ? stored : undefined
}
