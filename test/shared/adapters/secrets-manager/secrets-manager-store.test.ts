import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SecretsManagerStore } from '../../../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../../../shared/adapters/secrets-manager/write-budget.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import {
  SecretConflictError,
  SecretLimitError,
  SecretNotFoundError,
} from '../../../../shared/ports/secret-store.ts'
import { freshSecretId } from '../../../contract/secret-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import {
  MESSAGE_CANARY,
  type ScriptedAnswer,
  type ScriptedAwsService,
  startScriptedAwsService,
} from '../../../support/scripted-aws-service.ts'

const ABSENT: ScriptedAnswer = { error: 'ResourceNotFoundException' }
const EXISTS: ScriptedAnswer = { error: 'ResourceExistsException' }
const MARKED: ScriptedAnswer = { error: 'InvalidRequestException' }
const VALUE = new SecretText('value-canary')

let service: ScriptedAwsService
let client: SecretsManagerClient
let clock: ManualClock
let store: SecretsManagerStore
const secretId = freshSecretId()

beforeAll(async () => {
  service = await startScriptedAwsService()
  client = new SecretsManagerClient(service.clientConfig)
})

afterAll(async () => {
  client.destroy()
  await service.close()
})

beforeEach(() => {
  clock = new ManualClock()
  store = storeWith(client)
})

function storeWith(used: SecretsManagerClient, maxWaitMs = 0): SecretsManagerStore {
  const writeBudget = new WriteBudget({ clock, maxInstances: 1, maxWaitMs })
  return new SecretsManagerStore({ client: used, writeBudget, deployment: 'unit' })
}

describe('SecretsManagerStore.stage', () => {
  it('gives back the version id of the answer, whatever was asked for', async () => {
    service.script({ body: { VersionId: 'their-choice' } })
    expect(await put()).toEqual({ versionId: 'their-choice', writes: [] })
  })

  it('throws SecretNotFoundError while the secret waits for its deletion', async () => {
    service.script(MARKED)
    await expect(put()).rejects.toThrow(SecretNotFoundError)
    await clock.advance(1_000)
    service.script(EXISTS, MARKED)
    await expect(put({ isNew: true })).rejects.toThrow(SecretNotFoundError)
  })

  it('asks PutSecretValue what a CreateSecret conflict means', async () => {
    service.script(EXISTS, EXISTS)
    await expect(put({ isNew: true })).rejects.toThrow(SecretConflictError)
    expect(service.asked).toEqual(['CreateSecret', 'PutSecretValue'])
  })

  it('gives up, not applied, on a secret that comes and goes', async () => {
    service.script(ABSENT, EXISTS, ABSENT)
    const patient = storeWith(client, 60_000)
    const refused = patient.stage(secretId, randomUUID(), VALUE).catch((error: unknown) => error)
    await advanceUntilAsked(3)
    expect(await refused).toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
  })

  it('sends nothing when the write budget is used up', async () => {
    service.script({ body: { VersionId: 'v' } }, { body: { VersionId: 'v' } })
    await put()
    const refused = await put().catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
    expect(service.asked).toEqual(['PutSecretValue'])
  })

  it('takes a quota that is reached for no passing outage', async () => {
    service.script({ error: 'LimitExceededException' })
    await expect(put()).rejects.toThrow(SecretLimitError)
  })

  it.each<[string, ScriptedAnswer, 'not-applied' | 'unknown']>([
    ['throttling', { error: 'ThrottlingException' }, 'not-applied'],
    ['a refused caller', { error: 'AccessDeniedException' }, 'not-applied'],
    ['a server error', { error: 'InternalServiceError', status: 500 }, 'unknown'],
    ['no answer in time', { wire: 'silent' }, 'unknown'],
    ['a connection that breaks after the request', { wire: 'reset' }, 'unknown'],
  ])('says of %s whether the version may be stored', async (_, answer, outcome) => {
    service.script(answer)
    const error = await put().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreUnavailableError)
    expect(error).toMatchObject({ outcome })
  })

  it('does not believe a refusal that came after an unanswered attempt of the SDK', async () => {
    const retrying = new SecretsManagerClient({ ...service.clientConfig, maxAttempts: 2 })
    service.script({ wire: 'silent' }, { error: 'ThrottlingException' })
    const staged = storeWith(retrying, 60_000)
      .stage(secretId, randomUUID(), VALUE)
      .catch((thrown: unknown) => thrown)
    await advanceUntilAsked(2)
    const error = await staged
    retrying.destroy()
    expect(error).toMatchObject({ name: 'StoreUnavailableError', outcome: 'unknown' })
  })

  it.each([
    ['stage', { body: { VersionId: 'v' } }, (its: SecretsManagerStore) => its.stage(secretId, 'v', VALUE)],
    ['create', { body: {} }, (its: SecretsManagerStore) => its.create(secretId)],
    ['scheduleDeletion', { body: {} }, (its: SecretsManagerStore) => its.scheduleDeletion(secretId)],
    ['restore', { body: {} }, (its: SecretsManagerStore) => its.restore(secretId)],
    ['purge', { body: {} }, (its: SecretsManagerStore) => its.purge(secretId)],
  ] as const)('lets the SDK repeat a %s within the write budget only', async (_what, done, write) => {
    const retrying = new SecretsManagerClient({ ...service.clientConfig, maxAttempts: 3 })
    service.script({ error: 'InternalServiceError', status: 500 }, done)
    const refused = await write(storeWith(retrying)).catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ name: 'StoreUnavailableError', outcome: 'unknown' })
    expect(service.asked).toHaveLength(1)
    await clock.advance(1_000)
    const patient = write(storeWith(retrying, 60_000))
    await advanceUntilAsked(2)
    await patient
    retrying.destroy()
  })

  it('throws InvariantError for a request it built wrongly', async () => {
    service.script({ error: 'InvalidParameterException' })
    await expect(put()).rejects.toThrow(InvariantError)
  })
})

describe('SecretsManagerStore.get', () => {
  it.each<[string, ScriptedAnswer, typeof SecretNotFoundError | typeof KeyUnavailableError]>([
    ['an absent one', ABSENT, SecretNotFoundError],
    ['one that waits for its deletion', MARKED, SecretNotFoundError],
    ['one whose key is disabled', { error: 'DecryptionFailure' }, KeyUnavailableError],
  ])('tells %s from a failure', async (_, answer, expected) => {
    service.script(answer)
    await expect(store.get(secretId, randomUUID())).rejects.toThrow(expected)
  })

  it.each<[string, ScriptedAnswer]>([
    ['throttling', { error: 'ThrottlingException' }],
    ['a server error', { error: 'InternalServiceError', status: 500 }],
    ['silence', { wire: 'silent' }],
  ])('never calls %s an absence, and may be repeated after it', async (_, answer) => {
    service.script(answer)
    const error = await store.get(secretId, randomUUID()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
  })
})

describe('SecretsManagerStore.scheduleDeletion, restore and purge', () => {
  it.each([ABSENT, MARKED])('have nothing to do for a secret that is gone or marked', async (answer) => {
    service.script(answer)
    await expect(store.scheduleDeletion(secretId)).resolves.toBeUndefined()
  })

  it('throw when the service fails', async () => {
    service.script({ error: 'InternalServiceError', status: 500 })
    await expect(store.scheduleDeletion(secretId)).rejects.toMatchObject({ outcome: 'unknown' })
    service.script({ error: 'InternalServiceError', status: 500 })
    await expect(store.restore(secretId)).rejects.toMatchObject({ outcome: 'unknown' })
    await clock.advance(1_000)
    service.script({ error: 'InternalServiceError', status: 500 })
    await expect(store.purge(secretId)).rejects.toMatchObject({ outcome: 'unknown' })
  })

  it('take a refusal to restore for done only when the secret turns out not to be marked', async () => {
    service.script(MARKED, { body: { Name: secretId } })
    await expect(store.restore(secretId)).resolves.toBeUndefined()
    expect(service.asked).toEqual(['RestoreSecret', 'DescribeSecret'])
    await clock.advance(1_000)
    service.script(MARKED, { body: { Name: secretId, DeletedDate: 1_800_000_000 } })
    await expect(store.restore(secretId)).rejects.toThrow(StoreUnavailableError)
    await clock.advance(1_000)
    service.script(MARKED, ABSENT)
    await expect(store.restore(secretId)).rejects.toThrow(SecretNotFoundError)
    await clock.advance(1_000)
    service.script(MARKED, { error: 'ThrottlingException' })
    await expect(store.restore(secretId)).rejects.toThrow(StoreUnavailableError)
  })

  it('do not take a refusal to purge for a purge', async () => {
    service.script(MARKED)
    await expect(store.purge(secretId)).rejects.toThrow(StoreUnavailableError)
  })
})

describe('SecretsManagerStore.has', () => {
  const [wanted, other] = [randomUUID(), randomUUID()]
  const described = (versionId: string) => ({
    body: { Name: secretId, VersionIdsToStages: { [versionId]: ['AWSCURRENT'] } },
  })
  const listed = (versionId: string, more: object = {}) => ({
    body: { Name: secretId, Versions: [{ VersionId: versionId }], ...more },
  })

  it.each<[string, ScriptedAnswer[], boolean, string[]]>([
    ['one with a label', [described(wanted)], true, ['DescribeSecret']],
    [
      'one that lost its label',
      [described(other), listed(other, { NextToken: 'next' }), listed(wanted)],
      true,
      ['DescribeSecret', 'ListSecretVersionIds', 'ListSecretVersionIds'],
    ],
    [
      'one that aged out, of a secret that is there',
      [described(other), listed(other)],
      false,
      ['DescribeSecret', 'ListSecretVersionIds'],
    ],
    ['one of a secret that is gone', [ABSENT], false, ['DescribeSecret']],
  ])('tells %s', async (_, answers, expected, asked) => {
    service.script(...answers)
    expect(await store.has(secretId, wanted)).toBe(expected)
    expect(service.asked).toEqual(asked)
  })

  it('never calls a failure an absence, and names the call that failed', async () => {
    const away = { error: 'InternalServiceError', status: 500 }
    service.script(described(other), away)
    const failed = store.has(secretId, wanted)
    await expect(failed).rejects.toThrow(StoreUnavailableError)
    await expect(failed).rejects.toThrow('Secrets Manager ListSecretVersionIds')
    service.script(away)
    await expect(store.has(secretId, wanted)).rejects.toThrow('Secrets Manager DescribeSecret')
  })
})

describe('SecretsManagerStore.list', () => {
  it('shows this deployment’s secrets alone, those that wait for their deletion too', async () => {
    const entry = (name: string, tags: Record<string, string>, more: object = {}) => ({
      Name: name,
      CreatedDate: 1_000,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      ...more,
    })
    const ours = { 'flow-vault:managed': 'true', 'flow-vault:deployment': 'unit' }
    const names = Array.from({ length: 5 }, () => freshSecretId())
    service.script({
      body: {
        SecretList: [
          entry(names[0]!, ours),
          entry(names[1]!, ours, { DeletedDate: 2_000 }),
          entry(names[2]!, { ...ours, 'flow-vault:deployment': 'another' }),
          entry(names[3]!, { ...ours, 'flow-vault:managed': 'false' }),
          entry(names[4]!, {}),
          entry('flow-vault/by-hand', ours),
        ],
      },
    })
    expect((await store.list({ limit: 100 })).items).toEqual([
      { secretId: names[0], createdAtMs: 1_000_000 },
      { secretId: names[1], createdAtMs: 1_000_000, deletedAtMs: 2_000_000 },
    ])
    expect(await service.lastBody()).toMatchObject({
      IncludePlannedDeletion: true,
      Filters: [{ Key: 'name', Values: ['flow-vault/unit/'] }],
      MaxResults: 100,
    })
  })

  it('finds what it made: the tags of a new secret are those that it looks for', async () => {
    service.script({ body: { VersionId: 'v1' } })
    await store.stage(secretId, 'v1', VALUE, { isNew: true })
    expect(await service.lastBody()).toMatchObject({
      Tags: expect.arrayContaining([
        { Key: 'flow-vault:managed', Value: 'true' },
        { Key: 'flow-vault:deployment', Value: 'unit' },
      ]),
    })
  })

  it('passes the page on, and throws when the service fails', async () => {
    service.script({ body: { SecretList: [], NextToken: 'more' } })
    expect(await store.list({ limit: 5 })).toEqual({ items: [], nextToken: 'more' })
    service.script({ error: 'ThrottlingException' })
    await expect(store.list({ limit: 5 })).rejects.toThrow(StoreUnavailableError)
  })
})

describe('SecretsManagerStore errors', () => {
  it.each<[string, ScriptedAnswer]>([
    ['of a service', { error: 'ThrottlingException' }],
    ['of a conflict', EXISTS],
    ['of our own making', { error: 'InvalidParameterException' }],
    ['of the network', { wire: 'reset' }],
  ])('%s carry neither the value nor the library error', async (_, answer) => {
    service.script(answer)
    const error = await put().catch((thrown: unknown) => thrown)
    const printed = inspect(error, { depth: 9, showHidden: true })
    expect(error).toBeInstanceOf(Error)
    for (const canary of ['value-canary', MESSAGE_CANARY, '$metadata', '$response']) {
      expect(printed).not.toContain(canary)
    }
  })

  it('name the call, the error and the request', async () => {
    service.script({ error: 'ThrottlingException' })
    await expect(put()).rejects.toThrow(
      'Secrets Manager PutSecretValue failed: ThrottlingException (HTTP 400, request request-1)',
    )
  })
})

function put(options?: { isNew?: boolean }): Promise<{ versionId: string }> {
  return store.stage(secretId, randomUUID(), VALUE, options)
}

/** Lets the budget's spacing pass while the calls go over a real socket. */
async function advanceUntilAsked(calls: number): Promise<void> {
  while (service.asked.length < calls) await clock.advance(100)
}
