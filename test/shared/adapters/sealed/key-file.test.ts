import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { addKey, createKeyFile, dropKey, openKeyFile } from '../../../../shared/adapters/sealed/key-file.ts'
import type { KeyFile } from '../../../../shared/adapters/sealed/key-file-format.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { KeyUnavailableError } from '../../../../shared/ports/key-wrapper.ts'
import { makeKeyFolder } from '../../../support/key-folder.ts'

const random = new SystemRandom()
const KEY = Buffer.alloc(32, 7).toString('base64')
let folder: Awaited<ReturnType<typeof makeKeyFolder>>
let path: string

beforeEach(async () => {
  folder = await makeKeyFolder()
  path = join(folder.path, 'keys.json')
})

afterEach(() => folder.remove())

describe('createKeyFile', () => {
  it('writes one wrapping key and a digest key that only the owner can read', async () => {
    const file = await createKeyFile(path, random)
    const content = JSON.parse(await readFile(path, 'utf8'))
    expect(Object.keys(content)).toEqual(['version', 'vault', 'opened', 'active', 'keys', 'digest_key'])
    expect(content).toMatchObject({ version: 2, opened: 0 })
    expect(Object.keys(content.keys)).toEqual([content.active])
    expect(content.keys[content.active]).not.toBe(content.digest_key)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(bytesOf(await openKeyFile(path))).toEqual(bytesOf(file))
  })

  it('makes the folder, for the owner alone, and leaves nothing else in it', async () => {
    const inside = join(folder.path, 'new', 'keys.json')
    await createKeyFile(inside, random)
    expect((await stat(join(folder.path, 'new'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(folder.path, 'new'))).toEqual(['keys.json'])
  })

  it('leaves a file that is there as it is', async () => {
    await writeFile(path, 'precious')
    await expect(createKeyFile(path, random)).rejects.toThrow('it is left as it is')
    expect(await readFile(path, 'utf8')).toBe('precious')
    expect(await readdir(folder.path)).toEqual(['keys.json'])
  })

  it('lets one of two first starts win', async () => {
    const results = await Promise.allSettled([createKeyFile(path, random), createKeyFile(path, random)])
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(winners).toHaveLength(1)
    expect(bytesOf(await openKeyFile(path))).toEqual(bytesOf(winners[0]!))
  })

  it('gives keys that do not print', async () => {
    const file = await createKeyFile(path, random)
    const secret = JSON.parse(await readFile(path, 'utf8')).digest_key
    const printed = `${inspect(file, { depth: 9, showHidden: true })}${JSON.stringify(file)}`
    expect(printed).not.toContain(secret)
    expect(printed).not.toContain(Buffer.from(secret, 'base64').toString('hex').slice(0, 16))
  })
})

describe('openKeyFile', () => {
  const good = { version: 2, vault: 'v1', opened: 3, active: 'k1', keys: { k1: KEY }, digest_key: KEY }

  it('reads what an operator wrote by hand', async () => {
    await writeFile(path, JSON.stringify(good), { mode: 0o600 })
    expect((await openKeyFile(path)).active).toBe('k1')
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601])(
    'refuses a file of mode %o and says what to do',
    async (mode) => {
      await createKeyFile(path, random)
      await chmod(path, mode)
      await expect(openKeyFile(path)).rejects.toThrow(`chmod 600 ${path}`)
      await expect(openKeyFile(path)).rejects.toThrow(KeyUnavailableError)
    },
  )

  it('judges the file behind a symbolic link', async () => {
    const target = join(folder.path, 'target.json')
    await createKeyFile(target, random)
    await symlink(target, path)
    await expect(openKeyFile(path)).resolves.toBeDefined()
    await chmod(target, 0o644)
    await expect(openKeyFile(path)).rejects.toThrow('chmod 600')
  })

  it('says that there is none', async () => {
    await expect(openKeyFile(path)).rejects.toThrow(`there is no key file at ${path}`)
  })

  it('refuses a folder', async () => {
    await mkdir(path, { mode: 0o700 })
    await expect(openKeyFile(path)).rejects.toThrow('not a regular file')
  })

  it.each<[string, string]>([
    ['nothing', ''],
    ['half a file', JSON.stringify(good).slice(0, -20)],
    ['another version', JSON.stringify({ ...good, version: 1 })],
    ['an unknown field', JSON.stringify({ ...good, extra: 1 })],
    ['no digest key', JSON.stringify({ ...good, digest_key: undefined })],
    ['an active key that is not there', JSON.stringify({ ...good, active: 'k2' })],
    ['an active key named like a method', JSON.stringify({ ...good, active: 'toString' })],
    ['no keys', JSON.stringify({ ...good, keys: {} })],
    ['a short key', JSON.stringify({ ...good, keys: { k1: Buffer.alloc(31).toString('base64') } })],
    ['a long key', JSON.stringify({ ...good, keys: { k1: Buffer.alloc(33).toString('base64') } })],
    ['a key that is not base64', JSON.stringify({ ...good, keys: { k1: `!${KEY}` } })],
    ['a key name with a space', JSON.stringify({ ...good, keys: { k1: KEY, 'k 2': KEY } })],
    ['more than a key file holds', JSON.stringify({ ...good, extra: 'x'.repeat(70_000) })],
  ])('refuses %s without repeating what it holds', async (_, content) => {
    await writeFile(path, content, { mode: 0o600 })
    const error = await openKeyFile(path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(KeyUnavailableError)
    expect(inspect(error)).not.toContain(KEY.slice(0, 10))
    expect(inspect(error)).toContain(path)
  })
})

describe('addKey', () => {
  it('makes a new key the active one and keeps the others and the digest key', async () => {
    const before = await createKeyFile(path, random)
    const after = await addKey(path, random)
    expect(after.active).not.toBe(before.active)
    expect([...after.keys.keys()]).toEqual([before.active, after.active])
    expect(after.digestKey.equals(before.digestKey)).toBe(true)
    expect(after.keys.get(before.active)?.equals(before.keys.get(before.active)!)).toBe(true)
    expect(bytesOf(await openKeyFile(path))).toEqual(bytesOf(after))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder.path)).toEqual(['keys.json'])
  })

  it('refuses while another change is under way, and names the file to look at', async () => {
    const before = await createKeyFile(path, random)
    await writeFile(`${path}.new`, '')
    await expect(addKey(path, random)).rejects.toThrow(`${path}.new exists`)
    expect(bytesOf(await openKeyFile(path))).toEqual(bytesOf(before))
    expect(await readdir(folder.path)).toEqual(['keys.json', 'keys.json.new'])
  })

  it('changes nothing and leaves no draft when the file is malformed', async () => {
    await writeFile(path, '{}', { mode: 0o600 })
    await expect(addKey(path, random)).rejects.toThrow('malformed')
    expect(await readFile(path, 'utf8')).toBe('{}')
    expect(await readdir(folder.path)).toEqual(['keys.json'])
  })
})

describe('dropKey', () => {
  it('forgets a key that is not active', async () => {
    const { active: old } = await createKeyFile(path, random)
    const { active } = await addKey(path, random)
    const after = await dropKey(path, old)
    expect([...after.keys.keys()]).toEqual([active])
    expect(bytesOf(await openKeyFile(path))).toEqual(bytesOf(after))
  })

  it('refuses the active key', async () => {
    const { active } = await createKeyFile(path, random)
    await expect(dropKey(path, active)).rejects.toThrow('active key')
    expect((await openKeyFile(path)).keys.size).toBe(1)
  })

  it('refuses a key that is not there', async () => {
    await createKeyFile(path, random)
    await expect(dropKey(path, 'k-none')).rejects.toThrow('no key of that name')
  })
})

function bytesOf(file: KeyFile): unknown {
  const keys = [...file.keys].map(([keyId, key]) => [keyId, key.export().toString('hex')])
  return { active: file.active, keys, digestKey: file.digestKey.export().toString('hex') }
}
