import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../shared/adapters/memory/memory-secret-store.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { VaultError } from '../../shared/domain/errors.ts'
import type { GrantSealer } from '../../shared/ports/grant-sealer.ts'
import { type ItemStore, StoreUnavailableError } from '../../shared/ports/item-store.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import { fetchCredential } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { sweepDue } from '../../shared/use-cases/rotation/sweep-due.ts'
import { doWorkItem } from '../../shared/use-cases/rotation/work-item.ts'
import { OPEN_KEYS } from '../support/open-keys.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { Chance } from './chance.ts'
import { Invariants } from './invariants.ts'
import { Machine, type SimulatedProcess } from './machine.ts'
import { ModelOAuthClient, type ProviderWeather } from './model-oauth-client.ts'
import { ModelQueue } from './model-queue.ts'
import { ModelServer } from './model-server.ts'
import { type ProcessPorts, portsOf } from './process-ports.ts'
import { FAIR_PROVIDER, FAIR_STORES, type Scenario } from './scenario.ts'
import { FaultyItemStore, FaultySecretStore, StoreCalls, type StoreWeather } from './store-faults.ts'
import { VirtualTime } from './virtual-time.ts'

const START_MS = Date.UTC(2030, 0, 1)
const MINUTE_MS = 60_000

/** Pieces of the vault that a planted bug replaces: each gets the real one and answers what is used instead. */
export interface Plants {
  items?(real: ItemStore, process: SimulatedProcess): ItemStore
  secrets?(real: SecretStore, process: SimulatedProcess): SecretStore
  sealer?(real: GrantSealer, process: SimulatedProcess): GrantSealer
  oauth?(real: OAuthClient, process: SimulatedProcess): OAuthClient
}

/** The vault on several machines, its stores, its providers, and the weather they all live in. */
export class World {
  readonly time = new VirtualTime(START_MS)
  readonly chance: Chance
  readonly scenario: Scenario
  readonly server: ModelServer
  readonly invariants: Invariants
  readonly items = new MemoryItemStore()
  readonly secrets: SecretStore
  /** The sealed tokens as they are, without weather. */
  readonly sealer: GrantSealer
  readonly machines: readonly Machine[]
  readonly queue: ModelQueue
  readonly stores: StoreWeather = { ...FAIR_STORES }
  readonly provider: ProviderWeather = { ...FAIR_PROVIDER }
  readonly #plants: Plants
  readonly #seals: Omit<ConstructorParameters<typeof SealedGrants>[0], 'items'>
  readonly #ports = new WeakMap<SimulatedProcess, ProcessPorts>()

  constructor(scenario: Scenario, plants: Plants = {}) {
    this.scenario = scenario
    this.#plants = plants
    this.chance = new Chance(scenario.seed)
    const clock = { nowMs: () => this.time.nowMs }
    const random = new SeededRandom(scenario.seed)
    // In turns as in one file and as in DynamoDB.
    const discardsAtOnce = scenario.seed % 4 < 2
    this.secrets = scenario.secretsAmongRows
      ? new SealedSecretStore({
          deployment: 'local',
          items: this.items,
          keys: OPEN_KEYS,
          clock,
          random,
          discardsAtOnce,
        })
      : new MemorySecretStore(clock)
    this.#seals = { keys: OPEN_KEYS, random, removesAtOnce: discardsAtOnce }
    this.sealer = new SealedGrants({ ...this.#seals, items: this.items })
    this.server = new ModelServer(this.time, this.chance)
    this.machines = Array.from(
      { length: scenario.machines },
      (_, index) => new Machine(`m${index}`, this.time),
    )
    this.invariants = new Invariants({
      time: this.time,
      server: this.server,
      items: this.items,
      secrets: this.secrets,
      sealer: this.sealer,
      clocksAreRight: scenario.maxOffsetMs === 0,
    })
    this.queue = new ModelQueue({
      time: this.time,
      chance: this.chance,
      pickProcess: () => this.pickProcess(),
      work: async (process, item) => {
        await this.attempt('work', () => doWorkItem(this.portsOf(process), item))
      },
    })
  }

  /** Some process that can begin something, or none when all are down or stall. */
  pickProcess(): SimulatedProcess | undefined {
    const running = this.machines.map(({ current }) => current).filter(({ isRunning }) => isRunning)
    return running.length === 0 ? undefined : this.chance.pick(running)
  }

  portsOf(process: SimulatedProcess): ProcessPorts {
    const known = this.#ports.get(process)
    if (known !== undefined) return known
    const ports = this.#makePorts(process)
    this.#ports.set(process, ports)
    return ports
  }

  #makePorts(process: SimulatedProcess): ProcessPorts {
    const { chance, server, invariants } = this
    const calls = new StoreCalls(process, chance, this.stores)
    const items = new FaultyItemStore(this.items, calls, (writes) => invariants.applied(writes))
    const secrets = new FaultySecretStore(this.secrets, calls)
    const planted = this.#plants.items?.(items, process) ?? items
    const sealer = new SealedGrants({ ...this.#seals, items: planted })
    const rules = {
      accessLifeMs: 10 * MINUTE_MS,
      expiryBasis: 'stated',
      rotates: false,
      graceMs: 0,
      reuseRevokes: false,
    } as const
    const oauth = new ModelOAuthClient(process, { server, chance, weather: this.provider, invariants, rules })
    return portsOf(process, {
      items: planted,
      sealer: this.#plants.sealer?.(sealer, process) ?? sealer,
      secrets: this.#plants.secrets?.(secrets, process) ?? secrets,
      oauth: this.#plants.oauth?.(oauth, process) ?? oauth,
      work: this.queue,
      chance,
    })
  }

  /** Calls `act` every so often, a little irregularly, until the simulation ends. */
  every(ms: number, act: () => void): void {
    if (!Number.isFinite(ms)) return
    this.time.after(ms * this.chance.between(0.5, 1.5), () => {
      act()
      this.every(ms, act)
    })
  }

  /** Runs a use case: what may fail does, and only what cannot be foreseen is a breach. */
  async attempt<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof VaultError || error instanceof StoreUnavailableError) {
        if (what === 'work') throw error
        return undefined
      }
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      this.invariants.breach(
        'unexpected',
        `${what} failed with ${text}\n${error instanceof Error ? error.stack : ''}`,
      )
      return undefined
    }
  }

  /** Starts what every process does by itself: the sweep and the reconciliation, each minute on some machine. */
  startLoops(sweepEveryMs = MINUTE_MS): void {
    this.every(sweepEveryMs, () => {
      const process = this.pickProcess()
      if (process !== undefined)
        void this.attempt('sweep', () => sweepDue(this.portsOf(process), { capacity: 1000, perTenant: 500 }))
    })
    this.every(MINUTE_MS, () => {
      const process = this.pickProcess()
      if (process !== undefined) void this.attempt('reconcile', () => reconcileWork(this.portsOf(process)))
    })
  }

  /** A flow asks for a credential; what it gets is held against the truth. */
  async fetch(tenant: string, id: string, minTtlSeconds: number): Promise<'given' | VaultError | undefined> {
    const process = this.pickProcess()
    if (process === undefined) return undefined
    try {
      const fetched = await fetchCredential(this.portsOf(process), { tenant, id, minTtlSeconds })
      if (fetched.kind === 'credential') this.invariants.fetched(process, id, fetched.body)
      return 'given'
    } catch (error) {
      this.invariants.counts.notFetched++
      if (error instanceof VaultError) return error
      if (!(error instanceof StoreUnavailableError))
        this.invariants.breach(
          'unexpected',
          `fetch failed with ${error instanceof Error ? error.stack : String(error)}`,
        )
      return undefined
    }
  }
}
