import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openStores } from '../../infra/embedded/open-stores.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { InvariantError } from '../../shared/domain/errors.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import { reconcileStores } from '../../shared/use-cases/reconcile/reconcile-stores.ts'
import { reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { newDataFolder } from '../support/running-vault.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type SpawnedVault, spawnVault } from '../support/spawned-vault.ts'
import { brokenInvariants } from './invariants.ts'
import { WritingClient } from './writing-client.ts'

const SEED = Number(process.env['SEED'] ?? 20260)
const ROUNDS = Number(process.env['ROUNDS'] ?? 50)
/** The server lives this long under load at most; it writes its first row within milliseconds. */
const LONGEST_LIFE_MS = 700
const SAMPLED = 15
const DAY_MS = 24 * 3600_000
const TEST_TIMEOUT_MS = 15 * 60_000

/** A port that was free a moment ago: the issuer's URL, and with it every token, is bound to it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Nothing here has a grant, so nobody may ask a provider for anything. */
const NO_GRANTS = new Proxy({} as GrantRunner, {
  get(): never {
    throw new InvariantError('no connection of this test has a grant')
  },
})

/** What reconcile makes of the folder a minute and then days later, by the faults that are left in it. */
async function reconcileFolder(folder: string): Promise<{ afterMinutes: string[]; afterDays: string[] }> {
  const random = new SystemRandom()
  const { items, keys, digester } = await openStores(folder, { random })
  let aheadMs = 61_000
  const clock = {
    nowMs: () => Date.now() + aheadMs,
    monotonicMs: () => performance.now(),
    sleep: async () => undefined,
  }
  const secrets = new SealedSecretStore({ deployment: 'local', items, keys, clock, random })
  const log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }
  const work = { enqueue: async () => undefined }
  const ports = { items, secrets, digester, clock, random, log, work, grants: NO_GRANTS }
  try {
    const faults = await items.checkIntegrity()
    const { failed } = await reconcileWork(ports)
    if (failed > 0) faults.push(`${failed} items could not be reconciled`)
    const afterMinutes = [...faults, ...(await brokenInvariants({ items, clock }, { versions: false }))]
    for (let day = 0; day < 3; day++) {
      aheadMs += DAY_MS
      await reconcileStores(ports)
    }
    // What was never committed is marked for an hour; by then it is over.
    await items.removeExpired(clock.nowMs(), 100_000)
    return { afterMinutes, afterDays: await brokenInvariants({ items, clock }, { versions: true }) }
  } finally {
    await items.close()
  }
}

describe('a server that is killed under load', () => {
  let folder: string
  let vault: SpawnedVault

  afterEach(async () => {
    await vault.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it(
    `keeps what it answered and leaves no half of anything, in ${ROUNDS} kills (seed ${SEED})`,
    async () => {
      const random = new SeededRandom(SEED)
      folder = await newDataFolder()
      const options = { folder, env: { PORT: String(await freePort()) } }
      vault = await spawnVault(options)
      const clients: WritingClient[] = []
      for (const label of ['ann', 'ben', 'cyd', 'dee']) {
        const tenant = clients.length % 2 === 0 ? 'acme' : 'umbrella'
        const token = await vault.token({ tenant })
        clients.push(new WritingClient({ url: vault.url, token, label, seed: random.below(2 ** 31) }))
      }
      const problems = () => clients.flatMap((client) => client.problems)
      for (let round = 1; round <= ROUNDS; round++) {
        const lifeMs = random.below(LONGEST_LIFE_MS)
        const writing = clients.map((client) => client.writeUntilKilled())
        await new Promise((resolve) => setTimeout(resolve, lifeMs))
        await vault.kill()
        await Promise.all(writing)
        vault = await spawnVault(options)
        await Promise.all(clients.map((client) => client.verify(SAMPLED)))
        expect([`round ${round}`, ...problems()]).toEqual([`round ${round}`])
      }
      await vault.kill()
      expect(await reconcileFolder(folder)).toEqual({ afterMinutes: [], afterDays: [] })
      vault = await spawnVault(options)
      await Promise.all(clients.map((client) => client.verify(Number.POSITIVE_INFINITY)))
      expect(problems()).toEqual([])
      const total = (name: 'acknowledged' | 'doubted') =>
        clients.reduce((sum, client) => sum + client[name], 0)
      process.stdout.write(`${total('acknowledged')} writes answered, ${total('doubted')} cut off\n`)
      expect(total('acknowledged')).toBeGreaterThan(ROUNDS * 10)
      expect(total('doubted')).toBeGreaterThan(ROUNDS)
    },
    TEST_TIMEOUT_MS,
  )
})
