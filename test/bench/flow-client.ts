import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets'
import secretsManager from '@middy/secrets-manager'
import { createFlowVault } from '../../shared/flow-client/client.ts'
import { printTable } from './table.ts'

const SECONDS = 2
const HELD = 10_000

/** A cached credential beside the caches people know, warm, in the same run; and what 10,000 credentials weigh. */
export async function benchFlowClient(): Promise<void> {
  const vault = createFlowVault({
    url: 'https://vault.invalid',
    getToken: async () => 'token',
    fetch: answerAtOnce,
  })
  await vault.credentials('ac_1')
  const secretsClient = { send: async () => ({ SecretString: 'secret' }) }
  const middleware = secretsManager({
    AwsClient: class {
      send = secretsClient.send
    } as never,
    fetchData: { secret: 'name' },
    cacheExpiry: 60_000,
    setToContext: true,
  })
  const request = { event: {}, context: {}, internal: {}, response: undefined, error: null }
  await middleware.before!(request as never)
  const provider = new SecretsProvider({ awsSdkV3Client: doubleOfSdkClient() })
  await provider.get('name', { maxAge: 60 })
  printTable('a cached credential, warm', [
    {
      what: 'vault.credentials(), compared every 5 s',
      value: perSecond(await callsPerSecond(() => vault.credentials('ac_1'))),
      aim: '1,000,000/s',
    },
    {
      what: '@middy/secrets-manager 6.4.5',
      value: perSecond(await callsPerSecond(() => middleware.before!(request as never))),
    },
    {
      what: '@aws-lambda-powertools/parameters 2.35.0',
      value: perSecond(await callsPerSecond(() => provider.get('name', { maxAge: 60 }))),
    },
  ])
  await printMemory()
}

/** The least that the provider takes for a client of the SDK. */
function doubleOfSdkClient(): never {
  return {
    send: async () => ({ SecretString: 'secret' }),
    config: {},
    middlewareStack: { identify: () => [], addRelativeTo: () => {} },
  } as never
}

function perSecond(calls: number): string {
  return `${Math.round(calls).toLocaleString('en')}/s`
}

async function callsPerSecond(call: () => unknown): Promise<number> {
  const endsAt = performance.now() + SECONDS * 1000
  const startedAt = performance.now()
  let calls = 0
  while (performance.now() < endsAt) {
    for (let turn = 0; turn < 1000; turn += 1) await call()
    calls += 1000
  }
  return (calls / (performance.now() - startedAt)) * 1000
}

async function printMemory(): Promise<void> {
  const vault = createFlowVault({
    url: 'https://vault.invalid',
    getToken: async () => 'token',
    fetch: answerAtOnce,
    maxCacheBytes: 1e9,
  })
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < HELD; index += 1) await vault.credentials(`ac_${index}`)
  globalThis.gc?.()
  const bytes = process.memoryUsage().heapUsed - before
  printTable(`memory of a client that holds ${HELD.toLocaleString('en')} credentials`, [
    { what: 'in all', value: `${(bytes / 1e6).toFixed(1)} MB` },
    { what: 'each', value: `${Math.round(bytes / HELD).toLocaleString('en')} bytes` },
  ])
}

const answerAtOnce: typeof fetch = async (input) => {
  const id = /connections\/([^/]+)/.exec(String(input))?.[1]
  return Response.json({
    connection_id: id,
    app_id: 'HTTP',
    credential_version: 1,
    expires_at: null,
    usable_for_seconds: null,
    request: { headers: { Authorization: `Bearer ${'x'.repeat(40)}` }, query: {} },
    fields: { token: 'x'.repeat(40) },
  })
}
