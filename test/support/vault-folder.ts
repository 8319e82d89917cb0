import path from 'node:path'
import { KEY_FILE, openStores } from '../../infra/embedded/open-stores.ts'
import { openKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { versionOfKey } from '../../shared/domain/sealed-keys.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { RESTORED_KEY } from '../../shared/domain/store-keys.ts'
import { storeVersion } from './store-version.ts'

const random = new SystemRandom()

/** The secret of number `n`, and what it holds. */
function secretOf(n: number): { secretId: string; value: string } {
  return {
    secretId: secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: `ac_${n}`, generation: 1 }),
    value: `value-${n}`,
  }
}

/** Puts `count` sealed secrets into a data folder, which is made when it is new; no server runs. */
export async function fillVaultFolder(folder: string, count: number): Promise<void> {
  const { items, keys } = await openStores(folder, { random })
  const secrets = new SealedSecretStore({
    deployment: 'local',
    items,
    keys,
    clock: new SystemClock(),
    random,
  })
  const numbers = Array.from({ length: count }, (_, n) => n)
  await Promise.all(
    numbers.map((n) =>
      storeVersion(
        { secrets, items },
        {
          secretId: secretOf(n).secretId,
          versionId: 'v1',
          value: new SecretText(secretOf(n).value),
          isNew: true,
        },
      ),
    ),
  )
  await items.close()
}

/** Whether the vault in a data folder carries the mark of a restored one. */
export async function isMarkedRestored(folder: string): Promise<boolean> {
  const { items } = await openStores(folder, { random })
  try {
    return (await items.get(RESTORED_KEY)) !== undefined
  } finally {
    await items.close()
  }
}

/** What a data folder holds and opens: its keys, which of them wrap something, and how many secrets are right. */
export async function lookIntoVaultFolder(folder: string): Promise<{
  active: string
  keyIds: string[]
  wrappingKeyIds: string[]
  sound: number
  damaged: number
}> {
  const file = await openKeyFile(path.join(folder, KEY_FILE))
  const { items, keys } = await openStores(folder, { random })
  const secrets = new SealedSecretStore({
    deployment: 'local',
    items,
    keys,
    clock: new SystemClock(),
    random,
  })
  try {
    const page = await items.scan({ limit: 100_000 })
    const wrapping = page.items.flatMap(({ attributes: { keyId } }) =>
      typeof keyId === 'string' ? [keyId] : [],
    )
    const opened = await Promise.all(
      page.items.flatMap(({ key }) => {
        const version = versionOfKey(key)
        if (version === undefined) return []
        const n = Number(/\/ac_(\d+)\//.exec(version.secretId)?.[1])
        return [
          secrets
            .get(version.secretId, version.versionId)
            .then((text) => text.reveal() === secretOf(n).value),
        ]
      }),
    )
    const sound = opened.filter(Boolean).length
    return {
      active: file.active,
      keyIds: [...file.keys.keys()],
      wrappingKeyIds: [...new Set(wrapping)],
      sound,
      damaged: opened.length - sound,
    }
  } finally {
    await items.close()
  }
}
