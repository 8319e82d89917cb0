import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { tryFileLock } from '../../../../infra/embedded/data-folder.ts'
import { ClientRefusedError, ClientRegistry } from '../../../../infra/embedded/issuer/client-registry.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const WANTED = { name: 'ci', tenant: 'acme', scopes: ['read:flows_vault_connections'] }

describe('ClientRegistry', () => {
  let folder: string
  let file: string
  let clock: ManualClock

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-clients-'))
    file = path.join(folder, 'clients.json')
    clock = new ManualClock(Date.UTC(2030, 0, 1))
  })

  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  const open = () => ClientRegistry.open(file, { clock, random: new SystemRandom() })

  it('knows a client by the secret that it answered once, and keeps only a hash of it', () => {
    const registry = open()
    const { client, secret } = registry.add(WANTED)
    expect(client).toEqual({
      ...WANTED,
      client_id: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      secret_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      created_at: '2030-01-01T00:00:00.000Z',
    })
    expect(secret.reveal()).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(registry.authenticate(client.client_id, secret.reveal())).toEqual(client)
    expect(fs.readFileSync(file, 'utf8')).not.toContain(secret.reveal())
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  })

  it('refuses a wrong, an empty and another client’s secret, the hash itself, and an unknown client', () => {
    const registry = open()
    const one = registry.add(WANTED)
    const two = registry.add({ ...WANTED, name: 'other' })
    for (const secret of ['', 'wrong', two.secret.reveal(), one.client.secret_hash]) {
      expect(registry.authenticate(one.client.client_id, secret)).toBeUndefined()
    }
    expect(registry.authenticate('unknown', one.secret.reveal())).toBeUndefined()
    expect(registry.authenticate('unknown', '')).toBeUndefined()
    expect(registry.authenticate('', '')).toBeUndefined()
  })

  it('gives every client an id and a secret of its own, and lists them oldest first', () => {
    const registry = open()
    const added = ['a', 'b', 'c'].map((name) => registry.add({ ...WANTED, name }))
    expect(registry.list().map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(new Set(added.map(({ secret }) => secret.reveal())).size).toBe(3)
    expect(new Set(added.map(({ client }) => client.client_id)).size).toBe(3)
  })

  it('is the same after it is opened again', () => {
    const { client, secret } = open().add(WANTED)
    expect(open().authenticate(client.client_id, secret.reveal())).toEqual(client)
  })

  it.each([
    ['an empty name', { ...WANTED, name: '' }, 'the name must have 1 to 100 characters'],
    ['a long name', { ...WANTED, name: 'x'.repeat(101) }, 'the name must have 1 to 100 characters'],
    ['a name that steers a terminal', { ...WANTED, name: 'a\u001b[2Jb' }, 'no control characters'],
    ['a tenant with a slash', { ...WANTED, tenant: 'a/b' }, 'the tenant "a/b" is not allowed'],
    ['no tenant', { ...WANTED, tenant: '' }, 'the tenant "" is not allowed'],
    ['a tenant of 65 characters', { ...WANTED, tenant: 'x'.repeat(65) }, 'is not allowed: 1 to 64 letters'],
    [
      'a scope that does not exist',
      { ...WANTED, scopes: ['read:everything'] },
      'there is no scope "read:everything"',
    ],
    ['no scope', { ...WANTED, scopes: [] }, 'at least one scope'],
  ])('refuses %s, says what is allowed, and changes nothing', (_what, wanted, message) => {
    const registry = open()
    expect(() => registry.add(wanted)).toThrow(ClientRefusedError)
    expect(() => registry.add(wanted)).toThrow(message)
    expect(fs.existsSync(file)).toBe(false)
  })

  it('removes a client, and says when there is none', () => {
    const registry = open()
    const kept = registry.add(WANTED)
    const { client, secret } = registry.add(WANTED)
    expect(registry.remove(client.client_id)).toBe(true)
    expect(registry.remove(client.client_id)).toBe(false)
    expect(registry.authenticate(client.client_id, secret.reveal())).toBeUndefined()
    expect(registry.list()).toEqual([kept.client])
  })

  it('sees what another process added at once, and what it removed within a second', async () => {
    const server = open()
    const command = open()
    const { client, secret } = command.add(WANTED)
    expect(server.has(client.client_id)).toBe(true)
    expect(server.authenticate(client.client_id, secret.reveal())).toEqual(client)
    command.remove(client.client_id)
    await clock.advance(999)
    expect(server.authenticate(client.client_id, secret.reveal())).toEqual(client)
    await clock.advance(1)
    expect(server.authenticate(client.client_id, secret.reveal())).toBeUndefined()
  })

  it('keeps what another process added since it last looked', () => {
    const one = open()
    const two = open()
    one.add({ ...WANTED, name: 'one' })
    two.add({ ...WANTED, name: 'two' })
    one.add({ ...WANTED, name: 'three' })
    expect(
      open()
        .list()
        .map(({ name }) => name),
    ).toEqual(['one', 'two', 'three'])
  })

  it('lets only one process change the file at a time, and is free again when that is done', () => {
    const registry = open()
    registry.add(WANTED)
    const other = tryFileLock(`${file}.lock`, 0)
    expect(other).toBeDefined()
    other?.release()
    registry.add(WANTED)
    expect(registry.list()).toHaveLength(2)
  })

  it.each([
    ['no JSON', '{"clients": [{"secret_hash": "5ec4e7'],
    ['no list', '{"users": []}'],
    ['a client without a hash', '{"clients": [{"client_id": "a", "tenant": "acme"}]}'],
    [
      'a client of no tenant',
      `{"clients": [{"client_id": "a", "tenant": "a/b", "secret_hash": "${'0'.repeat(64)}"}]}`,
    ],
  ])('takes a file with %s for damaged, not for empty, and quotes none of it', (_what, text) => {
    fs.writeFileSync(file, text)
    expect(open).toThrow(`${file} is damaged: it is not a list of clients.`)
  })
})
