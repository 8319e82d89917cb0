import { type ItemStore, StoreUnavailableError } from '../../shared/ports/item-store.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'

/**
 * What happens to a call of a store. `refused`: an error, nothing applied · `lost`: outcome unknown, not applied ·
 * `unanswered`: outcome unknown, applied · `death-before`, `death-after`: the process ends before or after it ·
 * `outage`: this and every later call is refused · `unanswered-outage`: applied, unknown, every later one refused.
 */
export type FaultKind =
  | 'refused'
  | 'lost'
  | 'unanswered'
  | 'death-before'
  | 'death-after'
  | 'outage'
  | 'unanswered-outage'

export const WRITE_FAULTS: readonly FaultKind[] = [
  'refused',
  'lost',
  'unanswered',
  'death-before',
  'death-after',
  'outage',
  'unanswered-outage',
]
/** A read changes nothing, so it matters only whether it answers and whether the process lives on. */
export const READ_FAULTS: readonly FaultKind[] = ['refused', 'death-before', 'outage']

const READS = new Set(['get', 'query', 'queryDue', 'scan', 'list'])

/** Which call of a process goes wrong, and how. Calls are numbered from 1 over both stores. */
export class FaultPlan {
  /** Every call so far, by name: the fault points of the run. */
  readonly calls: string[] = []
  /** Resolves when the process dies. */
  readonly died: Promise<void>
  readonly #faults: ReadonlyMap<number, FaultKind>
  readonly #die: () => void
  #pause: { readonly at: number; readonly meanwhile: () => Promise<void> } | undefined
  #isDead = false
  #isDown = false

  constructor(faults: ReadonlyMap<number, FaultKind> = new Map()) {
    this.#faults = faults
    const { promise, resolve } = Promise.withResolvers<void>()
    this.died = promise
    this.#die = resolve
  }

  /** Holds the process up before its `at`th call while something else happens. */
  pauseAt(at: number, meanwhile: () => Promise<void>): void {
    this.#pause = { at, meanwhile }
  }

  /** A call, as the plan has it. In a dead process nothing ever goes on. */
  async call<T>(name: string, act: () => Promise<T>): Promise<T> {
    if (this.#isDead) return new Promise(() => {})
    this.calls.push(name)
    const kind = this.#faults.get(this.calls.length)
    if (this.#pause?.at === this.calls.length) await this.#pause.meanwhile()
    if (kind === 'outage') this.#isDown = true
    if (this.#isDown || kind === 'refused') throw new StoreUnavailableError('planned fault', 'not-applied')
    if (kind === 'death-before') return this.#end()
    if (kind === 'lost') throw new StoreUnavailableError('planned fault', 'unknown')
    const result = await act()
    if (kind === 'unanswered-outage') this.#isDown = true
    if (kind === 'unanswered' || kind === 'unanswered-outage')
      throw new StoreUnavailableError('planned fault', 'unknown')
    return kind === 'death-after' ? this.#end() : result
  }

  #end(): Promise<never> {
    this.#isDead = true
    this.#die()
    return new Promise(() => {})
  }
}

/** Every single fault that a run with these calls can meet. */
export function everyFault(calls: readonly string[]): { at: number; kind: FaultKind; call: string }[] {
  return calls.flatMap((call, index) =>
    (isRead(call) ? READ_FAULTS : WRITE_FAULTS).map((kind) => ({ at: index + 1, kind, call })),
  )
}

/** Whether a call by this name only reads. */
export function isRead(call: string): boolean {
  return READS.has(call.slice(call.indexOf('.') + 1))
}

/** The same row store, whose calls go as planned. */
export function faultyItems(items: ItemStore, plan: FaultPlan): ItemStore {
  return {
    get: (...args) => plan.call('items.get', () => items.get(...args)),
    transact: (...args) => plan.call('items.transact', () => items.transact(...args)),
    query: (...args) => plan.call('items.query', () => items.query(...args)),
    queryDue: (...args) => plan.call('items.queryDue', () => items.queryDue(...args)),
    scan: (...args) => plan.call('items.scan', () => items.scan(...args)),
  }
}

/** The same secret store, whose calls go as planned. */
export function faultySecrets(secrets: SecretStore, plan: FaultPlan): SecretStore {
  return {
    deployment: secrets.deployment,
    staging: secrets.staging,
    stage: (...args) => plan.call('secrets.stage', () => secrets.stage(...args)),
    create: (...args) => plan.call('secrets.create', () => secrets.create(...args)),
    // It calls no store: what it answers goes to the row store with the rest of a transaction.
    discarding: (...args) => secrets.discarding(...args),
    get: (...args) => plan.call('secrets.get', () => secrets.get(...args)),
    discard: (...args) => plan.call('secrets.discard', () => secrets.discard(...args)),
    scheduleDeletion: (...args) =>
      plan.call('secrets.scheduleDeletion', () => secrets.scheduleDeletion(...args)),
    restore: (...args) => plan.call('secrets.restore', () => secrets.restore(...args)),
    purge: (...args) => plan.call('secrets.purge', () => secrets.purge(...args)),
    has: (...args) => plan.call('secrets.has', () => secrets.has(...args)),
    list: (...args) => plan.call('secrets.list', () => secrets.list(...args)),
  }
}
