import type { SecretText } from '../../shared/domain/secret-text.ts'
import {
  type Attributes,
  type DuePage,
  type DueQuery,
  type Item,
  type ItemKey,
  type ItemPage,
  type ItemQuery,
  type ItemStore,
  StoreUnavailableError,
  type Write,
} from '../../shared/ports/item-store.ts'
import type { SecretPage, SecretStore } from '../../shared/ports/secret-store.ts'
import type { Chance } from './chance.ts'
import type { SimulatedProcess } from './machine.ts'

/** How badly stores and processes behave; all zero is fair weather. */
export interface StoreWeather {
  latencyMs: number
  /** Of a call to fail without effect, or with an outcome the caller never learns. */
  notApplied: number
  unknown: number
  /** Of the process to die just before or just after a call takes effect. */
  crashAtRead: number
  crashAtWrite: number
  /** Of the process to stall while an answer is on its way. */
  stall: number
  maxStallMs: number
  /** Of a due row to be left out of an answer of the index. */
  indexLag: number
  /** Until then every call fails without effect. */
  downUntilMs: number
}

/** What a process calls its stores through: every await is a place to be slow, to fail, to stall and to die. */
export class StoreCalls {
  readonly #process: SimulatedProcess
  readonly #chance: Chance
  readonly #weather: StoreWeather

  constructor(process: SimulatedProcess, chance: Chance, weather: StoreWeather) {
    this.#process = process
    this.#chance = chance
    this.#weather = weather
  }

  async read<T>(act: () => Promise<T>): Promise<T> {
    const chance = this.#chance
    const weather = this.#weather
    this.#perhapsCrash(weather.crashAtRead)
    if (!this.#process.isAlive) return never()
    const fails = this.#isDown() || chance.happens(weather.notApplied + weather.unknown)
    // Most reads are too fast to matter; the others are where everything else may happen in between.
    if (!fails && chance.happens(0.7)) return act()
    await this.#process.receive(chance.latencyMs(weather.latencyMs), () => undefined)
    if (fails) throw new StoreUnavailableError('the simulated store does not answer', 'not-applied')
    return act()
  }

  async write<T>(act: () => Promise<T>): Promise<T> {
    const chance = this.#chance
    const weather = this.#weather
    const process = this.#process
    if (!process.isAlive) return never()
    const wayMs = chance.latencyMs(weather.latencyMs)
    const fate = this.#isDown() ? 'not-applied' : this.#fateOfWrite()
    this.#perhapsCrash(weather.crashAtWrite / 2)
    await process.machine.time.delay(wayMs)
    // A request that is on its way when its sender dies still arrives, half of the time.
    if (!process.isAlive && chance.happens(0.5)) return never()
    if (fate === 'not-applied' || fate === 'unknown-not-applied') return this.#fail(fate)
    if (fate === 'unknown-late') {
      void process.machine.time
        .delay(chance.between(0, 5_000))
        .then(act)
        .catch(() => undefined)
      return this.#fail(fate)
    }
    const settled = await settledOf(act)
    this.#perhapsCrash(weather.crashAtWrite / 2)
    if (process.isAlive && chance.happens(weather.stall)) process.stall(chance.between(0, weather.maxStallMs))
    if (fate === 'unknown-applied') return this.#fail(fate)
    return process.receive(wayMs, () => {
      if ('error' in settled) throw settled.error
      return settled.value
    })
  }

  dropsFromIndex(): boolean {
    return this.#chance.happens(this.#weather.indexLag)
  }

  #isDown(): boolean {
    return this.#process.machine.time.nowMs < this.#weather.downUntilMs
  }

  #fateOfWrite(): 'fine' | 'not-applied' | 'unknown-not-applied' | 'unknown-applied' | 'unknown-late' {
    const chance = this.#chance
    if (chance.happens(this.#weather.notApplied)) return 'not-applied'
    if (!chance.happens(this.#weather.unknown)) return 'fine'
    return chance.pick(['unknown-not-applied', 'unknown-applied', 'unknown-applied', 'unknown-late'])
  }

  #fail(fate: string): Promise<never> {
    const outcome = fate === 'not-applied' ? 'not-applied' : 'unknown'
    return this.#process.receive(this.#chance.latencyMs(this.#weather.latencyMs), () => {
      throw new StoreUnavailableError('the simulated store does not answer', outcome)
    })
  }

  #perhapsCrash(probability: number): void {
    if (this.#process.isAlive && this.#chance.happens(probability)) {
      this.#process.machine.crash(this.#chance.between(100, 30_000))
    }
  }
}

async function settledOf<T>(act: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await act() }
  } catch (error) {
    return { error }
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

/** The row store as a process sees it; `onApplied` hears of each transaction when it takes effect. */
export class FaultyItemStore implements ItemStore {
  readonly #inner: ItemStore
  readonly #calls: StoreCalls
  readonly #onApplied: (writes: readonly Write[]) => Promise<void>

  constructor(inner: ItemStore, calls: StoreCalls, onApplied: (writes: readonly Write[]) => Promise<void>) {
    this.#inner = inner
    this.#calls = calls
    this.#onApplied = onApplied
  }

  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined> {
    return this.#calls.read(() => this.#inner.get(key, options))
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.#calls.write(async () => {
      await this.#inner.transact(writes)
      await this.#onApplied(writes)
    })
  }

  query(query: ItemQuery): Promise<ItemPage> {
    return this.#calls.read(() => this.#inner.query(query))
  }

  async queryDue(query: DueQuery): Promise<DuePage> {
    const page = await this.#inner.queryDue(query)
    // Empty pages are most of all calls, and nothing can go wrong with them.
    if (page.items.length === 0) return page
    return this.#calls.read(async () => ({
      ...page,
      items: page.items.filter(() => !this.#calls.dropsFromIndex()),
    }))
  }

  scan(query: {
    limit: number
    nextToken?: string
  }): Promise<{ items: readonly Item[]; nextToken?: string }> {
    return this.#calls.read(() => this.#inner.scan(query))
  }
}

/** The secret store as a process sees it. */
export class FaultySecretStore implements SecretStore {
  readonly #inner: SecretStore
  readonly #calls: StoreCalls

  constructor(inner: SecretStore, calls: StoreCalls) {
    this.#inner = inner
    this.#calls = calls
  }

  get deployment(): string {
    return this.#inner.deployment
  }

  get staging(): SecretStore['staging'] {
    return this.#inner.staging
  }

  stage(secretId: string, versionId: string, value: SecretText, options?: { isNew?: boolean }) {
    return this.#calls.write(() => this.#inner.stage(secretId, versionId, value, options))
  }

  create(secretId: string): Promise<void> {
    return this.#calls.write(() => this.#inner.create(secretId))
  }

  discarding(secretId: string, versionId: string): readonly Write[] {
    return this.#inner.discarding(secretId, versionId)
  }

  get(secretId: string, versionId: string): Promise<SecretText> {
    return this.#calls.read(() => this.#inner.get(secretId, versionId))
  }

  discard(secretId: string, versionId: string): Promise<void> {
    return this.#calls.write(() => this.#inner.discard(secretId, versionId))
  }

  scheduleDeletion(secretId: string): Promise<void> {
    return this.#calls.write(() => this.#inner.scheduleDeletion(secretId))
  }

  restore(secretId: string): Promise<void> {
    return this.#calls.write(() => this.#inner.restore(secretId))
  }

  purge(secretId: string): Promise<void> {
    return this.#calls.write(() => this.#inner.purge(secretId))
  }

  has(secretId: string, versionId: string): Promise<boolean> {
    return this.#calls.read(() => this.#inner.has(secretId, versionId))
  }

  list(query: { limit: number; nextToken?: string }): Promise<SecretPage> {
    return this.#calls.read(() => this.#inner.list(query))
  }
}
