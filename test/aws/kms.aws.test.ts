import { randomUUID } from 'node:crypto'
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  KMSClient,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms'
import { KmsDigester } from '../../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { KeyUnavailableError } from '../../shared/ports/key-wrapper.ts'
import { digesterContract } from '../contract/digester.ts'
import { keyWrapperContract } from '../contract/key-wrapper.ts'
import { secretStoreContract } from '../contract/secret-store.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { ManualClock } from '../support/manual-clock.ts'

const CONTEXT = { tenant: 't1', secretId: 'flow-vault/local/s/t1/ac_1/g1', versionId: 'v1' }
const ABSENT_ARN = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555'

const client = new KMSClient({ ...emulatorClientConfig('moto'), maxAttempts: 1 })

afterAll(() => client.destroy())

async function wrapperOfNewKey(): Promise<KmsKeyWrapper> {
  return new KmsKeyWrapper({ client, clock: new SystemClock(), keyArn: await newKey() })
}

async function digesterOfNewKey(): Promise<KmsDigester> {
  const command = new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  const { KeyMetadata } = await client.send(command)
  return new KmsDigester({ client, keyId: KeyMetadata!.Arn! })
}

async function newKey(): Promise<string> {
  const { KeyMetadata } = await client.send(new CreateKeyCommand({}))
  return KeyMetadata!.Arn!
}

keyWrapperContract('KmsKeyWrapper on moto', async () => ({
  wrapper: await wrapperOfNewKey(),
  rotate: wrapperOfNewKey,
  absentKeyId: ABSENT_ARN,
}))

keyWrapperContract('KmsKeyWrapper of a tenant with a key of its own, on moto', async () => {
  const keyArn = await newKey()
  const alias = `alias/flow-vault-test/${randomUUID()}`
  await client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: await newKey() }))
  const wrapper = () =>
    new KmsKeyWrapper({ client, clock: new SystemClock(), keyArn, tenantAliases: new Map([['t1', alias]]) })
  return {
    wrapper: wrapper(),
    rotate: async () => {
      await client.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: await newKey() }))
      return wrapper()
    },
    absentKeyId: ABSENT_ARN,
  }
})

digesterContract('KmsDigester on moto', async () => ({
  digester: await digesterOfNewKey(),
  other: await digesterOfNewKey(),
}))

secretStoreContract('SealedSecretStore over KMS and memory', async () => {
  const keys = await wrapperOfNewKey()
  const ports = { items: new MemoryItemStore(), clock: new ManualClock(), random: new SystemRandom() }
  return { secrets: new SealedSecretStore({ deployment: 'local', ...ports, keys }), items: ports.items }
})

describe('KmsKeyWrapper', () => {
  it('throws KeyUnavailableError when its own key is not there', async () => {
    const wrapper = new KmsKeyWrapper({ client, clock: new SystemClock(), keyArn: ABSENT_ARN })
    await expect(wrapper.generateDataKey(CONTEXT)).rejects.toThrow(KeyUnavailableError)
  })

  // moto 5.2.5 decrypts with a disabled key; KMS answers DisabledException (API reference of Decrypt).
  it.failing('throws KeyUnavailableError once its key is disabled', async () => {
    const keyArn = await newKey()
    const wrapper = new KmsKeyWrapper({ client, clock: new SystemClock(), keyArn })
    const { key } = await wrapper.generateDataKey(CONTEXT)
    await client.send(new DisableKeyCommand({ KeyId: keyArn }))
    await expect(wrapper.unwrap(key, CONTEXT)).rejects.toThrow(KeyUnavailableError)
  })
})

describe('KmsDigester', () => {
  it('throws KeyUnavailableError when its key is not there, or is not for digests', async () => {
    for (const keyId of [ABSENT_ARN, await newKey()]) {
      const digester = new KmsDigester({ client, keyId })
      await expect(digester.digest('setup', new SecretText(randomUUID()))).rejects.toThrow(
        KeyUnavailableError,
      )
    }
  })
})
