import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { banner } from '../../../../infra/embedded/banner.ts'
import { type FolderStanding, whatIsMissing } from '../../../../infra/embedded/folder/whole-vault.ts'
import type { DatabaseMark } from '../../../../shared/adapters/sqlite/database-mark.ts'
import { newDataFolder, type RunningVault, startRunningVault } from '../../../support/running-vault.ts'
import { isMarkedRestored } from '../../../support/vault-folder.ts'

const KEY = { vault: 'v1', opened: 3 }
const MARK: DatabaseMark = {
  vault: 'v1',
  opened: 3,
  isInUse: false,
  parts: ['clients.json', 'issuer-key.json', 'ca.pem'],
}
const WHOLE: FolderStanding = {
  key: KEY,
  database: MARK,
  hasLog: false,
  others: ['clients.json', 'issuer-key.json', 'ca.pem', 'dev.json'],
}
const FIRST = { key: { vault: 'v1', opened: 0 }, others: ['ca.pem'], hasLog: false }

describe('whatIsMissing', () => {
  it.each<[string, FolderStanding, string[]]>([
    ['a vault that was stopped', WHOLE, []],
    ['a vault that was killed', { ...WHOLE, database: { ...MARK, isInUse: true }, hasLog: true }, []],
    [
      'a database that counts one start more: killed in between',
      { ...WHOLE, database: { ...MARK, opened: 4 } },
      [],
    ],
    ['an older copy of the key file', { ...WHOLE, database: { ...MARK, opened: 90 } }, []],
    [
      'a first client that a person removed from its file',
      { ...WHOLE, others: WHOLE.others.slice(0, 3) },
      [],
    ],
    ['nothing at all', { key: undefined, database: 'absent', hasLog: false, others: [] }, []],
    [
      'clients added before the first start',
      { key: undefined, database: 'absent', hasLog: false, others: ['clients.json'] },
      [],
    ],
    [
      'a first start killed after the certificates',
      { key: undefined, database: 'absent', hasLog: false, others: ['ca.pem'] },
      [],
    ],
    ['a first start killed after the key file', { ...FIRST, database: 'absent' }, []],
    ['a first start killed while the database was made', { ...FIRST, database: 'empty', hasLog: true }, []],
    [
      'a first start killed before the database was marked',
      { ...FIRST, database: 'unmarked', hasLog: true },
      [],
    ],
    [
      'a first start killed before the key file knew',
      { ...FIRST, database: { ...MARK, opened: 1, isInUse: true, parts: [] }, hasLog: true },
      [],
    ],
    ['an older database that is accepted', { ...WHOLE, database: { ...MARK, opened: 2 } }, ['vault.db']],
    ['a lost log that is accepted', { ...WHOLE, database: { ...MARK, isInUse: true } }, ['vault.db-wal']],
    ['a lost part that is accepted', { ...WHOLE, others: ['clients.json', 'ca.pem'] }, ['issuer-key.json']],
  ])('finds nothing in %s', (_, standing, accepted) => {
    expect(whatIsMissing(standing, accepted)).toBeUndefined()
  })

  it.each<[string, FolderStanding, string, RegExp]>([
    ['the database is gone', { ...WHOLE, database: 'absent' }, 'vault.db', /is missing/],
    [
      'the database is gone and its log is there',
      { ...WHOLE, database: 'absent', hasLog: true },
      'vault.db',
      /is missing/,
    ],
    [
      'a first start has a log and no database',
      { ...FIRST, database: 'absent', hasLog: true },
      'vault.db',
      /is missing/,
    ],
    ['the database is an empty file', { ...WHOLE, database: 'empty', hasLog: true }, 'vault.db', /is empty/],
    ['the database is another one, never marked', { ...WHOLE, database: 'unmarked' }, 'vault.db', /is empty/],
    [
      'the database is of another vault',
      { ...WHOLE, database: { ...MARK, vault: 'v2' } },
      'vault.db',
      /two different vaults/,
    ],
    [
      'the database is older',
      { ...WHOLE, database: { ...MARK, opened: 2 } },
      'vault.db',
      /older.*FLOW_VAULT_ACCEPT_LOSS=vault\.db\b/,
    ],
    [
      'the log of a killed server is gone',
      { ...WHOLE, database: { ...MARK, isInUse: true } },
      'vault.db-wal',
      /FLOW_VAULT_ACCEPT_LOSS=vault\.db-wal/,
    ],
    [
      'the clients are gone',
      { ...WHOLE, others: ['issuer-key.json', 'ca.pem', 'dev.json'] },
      'clients.json',
      /FLOW_VAULT_ACCEPT_LOSS=clients\.json/,
    ],
    [
      'the issuer key is gone',
      { ...WHOLE, others: ['clients.json', 'ca.pem'] },
      'issuer-key.json',
      /every token in use ends/,
    ],
    ['the authority is gone', { ...WHOLE, others: ['clients.json', 'issuer-key.json'] }, 'ca.pem', /trust/],
    ['the key file is gone', { ...WHOLE, key: undefined }, 'vault-key.json', /Put the key file back/],
    [
      'key file and database are gone, and what came after them is there',
      { key: undefined, database: 'absent', hasLog: false, others: ['dev.json'] },
      'vault-key.json',
      /dev\.json is of no use without it/,
    ],
    [
      'key file and database are gone, and the log is there',
      { key: undefined, database: 'absent', hasLog: true, others: [] },
      'vault-key.json',
      /the log vault\.db-wal/,
    ],
  ])('names the part and what to do when %s', (_, standing, part, words) => {
    const missing = whatIsMissing(standing, [])
    expect(missing?.part).toBe(part)
    expect(missing?.words('/data/file')).toMatch(words)
  })

  it('takes nothing for accepted but what is named', () => {
    const older = { ...WHOLE, database: { ...MARK, opened: 2, isInUse: true } }
    expect(whatIsMissing(older, ['vault.db-wal'])?.part).toBe('vault.db')
    expect(whatIsMissing({ ...WHOLE, database: 'absent' }, ['vault.db'])?.part).toBe('vault.db')
  })
})

function overwrite(file: string, at: number): void {
  const open = fs.openSync(file, 'r+')
  fs.writeSync(open, Buffer.alloc(64, 0x5a), 0, 64, at)
  fs.closeSync(open)
}

describe('a start over a copied folder', () => {
  const caller = { tenant: 'acme' }
  let folder: string
  let vault: RunningVault | undefined

  const copies: string[] = []

  beforeEach(async () => {
    folder = await newDataFolder()
    vault = await startRunningVault({ folder })
    await addConnection(vault, 'mail')
  })

  afterEach(async () => {
    await vault?.stop()
    for (const made of [folder, ...copies.splice(0)]) fs.rmSync(made, { recursive: true })
  })

  async function addConnection(to: RunningVault, name: string): Promise<void> {
    const created = await to.request(caller, 'POST', '/api/v2/flows/vault/connections', {
      name,
      app_id: 'SENDGRID',
      setup: { type: 'API_KEY', api_key: `SG.${name}` },
    })
    expect(created.status).toBe(201)
  }

  /** The files as they are this moment, as `cp` would take them from a server that is killed then. */
  function copy(filter: (name: string) => boolean = () => true): string {
    const target = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-copy-'))
    copies.push(target)
    const names = fs
      .readdirSync(folder)
      .filter((name) => !/^(lock\.db|server\.pid)/.test(name) && filter(name))
    for (const name of names) fs.cpSync(path.join(folder, name), path.join(target, name), { recursive: true })
    return target
  }

  async function namesIn(target: string, env: Record<string, string> = {}): Promise<string[]> {
    const copied = await startRunningVault({ folder: target, env })
    const listed = await copied.request(caller, 'GET', '/api/v2/flows/vault/connections')
    await copied.stop()
    return ((await listed.json()) as { name: string }[]).map(({ name }) => name)
  }

  /** Database, log and key file by digest; the index of the log (`-shm`) is SQLite's to make anew. */
  function files(target: string): string[] {
    const names = fs.readdirSync(target).filter((name) => /^vault.*(json|db|wal)$/.test(name))
    return names.map((name) => {
      const bytes = fs.readFileSync(path.join(target, name))
      return `${name} ${bytes.byteLength} ${createHash('sha256').update(bytes).digest('hex')}`
    })
  }

  it('serves all of it when all was copied, log included', async () => {
    expect(await namesIn(copy())).toEqual(['mail'])
  })

  it.each<[string, (name: string) => boolean, string]>([
    ['without its log', (name) => !/-(wal|shm)$/.test(name), 'vault.db-wal is missing'],
    ['with the log alone', (name) => name !== 'vault.db', 'vault.db is missing'],
    ['without database and log', (name) => !name.startsWith('vault.db'), 'vault.db is missing'],
    ['without its key file', (name) => name !== 'vault-key.json', 'the key file'],
    ['without its clients', (name) => name !== 'clients.json', 'clients.json is missing'],
  ])('is refused %s, and what is left is left', async (_, filter, words) => {
    const target = copy(filter)
    const before = files(target)
    await expect(startRunningVault({ folder: target })).rejects.toThrow(words)
    expect(files(target)).toEqual(before)
  })

  it('is refused when the database is empty beside a good log, which stays', async () => {
    const target = copy()
    fs.truncateSync(path.join(target, 'vault.db'), 0)
    const before = files(target)
    await expect(startRunningVault({ folder: target })).rejects.toThrow('vault.db is empty')
    expect(files(target)).toEqual(before)
  })

  it('is refused when the database is that of an earlier run, unless that is accepted', async () => {
    await vault?.stop()
    const older = fs.readFileSync(path.join(folder, 'vault.db'))
    vault = await startRunningVault({ folder })
    await addConnection(vault, 'chat')
    await vault.stop()
    vault = undefined
    const target = copy()
    fs.writeFileSync(path.join(target, 'vault.db'), older)
    await expect(startRunningVault({ folder: target })).rejects.toThrow('older than its key file')
    expect(await namesIn(target, { FLOW_VAULT_ACCEPT_LOSS: 'vault.db' })).toEqual(['mail'])
    expect(await namesIn(target)).toEqual(['mail'])
    const newest = copy()
    expect(await namesIn(newest)).toEqual(['mail', 'chat'])
    // The refresh tokens in the older one may have been replaced since.
    expect([await isMarkedRestored(target), await isMarkedRestored(newest)]).toEqual([true, false])
  })

  it('is marked as restored when the log that it lacks is accepted as lost', async () => {
    const target = copy((name) => !/-(wal|shm)$/.test(name))
    const copied = await startRunningVault({
      folder: target,
      env: { FLOW_VAULT_ACCEPT_LOSS: 'vault.db-wal' },
    })
    expect([banner(copied.server), banner(vault!.server)]).toEqual([
      expect.stringContaining('restore -- --source-is-gone'),
      expect.not.stringContaining('RESTORED'),
    ])
    await copied.stop()
    expect(await isMarkedRestored(target)).toBe(true)
  })

  it.each<[string, (log: string) => void]>([
    ['cut short', (log) => fs.truncateSync(log, fs.statSync(log).size - 4000)],
    ['damaged in its middle', (log) => overwrite(log, Math.floor(fs.statSync(log).size / 2))],
  ])('is refused when its log was %s, unless that is accepted', async (_, damage) => {
    await addConnection(vault!, 'chat')
    const target = copy()
    damage(path.join(target, 'vault.db-wal'))
    const before = files(target)
    const words =
      /vault\.db-wal was cut short or damaged, .* last (?:\d+ pages of [^.]* are|page of [^.]* is) not in it.*FLOW_VAULT_ACCEPT_LOSS=vault\.db-wal/
    await expect(startRunningVault({ folder: target })).rejects.toThrow(words)
    await expect(startRunningVault({ folder: target })).rejects.toThrow(words)
    expect(files(target)).toEqual(before)
    const names = await namesIn(target, { FLOW_VAULT_ACCEPT_LOSS: 'vault.db-wal' })
    expect(names).not.toContain('chat')
    // The refresh tokens in what is left may have been replaced since.
    expect(await isMarkedRestored(target)).toBe(true)
  })

  it('is not refused for a log that was emptied, or begun anew, since its index was written', async () => {
    const index = fs.readFileSync(path.join(folder, 'vault.db-shm'))
    const { items } = vault!.server.vault
    items.moveLog()
    await addConnection(vault!, 'chat')
    const begun = copy()
    items.moveLog()
    const emptied = copy()
    for (const target of [begun, emptied]) {
      fs.writeFileSync(path.join(target, 'vault.db-shm'), index)
      expect(await namesIn(target)).toEqual(['mail', 'chat'])
    }
  })

  it('is refused when a log is there that does not fit its database', async () => {
    const { items } = vault!.server.vault
    const rows = Array.from({ length: 200 }, (_, n) => ({
      partition: 'TENANT#other#X',
      sort: `${n}`.padStart(500, '0'),
    }))
    await Promise.all(rows.map((key) => items.transact([{ op: 'put', key, attributes: {} }])))
    items.moveLog()
    await addConnection(vault!, 'chat')
    const target = copy()
    const database = path.join(target, 'vault.db')
    const bytes = fs.readFileSync(database)
    // Pages in the middle, which the log has not: as of another moment than the rest.
    bytes.fill(0x5a, bytes.byteLength / 2, bytes.byteLength / 2 + 3 * 4096)
    fs.writeFileSync(database, bytes)
    const before = files(target)
    await expect(startRunningVault({ folder: target })).rejects.toThrow(/do not fit together, or are damaged/)
    expect(files(target)).toEqual(before)
  })

  it('makes a lost part anew when that is accepted by name', async () => {
    const target = copy((name) => name !== 'clients.json')
    expect(await namesIn(target, { FLOW_VAULT_ACCEPT_LOSS: 'clients.json' })).toEqual(['mail'])
  })
})
