import { join } from 'node:path'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { verifyKeyMatches } from '../../../../shared/adapters/sealed/key-check.ts'
import { addKey, createKeyFile, dropKey, openKeyFile } from '../../../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedSecretStore } from '../../../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { KEY_CHECK_KEY } from '../../../../shared/domain/store-keys.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import { makeKeyFolder } from '../../../support/key-folder.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const random = new SystemRandom()
let folder: Awaited<ReturnType<typeof makeKeyFolder>>
let path: string
let items: MemoryItemStore

beforeEach(async () => {
  folder = await makeKeyFolder()
  path = join(folder.path, 'keys.json')
  await createKeyFile(path, random)
  items = new MemoryItemStore()
})

afterEach(() => folder.remove())

describe('verifyKeyMatches', () => {
  it('writes the check on the first start and changes nothing on later ones', async () => {
    await verifyKeyMatches(await portsOf(path))
    const written = await everything()
    expect(written.map(({ key }) => key)).toEqual([{ partition: 'VAULT', sort: 'key-check' }])
    await verifyKeyMatches(await portsOf(path))
    expect(await everything()).toEqual(written)
  })

  it('refuses data of earlier code, and of a later release, with one sentence', async () => {
    await verifyKeyMatches(await portsOf(path))
    const [{ key, attributes } = { key: KEY_CHECK_KEY, attributes: {} }] = await everything()
    for (const format of [undefined, 1, 3]) {
      await items.transact([{ op: 'put', key, attributes: { ...attributes, format } }])
      const refused = verifyKeyMatches(await portsOf(path))
      await expect(refused).rejects.toThrow('in a format that this release does not read')
    }
  })

  it('lets two first starts at once with one key file agree', async () => {
    const ports = await portsOf(path)
    await Promise.all([verifyKeyMatches(ports), verifyKeyMatches(await portsOf(path))])
    await expect(verifyKeyMatches(ports)).resolves.toBeUndefined()
  })

  it('lets one of two first starts at once with different key files win', async () => {
    const otherPath = join(folder.path, 'other.json')
    await createKeyFile(otherPath, random)
    const starts = [verifyKeyMatches(await portsOf(path)), verifyKeyMatches(await portsOf(otherPath))]
    const results = await Promise.allSettled(starts)
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('refuses another key file and touches nothing', async () => {
    await verifyKeyMatches(await portsOf(path))
    const written = await everything()
    const otherPath = join(folder.path, 'other.json')
    await createKeyFile(otherPath, random)
    const refused = verifyKeyMatches(await portsOf(otherPath))
    await expect(refused).rejects.toThrow(KeyUnavailableError)
    await expect(refused).rejects.toThrow('do not belong to this database')
    expect(await everything()).toEqual(written)
  })

  it('refuses another digest key beside the right wrapping key', async () => {
    await verifyKeyMatches(await portsOf(path))
    const otherPath = join(folder.path, 'other.json')
    await createKeyFile(otherPath, random)
    const mixed = { ...(await portsOf(path)), digester: (await portsOf(otherPath)).digester }
    await expect(verifyKeyMatches(mixed)).rejects.toThrow('digest key does not belong')
  })

  it('refuses a check that was damaged', async () => {
    await verifyKeyMatches(await portsOf(path))
    const key = { partition: 'VAULT', sort: 'key-check' }
    await items.transact([{ op: 'update', key, remove: ['ciphertext'] }])
    await expect(verifyKeyMatches(await portsOf(path))).rejects.toThrow(KeyUnavailableError)
  })

  it('still matches after a rotation of the key', async () => {
    const ports = await portsOf(path)
    await verifyKeyMatches(ports)
    const { active: old } = await openKeyFile(path)
    await addKey(path, random)
    const store = new SealedSecretStore({ deployment: 'local', ...ports, clock: new ManualClock() })
    expect(await store.rewrapAll({ limit: 10 })).toMatchObject({ rewrapped: 1, failed: [] })
    await dropKey(path, old)
    await expect(verifyKeyMatches(await portsOf(path))).resolves.toBeUndefined()
  })
})

async function portsOf(keyPath: string) {
  const { digestKey } = await openKeyFile(keyPath)
  const keys = await LocalKeyWrapper.open(keyPath, random)
  return { items, keys, digester: new LocalDigester(digestKey), random }
}

async function everything() {
  return (await items.scan({ limit: 100 })).items
}
