import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { SecretsManagerStore } from '../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { LOCAL_DEPLOYMENT, secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { SecretDescription } from '../../shared/ports/secret-store.ts'
import { freshSecretId, secretStoreContract } from '../contract/secret-store.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'

const client = new SecretsManagerClient({ ...emulatorClientConfig('moto'), maxAttempts: 1 })
const calls: string[] = []
client.middlewareStack.add(
  (next, context) => (args) => {
    calls.push(String(context.commandName))
    return next(args)
  },
  { step: 'initialize', name: 'record-calls' },
)

afterAll(() => client.destroy())

function storeOf(deployment: string, kmsKeyId?: string): SecretsManagerStore {
  const writeBudget = new WriteBudget({ clock: new SystemClock(), maxInstances: 1, maxWaitMs: 60_000 })
  return new SecretsManagerStore({
    client,
    writeBudget,
    deployment,
    ...(kmsKeyId === undefined ? {} : { kmsKeyOf: async () => kmsKeyId }),
  })
}

// moto 5.2.5 stores a version in a secret that is marked deleted; AWS answers InvalidRequestException (API
// reference of PutSecretValue). The unit suite plays AWS's answer instead.
secretStoreContract('SecretsManagerStore on moto', async () => ({ secrets: storeOf(LOCAL_DEPLOYMENT) }), [
  'takes-versions-while-waiting-for-deletion',
])

describe('SecretsManagerStore', () => {
  const store = storeOf('calls', 'alias/flow-vault')

  beforeEach(() => {
    calls.length = 0
  })

  it('makes one call for a first version it is told of, and one for a later version', async () => {
    const secretId = freshSecretId()
    await store.stage(secretId, randomUUID(), new SecretText('one'), { isNew: true })
    await store.stage(secretId, randomUUID(), new SecretText('two'))
    expect(calls).toEqual(['CreateSecretCommand', 'PutSecretValueCommand'])
  })

  it('reads a version by one call that names no staging label', async () => {
    const secretId = freshSecretId()
    const { versionId } = await store.stage(secretId, randomUUID(), new SecretText('one'), { isNew: true })
    await store.stage(secretId, randomUUID(), new SecretText('two'))
    calls.length = 0
    expect((await store.get(secretId, versionId)).reveal()).toBe('one')
    expect(calls).toEqual(['GetSecretValueCommand'])
  })

  it('calls a version by its request token', async () => {
    const [secretId, token] = [freshSecretId(), randomUUID()]
    expect(await store.stage(secretId, token, new SecretText('one'))).toMatchObject({ versionId: token })
    const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: secretId }))
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([token])
  })

  it('creates secrets under its key and tags whose they are', async () => {
    const secretId = freshSecretId('tenant-7')
    await store.stage(secretId, randomUUID(), new SecretText('one'))
    const described = await client.send(new DescribeSecretCommand({ SecretId: secretId }))
    expect(described.KmsKeyId).toBe('alias/flow-vault')
    expect(described.Tags).toEqual([
      { Key: 'flow-vault:managed', Value: 'true' },
      { Key: 'flow-vault:deployment', Value: 'calls' },
      { Key: 'flow-vault:tenant', Value: 'tenant-7' },
    ])
  })

  it('leaves a secret restorable for seven days', async () => {
    const secretId = freshSecretId()
    await store.stage(secretId, randomUUID(), new SecretText('one'))
    const beforeMs = Date.now()
    await store.scheduleDeletion(secretId)
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: secretId }))
    // moto, like DescribeSecret on AWS, says when the window ends.
    expect(Math.round((DeletedDate!.getTime() - beforeMs) / 86_400_000)).toBe(7)
  })

  it('lists only secrets of its own deployment that carry its tags and its kind of name', async () => {
    const [deployment, other] = [freshDeployment(), freshDeployment()]
    const tagsOf = (owner: string) => [
      { Key: 'flow-vault:managed', Value: 'true' },
      { Key: 'flow-vault:deployment', Value: owner },
    ]
    const [mine, theirs] = [nameOf(deployment), nameOf(other)]
    await storeOf(deployment).stage(mine, randomUUID(), new SecretText('one'))
    await storeOf(other).stage(theirs, randomUUID(), new SecretText('one'))
    for (const [name, Tags] of [
      [nameOf(deployment), []],
      [nameOf(deployment), tagsOf(other)],
      [nameOf(other), tagsOf(deployment)],
      [`flow-vault/${deployment}/not-a-secret-id`, tagsOf(deployment)],
      [`else/${nameOf(deployment)}`, tagsOf(deployment)],
    ] as const) {
      await client.send(new CreateSecretCommand({ Name: name, SecretString: 'x', Tags: [...Tags] }))
    }
    expect((await listAll(storeOf(deployment))).map(({ secretId }) => secretId)).toEqual([mine])
    expect((await listAll(storeOf(other))).map(({ secretId }) => secretId)).toEqual([theirs])
  })
})

const freshDeployment = () => randomUUID().replaceAll('-', '')
const nameOf = (deployment: string) =>
  secretIdOf({ deployment, kind: 's', tenant: 't', ownerId: `o-${randomUUID()}`, generation: 1 })

async function listAll(store: SecretsManagerStore): Promise<SecretDescription[]> {
  const all: SecretDescription[] = []
  let nextToken: string | undefined
  do {
    const page = await store.list(nextToken === undefined ? { limit: 1000 } : { limit: 1000, nextToken })
    all.push(...page.items)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return all
}
