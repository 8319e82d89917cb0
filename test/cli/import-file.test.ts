import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { idempotencyKeyOf, overlaid, readImportFile } from '../../cli/import-file.ts'

describe('readImportFile', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-import-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function read(name: string, text: string, mode = 0o600) {
    const file = path.join(folder, name)
    await writeFile(file, text)
    await chmod(file, mode)
    return readImportFile(file)
  }

  it('reads JSON lines, and says of which line something is wrong, without quoting it', async () => {
    const { lines } = await read('a.jsonl', '\uFEFF{"name":"a"}\n\n{"planted-secret"\n["b"]\r\n{"name":"c"}')
    expect(lines).toEqual([
      { line: 1, body: { name: 'a' } },
      { line: 3, error: 'is no JSON' },
      { line: 4, error: 'is no JSON object' },
      { line: 5, body: { name: 'c' } },
    ])
  })

  it('takes what an export writes for nothing as left out, and scopes in one text', async () => {
    const grant = { refresh_token: 'r-1', access_token: null, expires_at: '', scopes: 'read, write' }
    const setup = { client_id: null, scope: 'read', more: { a: null, b: 1 } }
    const { lines } = await read('a.jsonl', JSON.stringify({ name: 'a', app_id: null, setup, grant }))
    expect(lines).toEqual([
      {
        line: 1,
        body: {
          name: 'a',
          setup: { scope: 'read', more: { b: 1 } },
          grant: { refresh_token: 'r-1', scopes: ['read', 'write'] },
        },
      },
    ])
  })

  it('reads values with commas, quotation marks and line ends in them into members of members', async () => {
    const { lines } = await read(
      'a.CSV',
      'name,setup.scope,grant.refresh_token,grant.expires_at,grant.scopes\r\n' +
        '"Orders, ""all""",read,r-1,1800000000,"read, write"\r\n' +
        '"two\nlines",,r-2,2027-01-15T08:00:00Z,\n\n' +
        'short,r-3\n"x"y,,,,\nlast,,r-4,,"read',
    )
    expect(lines).toEqual([
      {
        line: 2,
        body: {
          name: 'Orders, "all"',
          setup: { scope: 'read' },
          grant: { refresh_token: 'r-1', expires_at: 1_800_000_000, scopes: ['read', 'write'] },
        },
      },
      {
        line: 3,
        body: { name: 'two\nlines', grant: { refresh_token: 'r-2', expires_at: '2027-01-15T08:00:00Z' } },
      },
      { line: 6, error: 'has 2 values where the first line names 5' },
      { line: 7, error: 'has text behind a closing quotation mark' },
      { line: 8, body: { name: 'last', grant: { refresh_token: 'r-4', scopes: ['read'] } } },
    ])
  })

  it.each([
    ['a column without a name', 'name,,x\n'],
    ['one name twice', 'name,name\n'],
    ['a prototype', 'name,setup.__proto__\n'],
  ])('refuses %s', async (_what, text) => {
    await expect(read('b.csv', text)).rejects.toThrow('The first line of the file has to name the columns')
  })

  it('sees who else may read the file, and says what cannot be read', async () => {
    expect((await read('c.jsonl', '', 0o600)).isOpenToOthers).toBe(false)
    expect((await read('c.jsonl', '', 0o644)).isOpenToOthers).toBe(true)
    expect(() => readImportFile(path.join(folder, 'none'))).toThrow('ENOENT')
  })
})

describe('overlaid', () => {
  it('lays members of members over each other, and replaces all else', () => {
    const base = { app_id: 'OAUTH2', setup: { oauth_app_id: 'oa_1', scope: 'a' }, grant: { scopes: ['a'] } }
    expect(overlaid(base, { setup: { scope: 'b' }, grant: { scopes: ['b'] } })).toEqual({
      app_id: 'OAUTH2',
      setup: { oauth_app_id: 'oa_1', scope: 'b' },
      grant: { scopes: ['b'] },
    })
  })
})

describe('idempotencyKeyOf', () => {
  it('is the same for the same line, another for another, and shows nothing of it', () => {
    const key = idempotencyKeyOf({ grant: { refresh_token: 'r-1' } })
    expect(key).toMatch(/^import-[0-9a-f]{64}$/)
    expect(idempotencyKeyOf({ grant: { refresh_token: 'r-1' } })).toBe(key)
    expect(idempotencyKeyOf({ grant: { refresh_token: 'r-2' } })).not.toBe(key)
  })
})
