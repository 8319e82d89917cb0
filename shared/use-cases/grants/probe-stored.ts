import { findSetupOf } from '../../connectors/catalogue.ts'
import { renderCredential, testUrlOf } from '../../connectors/render-credential.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ProbeStoredRequest, ProbeStoredResult } from '../../ports/grant-runner.ts'
import { effectiveSetup } from '../oauth-applications/oauth-application.ts'
import { failureBecause } from './failure.ts'
import { forbiddenField } from './forbidden-target.ts'
import type { GrantPorts } from './grant-ports.ts'
import { isUnfit, openTokens, type TokensByName } from './sealed-tokens.ts'

/** A person waits for the answer. */
const PROBE_TIMEOUT_MS = 10_000

/** Makes the connector's harmless test call with a stored secret: accepted, refused, or unreachable. */
export async function probeStored(ports: GrantPorts, stored: ProbeStoredRequest): Promise<ProbeStoredResult> {
  const setup = findSetupOf(stored.appId, stored.setupType)
  if (setup?.test === undefined) return { kind: 'no-test' }
  // It may be gone, or not to be seen yet.
  const own = stored.secret === undefined ? {} : await ports.opened.find(stored.secret)
  if (own === undefined) return { kind: 'unreachable', message: failureBecause('setup_missing').message }
  const { values } = await effectiveSetup(ports, stored, setup.grant, own)
  const { target } = forbiddenField(ports.checkUrl, setup, values) ?? {}
  if (target !== undefined) return { kind: 'forbidden', target }
  const tokens = await tokensOf(ports, stored)
  if (tokens === undefined) return { kind: 'gone' }
  const url = testUrlOf(setup, values, tokens)
  if (url === undefined) return { kind: 'no-test' }
  const { request } = renderCredential(setup, values, tokens)
  const outcome = await ports.oauth.probe({
    tenant: stored.tenant,
    method: setup.test.method,
    url,
    headers: secretValues(request.headers),
    query: secretValues(request.query),
    refusedStatuses: setup.test.refusedStatuses,
    ...(setup.test.okMember === undefined ? {} : { okMember: setup.test.okMember }),
    timeoutMs: PROBE_TIMEOUT_MS,
  })
  return outcome.kind === 'accepted' ? outcome : { kind: outcome.kind, message: outcome.message }
}

async function tokensOf(ports: GrantPorts, stored: ProbeStoredRequest): Promise<TokensByName | undefined> {
  try {
    return stored.grant === undefined ? {} : await openTokens(ports, stored, stored.grant)
  } catch (error) {
    if (isUnfit(error)) return undefined
    throw error
  }
}

function secretValues(values: Readonly<Record<string, string>>): Record<string, SecretText> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, new SecretText(value)]))
}
