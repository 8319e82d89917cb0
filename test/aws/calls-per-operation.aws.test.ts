import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { KmsDigester } from '../../shared/adapters/kms/kms-digester.ts'
import { SecretsManagerStore } from '../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { LogFields } from '../../shared/ports/log.ts'
import { SingleFlight } from '../../shared/ports/single-flight.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import type { FirstGrantPorts } from '../../shared/use-cases/connections/first-grant.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { type FetchPorts, fetchCredential } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import { OPERATIONS, operationTable } from '../../tools/capacity/operation-cost.ts'
import { createTable } from '../support/create-table.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'

const TENANT = 'calls'
const SETUP = { type: 'BEARER', token: 'counted-bearer-token' }

const calls: string[] = []
const counted: { operation: string; calls: readonly string[] }[] = []
let ports: FetchPorts & FirstGrantPorts
let close: () => void

beforeAll(async () => {
  const config = emulatorClientConfig('moto')
  const dynamo = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...config })
  const secretsManager = new SecretsManagerClient(config)
  const kms = new KMSClient(config)
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
  )
  const [tableName, eventsTableName] = ['calls-per-operation', 'calls-per-operation-events']
  for (const name of [tableName, eventsTableName]) await createTable(dynamo, name)
  for (const client of [dynamo, secretsManager, kms]) record(client)
  const clock = new SystemClock()
  const random = new SystemRandom()
  const items = new DynamoItemStore({ client: dynamo, tableName, eventsTableName, clock, random })
  const writeBudget = new WriteBudget({ clock, maxInstances: 1 })
  const secrets = new SecretsManagerStore({ client: secretsManager, writeBudget, deployment: 'calls' })
  ports = {
    items,
    secrets,
    digester: new KmsDigester({ client: kms, keyId: KeyMetadata!.KeyId! }),
    clock,
    random,
    log: silentLog(),
    // A static credential has nothing to ask a provider: a call to this would fail the test.
    grants: {} as GrantRunner,
    checkUrl: () => undefined,
    opened: new OpenedSecrets(secrets, { open: () => Promise.reject(new Error('nothing is minted')) }),
    freezes: new FreezeWatch(items, clock),
    flights: new SingleFlight(),
  }
  close = () => {
    for (const client of [dynamo, secretsManager, kms]) client.destroy()
  }
})

afterAll(() => {
  printCounts()
  close()
})

describe('the AWS calls of', () => {
  let id: string

  it('a create with a setup: intent, secret, commit', async () => {
    const made = await counting('create', () =>
      createConnection(ports, {
        tenant: TENANT,
        clientId: 'c',
        name: 'counted',
        appId: 'HTTP',
        setup: SETUP,
      }),
    )
    id = made.row.id
    expect(countsOf('create')).toEqual({ GenerateMac: 1, PutItem: 1, CreateSecret: 1, TransactWriteItems: 1 })
  })

  it('a create without a setup: one transaction', async () => {
    await counting('create, empty', () =>
      createConnection(ports, { tenant: TENANT, clientId: 'c', name: 'empty', appId: 'HTTP' }),
    )
    expect(countsOf('create, empty')).toEqual({ TransactWriteItems: 1 })
  })

  it('a first fetch: the row, the freezes, the value, and the hour noted', async () => {
    await counting('fetch, cold', fetched)
    expect(countsOf('fetch, cold')).toEqual({ GetItem: 1, Query: 1, UpdateItem: 1, GetSecretValue: 1 })
  })

  it('a warm fetch: one DynamoDB read and no Secrets Manager call', async () => {
    await fetched()
    await counting('fetch, warm', fetched)
    expect(countsOf('fetch, warm')).toEqual({ GetItem: 1 })
  })

  it('a rename: no secret is touched', async () => {
    await counting('update, name', () => updateConnection(ports, { tenant: TENANT, id, name: 'renamed' }))
    expect(countsOf('update, name')).toEqual({ GetItem: 1, TransactWriteItems: 1 })
  })

  it('the same setup again: nothing is written', async () => {
    await counting('update, same setup', () => updateConnection(ports, { tenant: TENANT, id, setup: SETUP }))
    expect(countsOf('update, same setup')).toEqual({ GetItem: 1, GenerateMac: 1 })
  })

  it('a new setup: intent, version, commit', async () => {
    const setup = { ...SETUP, token: 'another-counted-token' }
    await counting('update, new setup', () => updateConnection(ports, { tenant: TENANT, id, setup }))
    expect(countsOf('update, new setup')).toMatchObject({ GenerateMac: 1, PutSecretValue: 1 })
    expect(countsOf('update, new setup')['GetSecretValue']).toBeUndefined()
  })

  it('a delete: never reads a value', async () => {
    await counting('delete', () => deleteConnection(ports, { tenant: TENANT, id, purge: false }))
    expect(countsOf('delete')).toMatchObject({ DeleteSecret: 1 })
    expect(countsOf('delete')['GetSecretValue']).toBeUndefined()
  })

  it('are what the cost of an operation is reckoned with', () => {
    const reckoned = OPERATIONS.filter(({ byHttp }) => byHttp)
    for (const { name, calls: asked } of reckoned) expect([name, countsOf(name)]).toEqual([name, asked])
  })

  const fetched = () => fetchCredential(ports, { tenant: TENANT, id, minTtlSeconds: 60 })
})

function record(client: DynamoDBClient | SecretsManagerClient | KMSClient): void {
  const stack = client.middlewareStack as DynamoDBClient['middlewareStack']
  stack.add(
    (next, context) => (args) => {
      calls.push(String(context.commandName).replace(/Command$/, ''))
      return next(args)
    },
    { step: 'initialize', name: 'count-calls' },
  )
}

async function counting<T>(operation: string, act: () => Promise<T>): Promise<T> {
  calls.length = 0
  const result = await act()
  counted.push({ operation, calls: [...calls] })
  return result
}

function countsOf(operation: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const call of counted.find((entry) => entry.operation === operation)!.calls) {
    counts[call] = (counts[call] ?? 0) + 1
  }
  return counts
}

function printCounts(): void {
  const lines = counted.map(({ operation }) => {
    const counts = Object.entries(countsOf(operation)).map(([name, count]) => `${count} ${name}`)
    return `${operation.padEnd(20)} ${counts.join(', ')}`
  })
  process.stdout.write(`\nAWS calls per operation\n${lines.join('\n')}\n\n${operationTable()}\n`)
}

function silentLog() {
  const ignore = (_message: string, _fields?: LogFields) => undefined
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: ignore,
    access: (_fields: LogFields) => undefined,
  }
}
