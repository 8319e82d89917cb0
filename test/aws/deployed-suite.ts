import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import { runAgainstAccount } from '../../tools/aws/account-run.ts'
import { feedSuite } from '../e2e/feed-suite.ts'
import { grantsSuite } from '../e2e/grants-suite.ts'
import { managementApiSuite } from '../e2e/management-api-suite.ts'
import { subscriptionsSuite } from '../e2e/subscriptions-suite.ts'
import { call, newTenant } from '../support/api-target.ts'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { type CallReport, reportCalls } from '../support/call-report.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import type { RecordingProxy } from '../support/recording-proxy.ts'
import type { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { burstSuite } from './burst-suite.ts'
import { busConsumerSuite } from './bus-consumer-suite.ts'
import type { DeployedVault } from './deploy.ts'
import { deployedKeys } from './deployed-keys.ts'
import { deployedPermissions } from './deployed-permissions.ts'
import { keyedTenantSuite } from './keyed-tenant-suite.ts'
import { openingSuite } from './opening-suite.ts'
import { wokenSuite } from './woken-suite.ts'

/** From the stream over the queue to the receiver: MiniStack looks at each about once a second. */
const TOLD_WITHIN_MS = 30_000
const STRIPE_KEY = 'sk_test_deployed_0123456789'
const STRIPE = {
  name: 'Stripe',
  app_id: 'STRIPE',
  setup: { type: 'KEY_PAIR', private_key: STRIPE_KEY, public_key: 'pk_test_0123456789' },
}
const ministack = () => emulatorClientConfig('ministack')

/** A deployed vault with all that stands beside it. */
export interface DeployedPlace extends DeployedVault {
  readonly secretStore: 'secrets-manager' | 'sealed'
  readonly tableName: string
  readonly deploymentId: string
  readonly provider: AuthorizationServer
  readonly receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
  /** Of one subscription alone, from before an upgrade to the end. */
  readonly upgradeReceiver: Awaited<ReturnType<typeof startWebhookReceiver>>
  readonly calls: RecordingProxy
  /** The tenant with a key of its own; it does not outlive the suite. */
  readonly keyedTenant: string
}

/**
 * Everything that an end-to-end suite asks of a deployed vault, for one that was just deployed and for one that was
 * upgraded in place.
 */
export function deployedSuite(secretStore: DeployedPlace['secretStore'], place: () => DeployedPlace): void {
  callsSuite(place)

  grantsSuite('beside an authorization server', place)

  wokenSuite(place)

  feedSuite(() => ({ ...place(), soonMs: TOLD_WITHIN_MS }))

  subscriptionsSuite(() => ({ ...place(), soonMs: TOLD_WITHIN_MS }))

  keyedTenantSuite(place)

  if (secretStore === 'sealed') {
    busConsumerSuite(() => ({ ...place(), soonMs: TOLD_WITHIN_MS, ministackUrl: ministack().endpoint }))
  }

  if (secretStore === 'secrets-manager') {
    // With the store whose quota all instances share.
    burstSuite(place)

    managementApiSuite('by the official client', async () => ({ ...place(), close: async () => undefined }))
  }

  openingSuite(place)

  // The last, so that it judges what all the others had the functions do.
  it('makes no call that the role of its function does not allow', async () => {
    const { stage, calls } = place()
    const names = FUNCTION_TABLE.map(({ name }) => functionNameOf(stage, name))
    const permissions = names.map(async (name) => [name, await deployedPermissions(name)] as const)
    const roles = new Map(await Promise.all(permissions))
    const report = reportCalls(calls.take(), roles, await deployedKeys())
    await writeReport(`${stage}-calls`, report)
    const callers = new Set(report.made.map((line) => line.split(' ')[0]))
    expect([...callers].sort()).toEqual([...names].sort())
    expect(report.notAllowed).toEqual([])
  })
}

function callsSuite(place: () => DeployedPlace): void {
  describe('by its calls', () => {
    let vault: DeployedPlace
    let token: string
    let tenant: string
    beforeEach(async () => {
      vault = place()
      tenant = newTenant()
      token = await vault.token(tenant)
    })

    const send = (method: string, path: string, body?: unknown) => call(vault, token, { method, path, body })
    const create = async (body: unknown): Promise<string> => {
      const created = await send('POST', '/connections', body)
      expect(created).toMatchObject({ status: 201 })
      return (created.body as { id: string }).id
    }

    it('answers that it is ready', async () => {
      const answer = await vault.fetch(`${vault.baseUrl}/readyz`)
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }])
    })

    it('creates, lists, updates, hands out and deletes a connection', async () => {
      const id = await create(STRIPE)
      expect(await send('GET', '/connections')).toMatchObject({
        status: 200,
        body: [{ id, name: 'Stripe', ready: true }],
      })
      const fetched = await send('GET', `/connections/${id}/credentials`)
      expect(fetched).toMatchObject({
        status: 200,
        body: { connection_id: id, credential_version: 1, fields: { private_key: STRIPE_KEY } },
      })
      const setup = { ...STRIPE.setup, private_key: 'sk_test_another_0123456789' }
      expect(await send('PATCH', `/connections/${id}`, { name: 'Renamed', setup })).toMatchObject({
        status: 200,
        body: { name: 'Renamed' },
      })
      expect(await send('GET', `/connections/${id}/credentials`)).toMatchObject({
        body: { credential_version: 2, fields: { private_key: setup.private_key } },
      })
      expect(await send('DELETE', `/connections/${id}`)).toMatchObject({ status: 204 })
      expect(await send('GET', `/connections/${id}`)).toMatchObject({ status: 404 })
      expect(await send('GET', `/connections/${id}/credentials`)).toMatchObject({ status: 404 })
    })

    it('finds the services that have a name, in what is put beside the code', async () => {
      const { body } = await send('GET', '/connectors/HTTP/presets?q=openai')
      expect(body).toContainEqual(expect.objectContaining({ provider: 'openai' }))
      const setup = { provider: 'openai', token: 'sk-0123456789' }
      const id = await create({ name: 'openai', app_id: 'HTTP', setup })
      expect(await send('GET', `/connections/${id}/credentials`)).toMatchObject({
        status: 200,
        body: { request: { base_url: 'https://api.openai.com/v1' } },
      })
    })

    it('stands what an account is asked from outside, and has nothing left of it', async () => {
      const token = await vault.token(newTenant())
      const target = {
        url: vault.baseUrl,
        token,
        fetch: vault.fetch,
        runId: 'emulator',
        say: () => undefined,
      }
      const results = await runAgainstAccount(target)
      expect(results.filter(({ fault }) => fault !== undefined)).toEqual([])
    })

    it('keeps the plaintext out of the table', async () => {
      await create(STRIPE)
      const client = new DynamoDBClient(ministack())
      const { Items = [] } = await client.send(new ScanCommand({ TableName: vault.tableName }))
      expect(Items.length).toBeGreaterThan(0)
      const text = JSON.stringify(Items)
      for (const secret of [STRIPE_KEY, Buffer.from(STRIPE_KEY).toString('base64')])
        expect(text).not.toContain(secret)
      // Which store that is was written with the first secret, and no other may take its place.
      expect(Items.filter(({ pk }) => pk?.S === 'VAULT')).toMatchObject([{ kind: { S: vault.secretStore } }])
    })

    it('answers without a token, or with a foreign one, as it does everywhere', async () => {
      const path = `${vault.baseUrl}/api/v2/flows/vault/connections`
      const without = await vault.fetch(path)
      expect([without.status, await without.json()]).toMatchObject([
        401,
        { message: 'Missing authentication' },
      ])
      const junk = await vault.fetch(path, { headers: { authorization: 'Bearer junk' } })
      expect(junk.status).toBe(401)
      const reader = await vault.token(tenant, ['read:flows_vault_connections'])
      expect(await call(vault, reader, { method: 'POST', path: '/connections', body: STRIPE })).toMatchObject(
        {
          status: 403,
          body: { errorCode: 'insufficient_scope' },
        },
      )
    })

    it('answers a path that no route has in its own words', async () => {
      const answer = await vault.fetch(`${vault.baseUrl}/nowhere`)
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { statusCode: 404, error: 'Not Found', message: 'Not Found' },
      ])
    })

    it('passes token requests on to the issuer', async () => {
      const answer = await vault.fetch(`${vault.baseUrl}/oauth/token`, { method: 'POST', body: '{}' })
      expect([answer.status, await answer.json()]).toMatchObject([200, { access_token: 'from-the-issuer' }])
    })

    it('names and tags its secrets so that nobody takes them for another’s', async () => {
      const { secretStore, deploymentId } = vault
      const id = await create(STRIPE)
      const SecretId = `flow-vault/${deploymentId}/s/${tenant}/${id}/g1`
      const client = new SecretsManagerClient(ministack())
      const found = await client.send(new DescribeSecretCommand({ SecretId })).catch(() => undefined)
      expect(found?.Tags).toEqual(
        secretStore === 'sealed'
          ? undefined
          : expect.arrayContaining([{ Key: 'flow-vault:deployment', Value: deploymentId }]),
      )
    })
  })
}

/** Keeps the report for people, and shows what the roles have in excess. */
async function writeReport(
  name: string,
  { made, notAllowed, unused, usedByOthers }: CallReport,
): Promise<void> {
  const parts = Object.entries({
    made,
    'not allowed': notAllowed,
    'allowed and not used': unused,
    'allowed for others': usedByOthers,
  })
  const text = parts.map(([title, lines]) => [`${title}:`, ...lines].join('\n  ')).join('\n\n')
  const file = path.join('.cache', `aws-${name}.txt`)
  await writeFile(file, `${text}\n`)
  process.stderr.write(`${['', `${file}, allowed and not used:`, ...unused].join('\n  ')}\n`)
}
