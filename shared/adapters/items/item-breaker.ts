import { LRUCache } from 'lru-cache'
import { newUuid } from '../../domain/ids.ts'
import { breakerKey } from '../../domain/limit-keys.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  type Condition,
  ConditionFailedError,
  type ItemStore,
  StoreUnavailableError,
  type Write,
} from '../../ports/item-store.ts'
import {
  type Admission,
  type BreakerKind,
  type BreakerName,
  breakersOf,
  type Haste,
  type ProviderBreaker,
  type ReportedOutcome,
  type RequestedProvider,
} from '../../ports/provider-breaker.ts'
import type { Random } from '../../ports/random.ts'
import { BREAKER_ROWS } from '../../rows/limit-rows.ts'
import { LocalBreaker, type OpenBreaker } from '../memory/local-breaker.ts'

/** How a breaker stands elsewhere is looked up this often at most, and only when something is about to be sent. */
const LOOK_EVERY_MS = 1_000
/** One that nobody has asked through for so long is over: whoever comes then finds out. */
const KEPT_MS = 3_600_000
/** Names whose item was seen; as many as the breakers in memory. */
const MAX_NAMES = 10_000

type StoredBreaker = ReturnType<typeof BREAKER_ROWS.decode>

/** How a breaker stands now; closed without. */
interface Change {
  readonly name: BreakerName
  readonly open: OpenBreaker | undefined
}

/** When the table was last looked at, and which item was there. */
interface Seen {
  readonly atMs: number
  readonly op: string | undefined
  readonly openUntilMs: number
}

/**
 * Breakers that hold across processes, approximately: each counts failures for itself, and an item in the table says
 * that one is open. It is written when a breaker opens, when one request goes to find out, and when it closes; read
 * once a second at most. Pace is each process's own. While the table does not answer, so are breakers.
 */
export class ItemBreaker implements ProviderBreaker {
  readonly #items: Pick<ItemStore, 'get' | 'transact'>
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly #random: Random
  readonly #local: LocalBreaker
  readonly #seen = new LRUCache<string, Seen>({ max: MAX_NAMES })

  constructor(ports: {
    items: Pick<ItemStore, 'get' | 'transact'>
    clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
    random: Random
  }) {
    this.#items = ports.items
    this.#clock = ports.clock
    this.#random = ports.random
    this.#local = new LocalBreaker(ports)
  }

  async admit(provider: RequestedProvider, haste: Haste): Promise<Admission> {
    const names = breakersOf(provider)
    await Promise.all(names.map((name) => this.#look(name)))
    const admission = await this.#local.admit(provider, haste)
    if (admission.kind === 'wait') return admission
    const report = async (outcome: ReportedOutcome) => {
      await admission.report(outcome)
      await Promise.all(names.map((name) => this.#tell(name)))
    }
    // A person's try is nobody's turn; of all others one finds out, in whichever process.
    if (haste === 'anyway' || (await this.#claim(names))) return { kind: 'go', report }
    await admission.report('not-asked')
    await Promise.all(names.map((name) => this.#look(name, { afresh: true })))
    return this.#local.admit(provider, haste)
  }

  openCount(kind: BreakerKind): number {
    return this.#local.openCount(kind)
  }

  /** Learns what other processes found, unless that was looked up within the second. */
  async #look(name: BreakerName, { afresh } = { afresh: false }): Promise<void> {
    const seen = this.#seen.get(idOf(name))
    const isRecent = seen !== undefined && this.#clock.monotonicMs() - seen.atMs < LOOK_EVERY_MS
    if (isRecent && !afresh) return
    let stored: StoredBreaker | undefined
    try {
      stored = BREAKER_ROWS.find(await this.#items.get(breakerKey(name), { consistent: afresh }))
    } catch (error) {
      if (error instanceof StoreUnavailableError) return
      throw error
    }
    const nowMs = this.#clock.nowMs()
    if (stored !== undefined && stored.openUntilMs + KEPT_MS > nowMs)
      this.#local.adopt(name, openBreakerOf(stored, nowMs))
    // One that was there was closed by others; one that never was could not be written.
    else if (seen?.op !== undefined) this.#local.adopt(name, undefined)
    this.#note(name, stored)
  }

  #note(name: BreakerName, stored: StoredBreaker | undefined): void {
    const { op, openUntilMs = 0 } = stored ?? {}
    this.#seen.set(idOf(name), { atMs: this.#clock.monotonicMs(), op, openUntilMs })
  }

  /** Says for all to know that this process finds out about what is open; false where another was faster. */
  async #claim(names: readonly BreakerName[]): Promise<boolean> {
    const changes = names.flatMap((name): Change[] => {
      const open = this.#local.findOpen(name)
      return open === undefined || this.#seen.get(idOf(name))?.op === undefined ? [] : [{ name, open }]
    })
    return changes.length === 0 || this.#store(changes)
  }

  /** Tells the others what came of a request, where that opened or closed a breaker. */
  async #tell(name: BreakerName): Promise<void> {
    const open = this.#local.findOpen(name)
    const seen = this.#seen.get(idOf(name))
    // What others have said is open is: of a crowd that fails together, one says so.
    const isTold = seen?.op !== undefined && seen.openUntilMs > this.#clock.nowMs()
    if (open === undefined ? seen?.op === undefined : isTold) return
    await this.#store([{ name, open }])
  }

  /**
   * Stores how breakers stand, or that they are closed, all or none: false, and nothing stored, where others have done
   * so since it was looked up. True while the table does not answer.
   */
  async #store(changes: readonly Change[]): Promise<boolean> {
    const stored = changes.map(({ name, open }) => ({ name, breaker: open && this.#storedOf(open) }))
    const writes = stored.map(({ name, breaker }): Write => {
      const [key, op] = [breakerKey(name), this.#seen.get(idOf(name))?.op]
      const when: Condition[] =
        op === undefined ? [{ kind: 'item-absent' }] : [{ kind: 'equals', attribute: 'op', value: op }]
      if (breaker === undefined) return { op: 'delete', key, when }
      const expires_at_s = Math.ceil((breaker.openUntilMs + KEPT_MS) / 1000)
      return { op: 'put', key, attributes: { ...BREAKER_ROWS.encode(breaker), expires_at_s }, when }
    })
    try {
      await this.#items.transact(writes)
      for (const { name, breaker } of stored) this.#note(name, breaker)
      return true
    } catch (error) {
      if (error instanceof ConditionFailedError) return false
      if (error instanceof StoreUnavailableError) return true
      throw error
    }
  }

  #storedOf({ forMs, probingForMs, isRefused }: OpenBreaker): StoredBreaker {
    const nowMs = this.#clock.nowMs()
    const openUntilMs = Math.ceil(nowMs + forMs)
    const probingUntilMs = Math.ceil(nowMs + Math.max(0, probingForMs))
    return { op: newUuid(this.#random), openUntilMs, probingUntilMs, isRefused }
  }
}

function idOf({ kind, tenant, of }: BreakerName): string {
  return JSON.stringify([kind, tenant, of])
}

function openBreakerOf(stored: StoredBreaker, nowMs: number): OpenBreaker {
  const { openUntilMs, probingUntilMs, isRefused } = stored
  return { forMs: openUntilMs - nowMs, probingForMs: probingUntilMs - nowMs, isRefused }
}
