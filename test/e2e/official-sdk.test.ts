import { readFileSync } from 'node:fs'
import { Management, ManagementClient } from 'auth0'
import { type ApiTarget, newTenant, sdkConnections, sdkTransport, targetOf } from '../support/api-target.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { fetchTrusting } from '../support/private-fetch.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { managementApiSuite } from './management-api-suite.ts'

const HOUR_MS = 3_600_000

managementApiSuite('the embedded vault, by the official client', async () =>
  targetOf(await startRunningVault()),
)

describe('the official client with a client id and secret', () => {
  let vault: RunningVault
  beforeAll(async () => {
    vault = await startRunningVault()
  })
  afterAll(() => vault.stop())

  test.each(['plain', 'TLS'])('gets its own token and manages connections, over %s', async (kind) => {
    const secure = fetchTrusting(readFileSync(vault.caPath, 'utf8'))
    const overTls = { ...targetOf(vault), baseUrl: vault.tlsUrl, fetch: secure.fetch }
    const target = kind === 'TLS' ? overTls : targetOf(vault)
    const { clientId, clientSecret } = vault.client({ tenant: newTenant() })
    const client = new ManagementClient({ ...sdkTransport(target), clientId, clientSecret, maxRetries: 0 })
    const { connections } = client.flows.vault
    const created = await connections.create({ name: kind, app_id: 'HTTP' })
    expect((await connections.list()).data).toMatchObject([{ id: created.id, name: kind }])
    await connections.delete(created.id)
    expect((await connections.list()).data).toEqual([])
    secure.close()
  })

  test('is told by its error when the secret is wrong', async () => {
    const { clientId } = vault.client({ tenant: newTenant() })
    const wrong = { clientId, clientSecret: 'not-the-secret', maxRetries: 0 }
    const client = new ManagementClient({ ...sdkTransport(targetOf(vault)), ...wrong })
    await expect(client.flows.vault.connections.list()).rejects.toMatchObject({ statusCode: 401 })
  })
})

describe('the official client as time passes', () => {
  test('is refused an expired token with the text that tells it so', async () => {
    const clock = new ManualClock()
    const vault = await startRunningVault({ clock })
    const connections = sdkConnections(targetOf(vault), await vault.token({ tenant: 'acme' }))
    await clock.advance(HOUR_MS - 61_000)
    expect((await connections.list()).data).toEqual([])
    await clock.advance(122_000)
    await expect(connections.list()).rejects.toMatchObject({
      name: 'UnauthorizedError',
      body: {
        statusCode: 401,
        error: 'Unauthorized',
        message: 'Expired token received for JSON Web Token validation',
      },
    })
    await vault.stop()
  })

  test('meets the rate limit of its tenant as a TooManyRequestsError, and gets through by waiting', async () => {
    const clock = new ManualClock()
    const vault = await startRunningVault({ clock, env: { FLOW_VAULT_RATE_LIMIT: '2' } })
    const target = targetOf(vault)
    const token = await vault.token({ tenant: 'acme' })
    const impatient = sdkConnections(target, token)
    await impatient.list()
    await impatient.list()
    const refused = await impatient.list().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Management.TooManyRequestsError)
    expect(refused).toMatchObject({
      body: {
        statusCode: 429,
        error: 'Too Many Requests',
        message: 'Global limit has been reached',
        errorCode: 'too_many_requests',
      },
    })
    const { headers } = (refused as Management.TooManyRequestsError).rawResponse!
    expect(headers.get('retry-after')).toBe('1')
    expect(headers.get('x-ratelimit-limit')).toBe('2')
    expect(headers.get('x-ratelimit-remaining')).toBe('0')
    expect(headers.get('x-ratelimit-reset')).toBe(String(clock.nowMs() / 1000 + 1))
    const otherTenant = sdkConnections(target, await vault.token({ tenant: 'globex' }))
    expect((await otherTenant.list()).data).toEqual([])

    // The vault's clock only goes on when it has asked for patience, so only a client that waits gets through.
    const patient = new ManagementClient({ ...sdkTransport(advancedBy(target, clock)), token })
    expect((await patient.flows.vault.connections.list()).data).toEqual([])
    await vault.stop()
  })
})

function advancedBy(target: ApiTarget, clock: ManualClock): ApiTarget {
  return {
    ...target,
    fetch: async (url, init) => {
      const answer = await target.fetch(url, init)
      if (answer.status === 429) await clock.advance(Number(answer.headers.get('retry-after')) * 1000)
      return answer
    },
  }
}
