import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addKey, createKeyFile, dropKey } from '../../../../shared/adapters/sealed/key-file.ts'
import { LocalKeyWrapper } from '../../../../shared/adapters/sealed/local-key-wrapper.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import { keyWrapperContract } from '../../../contract/key-wrapper.ts'
import { makeKeyFolder } from '../../../support/key-folder.ts'

const CONTEXT = { tenant: 't1', secretId: 'flow-vault/local/s/t1/ac_1/g1', versionId: 'v1' }

const random = new SystemRandom()
let folder: Awaited<ReturnType<typeof makeKeyFolder>>
let path: string
let wrapper: LocalKeyWrapper

beforeEach(async () => {
  folder = await makeKeyFolder()
  path = join(folder.path, 'keys.json')
  await createKeyFile(path, random)
  wrapper = await LocalKeyWrapper.open(path, random)
})

afterEach(() => folder.remove())

keyWrapperContract('LocalKeyWrapper', async () => ({
  wrapper,
  absentKeyId: 'k-none',
  rotate: async () => {
    await addKey(path, random)
    return wrapper
  },
}))

describe('LocalKeyWrapper', () => {
  it('wraps by a key that another process added, without being told', async () => {
    const { active } = await addKey(path, random)
    expect((await wrapper.generateDataKey(CONTEXT)).key.keyId).toBe(active)
  })

  it('unwraps by a key that another process added and used', async () => {
    await addKey(path, random)
    const other = await LocalKeyWrapper.open(path, random)
    const { plaintext, key } = await other.generateDataKey(CONTEXT)
    expect(Buffer.from(await wrapper.unwrap(key, CONTEXT)).equals(plaintext)).toBe(true)
  })

  it('forgets a dropped key when it next looks at the file', async () => {
    const { key } = await wrapper.generateDataKey(CONTEXT)
    await addKey(path, random)
    await dropKey(path, key.keyId)
    await wrapper.reload()
    await expect(wrapper.unwrap(key, CONTEXT)).rejects.toThrow(KeyUnavailableError)
  })

  it('goes on unwrapping, but wraps nothing more, once the file is gone', async () => {
    const { plaintext, key } = await wrapper.generateDataKey(CONTEXT)
    await rm(path)
    await expect(wrapper.generateDataKey(CONTEXT)).rejects.toThrow(KeyUnavailableError)
    expect(Buffer.from(await wrapper.unwrap(key, CONTEXT)).equals(plaintext)).toBe(true)
  })

  it('never repeats a nonce in 20,000 wraps', async () => {
    const nonces = new Set<string>()
    for (let n = 0; n < 20_000; n += 1) {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      nonces.add(Buffer.from(key.wrapped, 'base64').subarray(0, 12).toString('hex'))
    }
    expect(nonces.size).toBe(20_000)
  })
})
