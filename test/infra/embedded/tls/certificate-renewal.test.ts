import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import tls from 'node:tls'
import { MovableClock } from '../../../support/movable-clock.ts'
import { type RunningVault, startRunningVault } from '../../../support/running-vault.ts'

const DAY_MS = 86_400_000

/** The machine's clock; who waits for a day waits until the test says that one has passed. */
class DailyClock extends MovableClock {
  #waiting: (() => void)[] = []
  #asleep = Promise.withResolvers<void>()

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms !== DAY_MS) return super.sleep(ms, signal)
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason))
      this.#asleep.resolve()
    })
  }

  /** Moves the calendar on by whole days, and lets the work of the last one end. */
  async pass(days: number): Promise<void> {
    await this.#asleep.promise
    this.#asleep = Promise.withResolvers()
    this.moveOn(days * DAY_MS)
    for (const wake of this.#waiting.splice(0)) wake()
    await this.#asleep.promise
  }
}

describe('a server that runs for longer than its certificate', () => {
  let clock: DailyClock
  let vault: RunningVault
  let started: X509Certificate

  beforeEach(async () => {
    clock = new DailyClock()
    vault = await startRunningVault({ clock, env: { FLOW_VAULT_PUBLIC_URL: 'https://vault.example.test' } })
    started = await shown(vault)
  })

  afterEach(() => vault.stop())

  it('shows the same one day by day, until less than 30 days are left', async () => {
    await clock.pass(1)
    expect((await shown(vault)).fingerprint256).toBe(started.fingerprint256)
    await clock.pass(365)
    expect((await shown(vault)).fingerprint256).toBe(started.fingerprint256)
    await clock.pass(2)
    const renewed = await shown(vault)
    expect(renewed.fingerprint256).not.toBe(started.fingerprint256)
    // Both are for the name that browsers know the vault by.
    for (const { subjectAltName } of [started, renewed]) {
      expect(subjectAltName).toContain('DNS:vault.example.test')
    }
    expect(renewed.validToDate.getTime()).toBeGreaterThan(clock.nowMs() + 396 * DAY_MS)
    expect(vault.log().join('\n')).toContain('renewed the certificate of the https listener')
  })

  it('shows one by the same authority, whose key it proves, and keeps it', async () => {
    await clock.pass(368)
    const authority = new X509Certificate(fs.readFileSync(vault.caPath))
    const renewed = await shown(vault)
    expect(renewed.verify(authority.publicKey)).toBe(true)
    const kept = new X509Certificate(fs.readFileSync(path.join(vault.folder, 'tls', 'server.pem')))
    expect(kept.fingerprint256).toBe(renewed.fingerprint256)
    await clock.pass(1)
    expect((await shown(vault)).fingerprint256).toBe(renewed.fingerprint256)
  })

  it('leaves connections that are open as they are', async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
    const before = await get(vault, agent)
    await clock.pass(368)
    const after = await get(vault, agent)
    agent.destroy()
    expect(after).toEqual({ status: 200, port: before.port })
    expect((await shown(vault)).fingerprint256).not.toBe(started.fingerprint256)
  })

  it('says why it cannot, keeps the one it has, and tries again the next day', async () => {
    const keyFile = path.join(vault.folder, 'tls', 'ca-key.pem')
    const key = fs.readFileSync(keyFile)
    fs.rmSync(keyFile)
    await clock.pass(368)
    expect((await shown(vault)).fingerprint256).toBe(started.fingerprint256)
    const [line] = vault.log().filter((one) => one.includes('could not be renewed'))
    expect(JSON.parse(line!)).toMatchObject({
      level: 'ERROR',
      error: 'DamagedFileError',
      reason: expect.stringContaining('ca-key.pem is missing'),
    })
    fs.writeFileSync(keyFile, key, { mode: 0o600 })
    await clock.pass(1)
    expect((await shown(vault)).fingerprint256).not.toBe(started.fingerprint256)
  })
})

/** The certificate of a new handshake. Dates are not judged: OpenSSL goes by the machine's calendar. */
function shown(vault: RunningVault): Promise<X509Certificate> {
  const { port } = new URL(vault.tlsUrl)
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

/** A request over the agent's connection, and the port it came from. */
function get(vault: RunningVault, agent: https.Agent): Promise<{ status: number; port: number }> {
  return new Promise((resolve, reject) => {
    const request = https.get(`${vault.tlsUrl}/healthz`, { agent, family: 4 }, (response) => {
      const port = response.socket.localPort!
      response.resume()
      response.once('end', () => resolve({ status: response.statusCode!, port }))
    })
    request.once('error', reject)
  })
}
