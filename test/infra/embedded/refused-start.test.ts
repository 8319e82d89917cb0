import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DATABASE_FILE, KEY_FILE } from '../../../infra/embedded/open-stores.ts'
import { createKeyFile } from '../../../shared/adapters/sealed/key-file.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { newDataFolder } from '../../support/running-vault.ts'
import { spawnVault } from '../../support/spawned-vault.ts'

/** Of whoever runs, or last ran, over the folder: they say nothing of the vault. */
const RUN_FILES = /^(lock\.db|server\.pid)/

let folder: string

/** Every file of the folder with a digest of its bytes, and its mode. */
function contents(): Record<string, string> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => !RUN_FILES.test(name) && fs.statSync(path.join(folder, name)).isFile())
  return Object.fromEntries(
    files.map((name) => {
      const bytes = fs.readFileSync(path.join(folder, name))
      const { mode } = fs.statSync(path.join(folder, name))
      return [name, `${mode.toString(8)} ${createHash('sha256').update(bytes).digest('hex')}`]
    }),
  )
}

describe('a start over a folder that it must not touch', () => {
  beforeEach(async () => {
    folder = await newDataFolder()
    const vault = await spawnVault({ folder })
    await vault.request({ tenant: 'acme' }, 'POST', '/api/v2/flows/vault/connections', {
      name: 'mail',
      app_id: 'SENDGRID',
      setup: { type: 'API_KEY', api_key: 'SG.key' },
    })
    await vault.stop()
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  it.each<[string, () => unknown, RegExp]>([
    [
      'a database that a newer release has changed',
      () => {
        const database = new DatabaseSync(path.join(folder, DATABASE_FILE))
        database.exec('PRAGMA user_version = 99')
        database.close()
      },
      /schema version 99, and this release knows \d+ at most: start the newer release/,
    ],
    [
      'a key file that is missing',
      () => fs.rmSync(path.join(folder, KEY_FILE)),
      /the key file \S+ is missing.*Put the key file back from your copy/,
    ],
    [
      'the key file of another vault',
      async () => {
        fs.rmSync(path.join(folder, KEY_FILE))
        await createKeyFile(path.join(folder, KEY_FILE), new SystemRandom())
      },
      /the keys do not belong to this database/,
    ],
    [
      'a key file with another digest key',
      () => {
        const file = path.join(folder, KEY_FILE)
        const content = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
        const digestKey = Buffer.alloc(32, 9).toString('base64')
        fs.writeFileSync(file, JSON.stringify({ ...content, digest_key: digestKey }))
      },
      /the digest key does not belong to this database/,
    ],
    [
      'a key file that others may read',
      () => fs.chmodSync(path.join(folder, KEY_FILE), 0o644),
      /others may touch the key file .*chmod 600/,
    ],
    [
      'a key file that is damaged',
      () => fs.writeFileSync(path.join(folder, KEY_FILE), '{"version":1'),
      /the key file \S+ is malformed: it is not JSON/,
    ],
    [
      'a database that is none',
      () =>
        fs.writeFileSync(
          path.join(folder, DATABASE_FILE),
          'not a database, and long enough to be read as one',
        ),
      /file is not a database/,
    ],
  ])('is refused with status 2 for %s, and nothing in it changes', async (_, damage, message) => {
    await damage()
    const before = contents()
    const failure = await spawnVault({ folder }).catch((error: unknown) => String(error))
    expect(failure).toMatch(/the vault did not start: exit 2\nflow-vault did not start\.\n/)
    expect(failure).toMatch(message)
    // What a person can act on comes without a stack.
    expect(failure).not.toMatch(/^ {4}at /m)
    expect(contents()).toEqual(before)
  })

  it('goes on once the right key file is back', async () => {
    const file = path.join(folder, KEY_FILE)
    fs.renameSync(file, `${file}.away`)
    await expect(spawnVault({ folder })).rejects.toThrow('exit 2')
    fs.renameSync(`${file}.away`, file)
    const vault = await spawnVault({ folder })
    const listed = await vault.request({ tenant: 'acme' }, 'GET', '/api/v2/flows/vault/connections')
    const [connection] = (await listed.json()) as { id: string; name: string }[]
    const fetched = await vault.request(
      { tenant: 'acme' },
      'GET',
      `/api/v2/flows/vault/connections/${connection?.id}/credentials`,
    )
    expect(await fetched.json()).toMatchObject({ fields: { api_key: 'SG.key' } })
    await vault.stop()
  })
})
