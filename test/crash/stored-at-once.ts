import type { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import type { SecretText } from '../../shared/domain/secret-text.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import {
  SecretConflictError,
  SecretNotFoundError,
  type SecretStore,
  type StagedVersion,
} from '../../shared/ports/secret-store.ts'
import { tryTransact } from '../../shared/ports/try-transact.ts'

/**
 * A store beside the rows, as Secrets Manager is one: each staged version is stored when it is answered, so that
 * intents stand and are undone. It keeps what it has as the sealed store does, for the same look at what is left.
 */
export function storedAtOnce(sealed: SealedSecretStore, items: ItemStore): SecretStore {
  const storeOnce = async (version: Version, isNew: boolean): Promise<boolean> => {
    const { writes } = await sealed.stage(version.secretId, version.versionId, version.value, { isNew })
    return tryTransact(items, ...writes)
  }
  return {
    deployment: sealed.deployment,
    staging: 'at-once',
    async stage(secretId, versionId, value): Promise<StagedVersion> {
      const version = { secretId, versionId, value }
      const stored = (await storeOnce(version, true)) || (await storeOnce(version, false))
      if (!stored) await findRepeat(sealed, version)
      return { versionId, writes: [] }
    },
    create: () => sealed.create(),
    discarding: () => [],
    get: (...args) => sealed.get(...args),
    discard: (...args) => sealed.discard(...args),
    scheduleDeletion: (...args) => sealed.scheduleDeletion(...args),
    restore: (...args) => sealed.restore(...args),
    purge: (...args) => sealed.purge(...args),
    has: (...args) => sealed.has(...args),
    list: (...args) => sealed.list(...args),
  }
}

interface Version {
  readonly secretId: string
  readonly versionId: string
  readonly value: SecretText
}

async function findRepeat(sealed: SealedSecretStore, { secretId, versionId, value }: Version): Promise<void> {
  const earlier = await sealed.get(secretId, versionId).catch(() => undefined)
  if (earlier === undefined) throw new SecretNotFoundError('the secret waits for its deletion')
  if (earlier.reveal() !== value.reveal()) throw new SecretConflictError('another value is there')
}
