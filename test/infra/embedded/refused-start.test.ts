import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
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

/** Their mark of each other counts how often a start got as far as to open them. */
const MARKED_FILES = [KEY_FILE, DATABASE_FILE]

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
  let whole: string

  beforeAll(async () => {
    whole = await newDataFolder()
    const vault = await spawnVault({ folder: whole })
    await vault.request({ tenant: 'acme' }, 'POST', '/api/v2/flows/vault/connections', {
      name: 'mail',
      app_id: 'SENDGRID',
      setup: { type: 'API_KEY', api_key: 'SG.key' },
    })
    await vault.stop()
  })

  beforeEach(async () => {
    folder = await newDataFolder()
    fs.cpSync(whole, folder, { recursive: true })
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))
  afterAll(() => fs.rmSync(whole, { recursive: true }))

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
      /vault\.db and vault-key\.json belong to two different vaults/,
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
      /vault-key\.json cannot be trusted: others may touch it \(mode 0644\).*chmod 600/,
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
      /vault\.db: .*file is not a database\)\. Put it back from your copy, or restore a backup/,
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

  it.each<[string, () => unknown, RegExp]>([
    [
      'a damaged key of the issuer, of which it shows nothing',
      () => fs.writeFileSync(path.join(folder, 'issuer-key.json'), '{"d": private-canary}'),
      /^(?!.*private-canary).*issuer-key\.json is damaged: it is not JSON\. Restore it, or remove it/s,
    ],
    [
      'a damaged file of the first client, of which it shows nothing',
      () => fs.writeFileSync(path.join(folder, 'dev.json'), '{"client_secret": private-canary}'),
      /^(?!.*private-canary).*dev\.json is damaged: it is not JSON\. Restore it, or remove it/s,
    ],
  ])('is refused with status 2 for %s, and no file of a person changes', async (_, damage, message) => {
    await damage()
    const before = contents()
    const failure = await spawnVault({ folder }).catch((error: unknown) => String(error))
    expect(failure).toMatch(/the vault did not start: exit 2\nflow-vault did not start\.\n/)
    expect(failure).toMatch(message)
    const unmarked = (files: Record<string, string>) =>
      Object.entries(files).filter(([name]) => !MARKED_FILES.includes(name))
    expect(unmarked(contents())).toEqual(unmarked(before))
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

describe('a start with a setting that only the system knows to be wrong', () => {
  const taken = createServer()

  beforeAll(async () => {
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
  })

  afterAll(() => taken.close())

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a host name that nobody knows',
      () => ({ HOST: 'nobody.invalid' }),
      /HOST="nobody\.invalid" is not valid \(E[A-Z_]+\)\. Allowed: an address of this machine/,
    ],
    [
      'an address of another machine',
      () => ({ HOST: '192.0.2.1' }),
      /HOST="192\.0\.2\.1" is not valid \(EADDRNOTAVAIL\)\. Allowed: an address of this machine/,
    ],
    [
      'a port that is taken',
      () => ({ PORT: String((taken.address() as AddressInfo).port) }),
      /^PORT=\d+ is not valid \(another process listens there\)\. Allowed: a free port from 1024 to 65535, or 0/m,
    ],
    [
      'a TLS port that is taken',
      () => ({ TLS_PORT: String((taken.address() as AddressInfo).port) }),
      /^TLS_PORT=\d+ is not valid \(another process listens there\)/m,
    ],
    [
      'a data folder that is a file',
      () => ({ FLOW_VAULT_DATA: path.resolve('package.json') }),
      /FLOW_VAULT_DATA="\S+package\.json" is not valid \(it is not a folder\)\. Allowed: a folder that this user/,
    ],
    [
      'a data folder inside a file',
      () => ({ FLOW_VAULT_DATA: path.resolve('package.json/vault') }),
      /FLOW_VAULT_DATA="\S+vault" is not valid \(ENOTDIR\)/,
    ],
  ])('is refused with status 2 for %s, naming the variable', async (_, env, message) => {
    const vault = await newDataFolder()
    const failure = await spawnVault({ folder: vault, env: env() }).catch((error: unknown) => String(error))
    expect(failure).toMatch(/the vault did not start: exit 2\nflow-vault did not start\.\n/)
    expect(failure).toMatch(message)
    expect(failure).not.toMatch(/^ {4}at /m)
    fs.rmSync(vault, { recursive: true })
  })
})

describe('a start with words', () => {
  const start = (...words: string[]) =>
    spawnSync(process.execPath, ['infra/package/flow-vault.cjs', 'start', ...words], {
      encoding: 'utf8',
      env: { FLOW_VAULT_DATA: path.resolve('package.json') },
    })

  it('is refused with the place of the settings, before anything is opened', () => {
    const { status, stderr } = start('--port', '9000')
    expect([status, stderr]).toEqual([
      2,
      'flow-vault did not start.\n"--port" is not taken: start has no options. Its settings are variables of the environment (README.md, "Operate it").\n',
    ])
  })

  it('lists every setting with what it takes when that is asked for', () => {
    const { status, stdout } = start('--help')
    expect(status).toBe(0)
    expect(stdout).toContain('\n  PORT (8787): a whole number from 0 to 65535\n')
    expect(stdout).toContain('\n  FLOW_VAULT_MAX_CONNECTIONS: a whole number from 1 to 100000000\n')
  })
})

describe('a start on every address of the machine', () => {
  it('prints an address that its certificate is for', async () => {
    const vault = await spawnVault({ env: { HOST: '0.0.0.0' } })
    expect([vault.url, vault.tlsUrl]).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
      expect.stringMatching(/^https:\/\/localhost:/),
    ])
    await vault.stop()
  })
})
