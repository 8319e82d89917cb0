import { randomUUID } from 'node:crypto'
import { DynamoDBClient, RestoreTableToPointInTimeCommand } from '@aws-sdk/client-dynamodb'
import { DescribeRuleCommand, EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge'
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  type DescribeKeyCommand,
  EnableKeyCommand,
} from '@aws-sdk/client-kms'
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { tenantAliases } from '../../shared/adapters/kms/key-names.ts'
import { KmsKeyWrapper } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SecretsManagerStore } from '../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import { KeyUnavailableError, type KeyWrapper } from '../../shared/ports/key-wrapper.ts'
import {
  keysOfOtherSecrets,
  keysOfOthers,
  keysToDelete,
  stopWatching,
  UNDER_IT_TOO,
} from '../../tools/aws/keys-to-delete.ts'
import { countByKey, moveSecrets, moveTenant } from '../../tools/aws/move-tenant-key.ts'
import { findTenants, removeFound } from '../../tools/aws/remove-tenant.ts'
import { findKey, noteWhole, scheduleDeletion } from '../../tools/aws/tenant-key.ts'
import { createTable } from '../support/create-table.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { kmsByKeyState } from '../support/kms-by-key-state.ts'

const DAY_MS = 24 * 3600_000
const config = { ...emulatorClientConfig('moto'), maxAttempts: 1 }
const [clock, random] = [new SystemClock(), new SystemRandom()]
let nowMs = 0
const kms = kmsByKeyState(config, () => nowMs)
const dynamo = new DynamoDBClient({ ...config, ...DYNAMO_CLIENT_SETTINGS })
const silent = () => undefined
let stages = 0

beforeEach(() => {
  nowMs = clock.nowMs()
})
afterAll(() => {
  kms.destroy()
  dynamo.destroy()
})

/** A key with the tags and the alias that the data stack gives it. Of one Region: moto opens nothing under another. */
async function keyOf(stage: string, tenant: string): Promise<string> {
  const Tags = Object.entries({ stage, tenant, deployment: `id-${stage}` }).map(([name, TagValue]) => ({
    TagKey: `flow-vault:${name}`,
    TagValue,
  }))
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags }))
  const AliasName = `alias/flow-vault-${stage}/${tenant}`
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyMetadata!.Arn! }))
  return KeyMetadata!.Arn!
}

const configOf = (stage: string, shared: string) => ({
  deployment: stage,
  deploymentId: `id-${stage}`,
  wrappingKeyArn: shared,
  tenantKeys: ['acme', 'globex'],
})

/** A table, the shared key, and a way to see them as functions do that know these tenants' keys. */
async function newStage() {
  stages += 1
  const stage = `keys${stages}`
  await createTable(dynamo, stage)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const shared = KeyMetadata!.Arn!
  const keysFor = (tenantKeys: readonly string[]) =>
    new KmsKeyWrapper({
      client: kms,
      clock,
      keyArn: shared,
      tenantAliases: tenantAliases({ deployment: stage, tenantKeys }),
    })
  // Events stand beside the rows here: what is sealed is in neither of the partitions that they fill.
  const tableNamed = (tableName: string) =>
    new DynamoItemStore({ client: dynamo, tableName, eventsTableName: tableName, clock, random })
  return { stage, shared, keysFor, tableNamed, items: tableNamed(stage) }
}

const VERSION = '11111111-2222-4333-8444-555555555555'
const grantOf = (tenant: string, part: 'access' | 'refresh') => ({
  tenant,
  ownerId: 'ac_1',
  part,
  mark: 'm1',
})
const setupOf = (tenant: string) =>
  secretIdOf({ deployment: 'd1', kind: 's', tenant, ownerId: 'ac_1', generation: 1 })

/** An access token, a refresh token and a setup of the tenant, sealed as the functions seal them. */
async function seal(items: ItemStore, keys: KeyWrapper, tenant: string): Promise<void> {
  const grants = new SealedGrants({ items, keys, random })
  for (const part of ['access', 'refresh'] as const) {
    const toWrite = await grants.prepare(grantOf(tenant, part))
    await items.transact([toWrite(new SecretText(`${part} of ${tenant}`))])
  }
  const secrets = new SealedSecretStore({ deployment: 'd1', items, keys, clock, random })
  const { writes } = await secrets.stage(setupOf(tenant), VERSION, new SecretText('setup'), { isNew: true })
  await items.transact([...writes])
}

/** What opens of the tenant: `3`, or why nothing does. */
async function opened(items: ItemStore, keys: KeyWrapper, tenant: string): Promise<number | string> {
  const grants = new SealedGrants({ items, keys, random })
  const secrets = new SealedSecretStore({ deployment: 'd1', items, keys, clock, random })
  const opening = [
    () => grants.open(grantOf(tenant, 'access')),
    () => grants.open(grantOf(tenant, 'refresh')),
    () => secrets.get(setupOf(tenant), VERSION),
  ]
  let count = 0
  const reasons = new Set<string>()
  for (const open of opening) {
    await open().then(
      () => (count += 1),
      (error: unknown) =>
        reasons.add(
          error instanceof KeyUnavailableError ? /: (\w+)/.exec(error.message)![1]! : String(error),
        ),
    )
  }
  return count === 0 ? [...reasons].join() : count
}

describe('a tenant with a key of its own', () => {
  it('is moved to it while others stay, and the move says when the last item is moved', async () => {
    const { stage, shared, keysFor, items } = await newStage()
    for (const tenant of ['acme', 'acme2']) await seal(items, keysFor([]), tenant)
    const own = await keyOf(stage, 'acme')
    const keys = keysFor(['acme'])
    expect(await countByKey(items, 'acme', own)).toEqual({
      current: 0,
      other: 3,
      otherKeys: [shared],
      keyIdsOfOthers: [shared],
    })
    const lines: string[] = []
    const ticking = { nowMs: () => lines.length }
    expect(
      await moveTenant({ items, keys, clock: ticking }, { tenant: 'acme', keyArn: own }, (line) =>
        lines.push(line),
      ),
    ).toEqual({
      moved: 3,
      // It is whole since the end of the last pass, and no sooner.
      wholeAtMs: 2,
      failed: 0,
    })
    expect(lines).toEqual(['pass 1: 3 moved, 0 there already', 'pass 2: 0 moved, 3 there already'])
    expect(await countByKey(items, 'acme', own)).toEqual({
      current: 3,
      other: 0,
      otherKeys: [],
      keyIdsOfOthers: [shared],
    })
    expect(await countByKey(items, 'acme2', shared)).toMatchObject({ current: 3, other: 0 })
    // Functions that know nothing of the key yet open it as well.
    for (const tenant of ['acme', 'acme2']) expect(await opened(items, keysFor([]), tenant)).toBe(3)
    // It leaves the stage file: what is sealed goes back, item by item, and opens all the while.
    expect(
      await moveTenant({ items, keys: keysFor([]), clock }, { tenant: 'acme', keyArn: shared }, silent),
    ).toMatchObject({ moved: 3 })
    expect(await countByKey(items, 'acme', shared)).toMatchObject({ current: 3, other: 0 })
  })

  it('goes on where a move was stopped, and tells of items whose key does not open', async () => {
    const { stage, keysFor, items } = await newStage()
    await seal(items, keysFor([]), 'acme')
    const to = { tenant: 'acme', keyArn: await keyOf(stage, 'acme') }
    const keys = keysFor(['acme'])
    let left = 1
    const stopping: KeyWrapper = {
      generateDataKey: (context) => keys.generateDataKey(context),
      unwrap: (key, context) => keys.unwrap(key, context),
      rewrap: async (key, context) => {
        if (left-- === 0) throw new Error('killed')
        return keys.rewrap(key, context)
      },
    }
    await expect(moveTenant({ items, keys: stopping, clock }, to, silent)).rejects.toThrow('killed')
    expect(await moveTenant({ items, keys, clock }, to, silent)).toMatchObject({
      moved: 2,
      wholeAtMs: expect.any(Number),
    })
    const away: KeyWrapper = {
      ...stopping,
      rewrap: async () => Promise.reject(new KeyUnavailableError('away')),
    }
    expect(await moveTenant({ items, keys: away, clock }, to, silent)).toEqual({
      moved: 0,
      failed: 3,
    })
  })

  it('is unreadable in every copy from the day on which its key is deleted, and others are not', async () => {
    const { stage, shared, keysFor, tableNamed, items } = await newStage()
    const own = await keyOf(stage, 'acme')
    const keys = keysFor(['acme'])
    for (const tenant of ['acme', 'globex']) await seal(items, keys, tenant)
    await noteWhole(kms, own, nowMs)
    const restored = `${stage}-restored`
    await dynamo.send(
      new RestoreTableToPointInTimeCommand({
        SourceTableName: stage,
        TargetTableName: restored,
        UseLatestRestorableTime: true,
      }),
    )
    const copy = tableNamed(restored)
    const secrets = new SealedSecretStore({ deployment: 'd1', items, keys, clock, random })
    const counts = await findTenants({ items, secrets }, new Set(['acme']))
    await removeFound({ items, secrets }, counts, {})
    expect(counts.keyIdsOfOthers).toEqual([shared])
    const asked = { config: configOf(stage, shared), tenant: 'acme', ...counts }
    const { mine, stays } = await keysToDelete(kms, asked)
    expect(mine).toMatchObject([{ arn: own, wrapsAllSince: new Date(nowMs).toISOString() }])
    expect(stays).toEqual([])
    expect(await opened(copy, keys, 'acme')).toBe(3)

    const goneAtMs = await scheduleDeletion(() => kms, mine[0]!, { days: 7, nowMs })
    expect(Math.abs(goneAtMs - (nowMs + 7 * DAY_MS))).toBeLessThan(60_000)
    expect(await opened(copy, keys, 'acme')).toBe('KMSInvalidStateException')
    expect(await opened(copy, keys, 'globex')).toBe(3)
    // Taken back before the day, all of it is there.
    await kms.send(new CancelKeyDeletionCommand({ KeyId: own.split('/')[1] }))
    expect(await opened(copy, keys, 'acme')).toBe('DisabledException')
    await kms.send(new EnableKeyCommand({ KeyId: own.split('/')[1] }))
    expect(await opened(copy, keys, 'acme')).toBe(3)

    const again = await scheduleDeletion(() => kms, mine[0]!, { days: 30, nowMs })
    // Who repeats the removal changes no day.
    expect(await scheduleDeletion(() => kms, mine[0]!, { days: 7, nowMs })).toBe(again)
    nowMs = again + 1
    expect(await opened(copy, keys, 'acme')).toBe('NotFoundException')
    expect(await opened(copy, keysFor([]), 'acme')).toBe('NotFoundException')
    expect(await opened(copy, keys, 'globex')).toBe(3)
    expect(await opened(items, keys, 'globex')).toBe(3)
  })
})

describe('keysToDelete', () => {
  it('never takes the shared key, nor one that another stage made', async () => {
    const { stage, shared, keysFor, items } = await newStage()
    const ofOther = await keyOf(`${stage}-original`, 'acme')
    await kms.send(
      new CreateAliasCommand({ AliasName: `alias/flow-vault-${stage}/acme`, TargetKeyId: ofOther }),
    )
    await seal(items, keysFor(['acme']), 'acme')
    const config = configOf(stage, shared)
    const asked = { config, tenant: 'acme', keyIds: [shared, ofOther], keyIdsOfOthers: [] }
    const why = 'this stage has not made it for this tenant'
    expect(await keysToDelete(kms, asked)).toEqual({ mine: [], stays: [{ arn: ofOther, why }] })
    expect(await keysToDelete(kms, { ...asked, tenant: 'globex', keyIds: [shared] })).toEqual({
      mine: [],
      stays: [],
    })
  })

  it('finds the key that a tenant had before it left the stage file', async () => {
    const { stage, shared } = await newStage()
    const own = await keyOf(`${stage}`, 'acme')
    const asked = {
      config: configOf('elsewhere', shared),
      tenant: 'acme',
      keyIds: [own],
      keyIdsOfOthers: [],
    }
    expect((await keysToDelete(kms, asked)).stays).toMatchObject([{ arn: own }])
    const here = { ...asked, config: configOf(stage, shared) }
    expect((await keysToDelete(kms, here)).mine.map(({ arn }) => arn)).toEqual([own])
    expect(await findKey(kms, 'alias/flow-vault-none/acme')).toBeUndefined()
  })

  it('finds by its tags what a run before has left nothing under, and takes none that others are under', async () => {
    const { stage, shared } = await newStage()
    const own = await keyOf(stage, 'acme')
    await kms.send(new DeleteAliasCommand({ AliasName: `alias/flow-vault-${stage}/acme` }))
    const asked = { config: configOf(stage, shared), tenant: 'acme', keyIds: [], keyIdsOfOthers: [shared] }
    expect((await keysToDelete(kms, asked)).mine).toMatchObject([{ arn: own }])
    expect(await keysToDelete(kms, { ...asked, tenant: 'globex' })).toEqual({ mine: [], stays: [] })
    expect(await keysToDelete(kms, { ...asked, keyIdsOfOthers: [own] })).toEqual({
      mine: [],
      stays: [{ arn: own, why: expect.stringContaining('what other tenants have') }],
    })
  })

  it.each(['an alias', 'a secret'])('takes no key that %s of another tenant names', async (by) => {
    const { stage, shared } = await newStage()
    const own = await keyOf(stage, 'acme')
    // Adopted for another tenant by mistake, which has nothing under it yet; or given to its secret by hand.
    const AliasName = by === 'an alias' ? `alias/flow-vault-${stage}/globex` : `alias/${stage}-by-hand`
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: own }))
    const keyIdsOfOthers = by === 'an alias' ? [] : [AliasName]
    const asked = { config: configOf(stage, shared), tenant: 'acme', keyIds: [own], keyIdsOfOthers }
    expect(await keysOfOthers(kms, asked)).toEqual([own])
    expect(await keysToDelete(kms, asked)).toEqual({ mine: [], stays: [{ arn: own, why: UNDER_IT_TOO }] })
  })

  it('knows the shared key, and the one of a tenant, by what they wrapped in another Region', async () => {
    const { stage } = await newStage()
    const arn = (region: string, digit: string) => `arn:aws:kms:${region}:111122223333:key/mrk-${digit}`
    const [shared, own] = [arn('us-east-1', '0'), arn('us-east-1', '1')]
    const Tags = Object.entries({ tenant: 'acme', stage }).map(([name, TagValue]) => ({
      TagKey: `flow-vault:${name}`,
      TagValue,
    }))
    const known: Readonly<Record<string, object>> = {
      DescribeKeyCommand: { KeyMetadata: { Arn: own, KeyState: 'Enabled' } },
      ListResourceTagsCommand: { Tags },
      ListKeysCommand: { Keys: [] },
    }
    const send = async (command: { constructor: { name: string }; input: { KeyId?: string } }) => {
      const { KeyId = own } = command.input
      if (KeyId !== own) throw Object.assign(new Error('refused'), { name: 'NotFoundException' })
      return known[command.constructor.name]
    }
    const asked = {
      config: configOf(stage, shared),
      tenant: 'acme',
      keyIds: [arn('eu-west-1', '0'), arn('eu-west-1', '1')],
      keyIdsOfOthers: [],
    }
    const { mine, stays } = await keysToDelete({ send } as unknown as typeof kms, asked)
    expect(mine).toMatchObject([{ arn: own }])
    expect(stays).toEqual([])
  })

  it('takes no replica, and says where the key is that opens the same', async () => {
    const { stage, shared } = await newStage()
    const own = await keyOf(stage, 'acme')
    const primary = own.replace('us-east-1', 'eu-west-1')
    const MultiRegionConfiguration = { MultiRegionKeyType: 'REPLICA', PrimaryKey: { Arn: primary } }
    const send = async (command: DescribeKeyCommand) => {
      const answer = await kms.send(command)
      if (answer.KeyMetadata?.Arn !== own) return answer
      return { KeyMetadata: { ...answer.KeyMetadata, MultiRegionConfiguration } }
    }
    const inRegion = { send } as unknown as typeof kms
    const asked = { config: configOf(stage, shared), tenant: 'acme', keyIds: [own], keyIdsOfOthers: [] }
    const why = expect.stringContaining(`a replica of ${primary}`)
    expect(await keysToDelete(inRegion, asked)).toEqual({ mine: [], stays: [{ arn: own, why }] })
  })
})

describe('stopWatching', () => {
  const events = new EventBridgeClient(config)
  afterAll(() => events.destroy())

  it('switches off the rule over the key, and does without one', async () => {
    await events.send(new PutRuleCommand({ Name: 'over-acme', EventPattern: '{"source":["aws.kms"]}' }))
    await stopWatching(events, 'over-acme')
    const { State } = await events.send(new DescribeRuleCommand({ Name: 'over-acme' }))
    expect(State).toBe('DISABLED')
    await expect(stopWatching(events, 'over-nobody')).resolves.toBeUndefined()
  })
})

describe('secrets of a tenant with a key of its own', () => {
  const client = new SecretsManagerClient(config)
  afterAll(() => client.destroy())
  const keyOfSecret = async (SecretId: string) =>
    (await client.send(new DescribeSecretCommand({ SecretId }))).KmsKeyId

  it('are made under it, and those that are there take it for what is written from then on', async () => {
    const { stage, shared, keysFor } = await newStage()
    const storeOf = (keys: KmsKeyWrapper) =>
      new SecretsManagerStore({
        client,
        writeBudget: new WriteBudget({ clock, maxInstances: 1, maxWaitMs: 60_000 }),
        deployment: stage,
        kmsKeyOf: (tenant) => keys.keyArnOf(tenant),
      })
    const secretId = (tenant: string, ownerId: string) =>
      secretIdOf({ deployment: stage, kind: 's', tenant, ownerId, generation: 1 })
    const before = storeOf(keysFor([]))
    for (const tenant of ['acme', 'globex'])
      await before.stage(secretId(tenant, 'ac_1'), randomUUID(), new SecretText('one'), { isNew: true })
    const own = await keyOf(stage, 'acme')
    const secrets = storeOf(keysFor(['acme']))
    await secrets.stage(secretId('acme', 'ac_2'), randomUUID(), new SecretText('two'), { isNew: true })
    await secrets.create(secretId('globex', 'ac_2'))
    expect(await keyOfSecret(secretId('acme', 'ac_2'))).toBe(own)
    expect(await keyOfSecret(secretId('globex', 'ac_2'))).toBe(shared)

    const move = { tenant: 'acme', keyArn: own }
    expect(await moveSecrets({ secrets, client }, { ...move, isDry: true }, silent)).toBe(1)
    expect(await keyOfSecret(secretId('acme', 'ac_1'))).toBe(shared)
    expect(await moveSecrets({ secrets, client }, { ...move, isDry: false }, silent)).toBe(1)
    expect(await moveSecrets({ secrets, client }, { ...move, isDry: false }, silent)).toBe(0)
    expect(await keyOfSecret(secretId('acme', 'ac_1'))).toBe(own)
    expect(await keyOfSecret(secretId('globex', 'ac_1'))).toBe(shared)

    // Whoever is removed, the keys of the others are told, whatever the stage file says of them.
    const keysBeside = (tenant: string) => keysOfOtherSecrets(client, { deployment: stage, tenant })
    expect(await keysBeside('acme')).toEqual([shared])
    expect(await keysBeside('globex')).toEqual([own])
  })
})
