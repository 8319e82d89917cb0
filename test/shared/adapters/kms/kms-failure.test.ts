import { inspect } from 'node:util'
import { KMSClient } from '@aws-sdk/client-kms'
import { KmsDigester } from '../../../../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../../../../shared/adapters/kms/kms-key-wrapper.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import { SealBrokenError } from '../../../../shared/ports/secret-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import {
  MESSAGE_CANARY,
  type ScriptedAnswer,
  type ScriptedAwsService,
  startScriptedAwsService,
} from '../../../support/scripted-aws-service.ts'

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555'
const OLD_ARN = 'arn:aws:kms:us-east-1:123456789012:key/99999999-2222-3333-4444-555555555555'
const CONTEXT = { tenant: 't1', secretId: 'flow-vault/local/s/t1/ac_1/g1', versionId: 'v1' }
const OLD_KEY = { keyId: OLD_ARN, wrapped: 'AAAA' }

let service: ScriptedAwsService
let client: KMSClient
let wrapper: KmsKeyWrapper
const clock = new ManualClock()
let digester: KmsDigester

beforeAll(async () => {
  service = await startScriptedAwsService()
  client = new KMSClient(service.clientConfig)
  wrapper = new KmsKeyWrapper({ client, clock, keyArn: ARN })
  digester = new KmsDigester({ client, keyId: ARN })
})

afterAll(async () => {
  client.destroy()
  await service.close()
})

/** Every way to ask KMS something. */
const asks: Record<string, () => Promise<unknown>> = {
  GenerateDataKey: () => wrapper.generateDataKey(CONTEXT),
  Decrypt: () => wrapper.unwrap(OLD_KEY, CONTEXT),
  ReEncrypt: () => wrapper.rewrap(OLD_KEY, CONTEXT),
  GenerateMac: () => digester.digest('setup', new SecretText('value-canary')),
}

describe.each(Object.entries(asks))('kmsError of %s', (call, ask) => {
  it.each([
    'NotFoundException',
    'DisabledException',
    'KMSInvalidStateException',
    'AccessDeniedException',
    'InvalidKeyUsageException',
  ])('is KeyUnavailableError for %s', async (error) => {
    service.script({ error })
    await expect(ask()).rejects.toThrow(KeyUnavailableError)
    expect(service.asked).toEqual([call])
  })

  it.each(['InvalidCiphertextException', 'IncorrectKeyException'])(
    'is SealBrokenError for %s',
    async (error) => {
      service.script({ error })
      await expect(ask()).rejects.toThrow(SealBrokenError)
    },
  )

  it.each<[string, ScriptedAnswer]>([
    ['throttling', { error: 'ThrottlingException' }],
    ['a key that KMS says to ask for again', { error: 'KeyUnavailableException', status: 500 }],
    ['an internal error', { error: 'KMSInternalException', status: 500 }],
    ['a late dependency', { error: 'DependencyTimeoutException', status: 500 }],
    ['an error not seen before', { error: 'SomethingNewException' }],
    ['silence', { wire: 'silent' }],
    ['a broken connection', { wire: 'reset' }],
  ])('is StoreUnavailableError for %s, and nothing was done', async (_, answer) => {
    service.script(answer)
    const error = await ask().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreUnavailableError)
    expect(error).toMatchObject({ outcome: 'not-applied' })
  })

  it('is InvariantError for a request built wrongly, or an answer without its bytes', async () => {
    service.script({ error: 'ValidationException' })
    await expect(ask()).rejects.toThrow(InvariantError)
    service.script({ body: {} })
    await expect(ask()).rejects.toThrow(InvariantError)
  })

  it('carries neither the text nor the library error', async () => {
    service.script({ error: 'AccessDeniedException' })
    const error = await ask().catch((thrown: unknown) => thrown)
    const printed = inspect(error, { depth: 9, showHidden: true })
    expect(printed).toContain(`KMS ${call} failed: AccessDeniedException (HTTP 400, request request-1)`)
    for (const canary of ['value-canary', MESSAGE_CANARY, '$metadata']) expect(printed).not.toContain(canary)
  })
})

describe('KmsKeyWrapper', () => {
  it.each<[string, () => Promise<unknown>, string[]]>([
    ['GenerateDataKey', () => wrapper.generateDataKey(CONTEXT), ['EncryptionContext']],
    ['Decrypt', () => wrapper.unwrap(OLD_KEY, CONTEXT), ['EncryptionContext']],
    [
      'ReEncrypt',
      () => wrapper.rewrap(OLD_KEY, CONTEXT),
      ['SourceEncryptionContext', 'DestinationEncryptionContext'],
    ],
  ])('binds the data key to tenant, secret and version in %s', async (_call, ask, members) => {
    service.script({ error: 'AccessDeniedException' })
    await ask().catch(() => undefined)
    const body = (await service.lastBody()) as Record<string, unknown>
    for (const member of members) expect(body[member]).toEqual(CONTEXT)
  })

  it.each(['alias/flow-vault', 'arn:aws:kms:us-east-1:123456789012:alias/x', '1111-2222', ''])(
    'refuses %j, which does not name one key for good',
    (keyArn) => {
      expect(() => new KmsKeyWrapper({ client, clock, keyArn })).toThrow(InvariantError)
    },
  )
})
