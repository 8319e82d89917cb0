import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ClientRegistry } from '../../../../infra/embedded/issuer/client-registry.ts'
import { ensureDevClient } from '../../../../infra/embedded/issuer/dev-client.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../../../shared/domain/scopes.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const WHERE = {
  url: 'http://127.0.0.1:8787',
  tls_url: 'https://localhost:8788',
  issuer: 'http://127.0.0.1:8787/',
  audience: 'http://127.0.0.1:8787/api/v2/',
  ca: '/data/ca.pem',
}

describe('ensureDevClient', () => {
  let folder: string
  let clients: ClientRegistry

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-dev-'))
    const ports = { clock: new ManualClock(), random: new SystemRandom() }
    clients = ClientRegistry.open(path.join(folder, 'clients.json'), ports)
  })

  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  const file = () => path.join(folder, 'dev.json')
  const read = () => JSON.parse(fs.readFileSync(file(), 'utf8'))

  it('goes on where a first start was killed, after the file and before the registration', () => {
    const dev = ensureDevClient(folder, clients, WHERE)!
    fs.rmSync(path.join(folder, 'clients.json'))
    const ports = { clock: new ManualClock(), random: new SystemRandom() }
    const next = ClientRegistry.open(path.join(folder, 'clients.json'), ports)
    expect(ensureDevClient(folder, next, WHERE)).toEqual(dev)
    expect(next.authenticate(dev.client_id, dev.client_secret)).toMatchObject({ tenant: 'dev' })
    expect(next.list()).toHaveLength(1)
  })

  it('gives no rights back to a first client that a person removed', () => {
    const dev = ensureDevClient(folder, clients, WHERE)!
    clients.remove(dev.client_id)
    ensureDevClient(folder, clients, WHERE)
    expect(clients.list()).toEqual([])
  })

  it('makes one client with every scope on the first start, and writes how to use it for the owner only', () => {
    const dev = ensureDevClient(folder, clients, WHERE)!
    expect(dev).toMatchObject({ ...WHERE, tenant: 'dev' })
    expect(clients.authenticate(dev.client_id, dev.client_secret)).toMatchObject({
      tenant: 'dev',
      scopes: ALL_SCOPES,
    })
    expect(read()).toEqual(dev)
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600)
  })

  it('keeps that client on later starts, and follows the addresses', () => {
    const first = ensureDevClient(folder, clients, WHERE)
    const moved = ensureDevClient(folder, clients, { ...WHERE, url: 'http://127.0.0.1:9000' })
    expect(moved).toEqual({ ...first, url: 'http://127.0.0.1:9000' })
    expect(read()).toEqual(moved)
    expect(clients.list()).toHaveLength(1)
  })

  it('makes no other one when a person removed the file', () => {
    ensureDevClient(folder, clients, WHERE)
    fs.rmSync(file())
    expect(ensureDevClient(folder, clients, WHERE)).toBeUndefined()
    expect(clients.list()).toHaveLength(1)
    expect(fs.existsSync(file())).toBe(false)
  })
})
