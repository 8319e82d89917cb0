import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { SecretNotFoundError } from '../../../../shared/ports/secret-store.ts'
import { freshSecretId, secretStoreContract } from '../../../contract/secret-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

secretStoreContract('MemorySecretStore', async () => ({ secrets: new MemorySecretStore(new ManualClock()) }))

describe('MemorySecretStore', () => {
  it('restores until the recovery window is over, and no longer', async () => {
    const clock = new ManualClock()
    const store = new MemorySecretStore(clock)
    const secretId = freshSecretId()
    await store.stage(secretId, 'a', new SecretText('one'))
    await store.scheduleDeletion(secretId)
    await clock.advance(604_799_999)
    await store.restore(secretId)
    await store.scheduleDeletion(secretId)
    await clock.advance(604_800_000)
    await expect(store.restore(secretId)).rejects.toThrow(SecretNotFoundError)
  })
})
