import { createSecretKey } from 'node:crypto'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { LocalBreaker } from '../../shared/adapters/memory/local-breaker.ts'
import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import { SingleFlight } from '../../shared/ports/single-flight.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { fetchCredential } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import type { ComparisonReport } from '../../shared/use-cases/reconcile/page-comparison.ts'
import { reconcileStores } from '../../shared/use-cases/reconcile/reconcile-stores.ts'
import { type ReconcilePorts, reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { doWorkItem } from '../../shared/use-cases/rotation/work-item.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { noOutgoing } from '../support/no-outgoing.ts'
import { OPEN_KEYS } from '../support/open-keys.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { FaultPlan, faultyItems, faultySecrets } from './fault-plan.ts'
import { storedAtOnce } from './stored-at-once.ts'

/**
 * Where faults strike, and what secret store there is: `ports`, a store beside the rows, whose calls go wrong; `items`,
 * the sealed store, whose versions come with the rows, and the calls that it makes of the row store go wrong.
 */
export type FaultLevel = 'ports' | 'items'

/** One process over the stores: everything it remembers dies with it. */
export interface Process extends ReconcilePorts, GrantPorts {
  readonly freezes: FreezeWatch
  readonly clock: ManualClock
  readonly queued: WorkItem[]
  readonly plan: FaultPlan
}

export type Outcome =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'died' }

/**
 * Longer than an operation may take before reconcile takes it for dead; the last time, longer than a grant that was
 * announced may take to be stored.
 */
const PAST_DEADLINES_MS = [181_000, 61_000, 17 * 60_000]
const TICK_MS = 50
const DAY_MS = 24 * 3600_000
/** Far more than the patience of any operation; a run that needs more hangs. */
const MAX_TICKS = 20_000

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }

/** Both stores and a provider, which outlive every process. */
export class World {
  readonly items = new MemoryItemStore()
  readonly clock = new ManualClock()
  readonly provider = new Provider()
  readonly #random: SeededRandom
  readonly #digester = new LocalDigester(createSecretKey(Buffer.alloc(32, 1)))

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  /** A new process, whose calls of the stores go by the plan. */
  start(plan = new FaultPlan(), level: FaultLevel = 'ports'): Process {
    const items = faultyItems(this.items, plan)
    const sealed = { keys: OPEN_KEYS, clock: this.clock, random: this.#random }
    const secrets =
      level === 'items'
        ? new SealedSecretStore({ deployment: 'local', ...sealed, items, discardsAtOnce: true })
        : faultySecrets(
            storedAtOnce(
              new SealedSecretStore({ deployment: 'local', ...sealed, items: this.items }),
              this.items,
            ),
            plan,
          )
    const sealer = new SealedGrants({ items, keys: OPEN_KEYS, random: this.#random })
    const queued: WorkItem[] = []
    const ports = {
      items,
      secrets,
      digester: this.#digester,
      clock: this.clock,
      random: this.#random,
      log: SILENT,
      oauth: this.provider,
      sealer,
      opened: new OpenedSecrets(secrets, sealer),
      checkUrl: () => undefined,
      outgoing: noOutgoing,
      attempts: new AttemptWatch(this.clock),
      breaker: new LocalBreaker({ clock: this.clock, random: this.#random }),
      restored: new RestoredMark(items, this.clock),
      owner: 'a process',
      freezes: new FreezeWatch(items, this.clock),
      work: { enqueue: async (items: readonly WorkItem[]) => void queued.push(...items) },
    }
    const grants: GrantRunner = createLocalGrantRunner(ports)
    return { ...ports, grants, queued, plan }
  }

  /** Runs an operation to its answer, its failure or its process's death, letting time pass while it waits. */
  async run(process: Process, act: () => Promise<unknown>): Promise<Outcome> {
    let outcome: Outcome | undefined
    const settle = (settled: Outcome): void => {
      outcome ??= settled
    }
    process.plan.died.then(() => settle({ kind: 'died' }))
    act().then(
      (value) => settle({ kind: 'answered', value }),
      (error: unknown) => settle({ kind: 'failed', error }),
    )
    for (let ticks = 0; ; ticks++) {
      // Everything in memory settles within one turn: what is not settled then waits for the clock.
      await new Promise((resolve) => setImmediate(resolve))
      if (outcome !== undefined) return outcome
      if (ticks > MAX_TICKS) throw new Error('an operation hangs')
      await this.clock.advance(TICK_MS)
    }
  }

  /** What reconcile does within minutes, by a new process; with a plan it may fail or die itself. */
  async reconcile(plan = new FaultPlan(), level: FaultLevel = 'ports'): Promise<void> {
    const process = this.start(plan, level)
    for (const pastMs of PAST_DEADLINES_MS) {
      await this.clock.advance(pastMs)
      const outcome = await this.run(process, async () => {
        await reconcileWork(process)
        for (const item of process.queued.splice(0)) await doWorkItem(process, item)
      })
      if (outcome.kind === 'died') return
    }
  }

  /** The daily comparison of both stores, and what reconcile does meanwhile, for so many days. */
  async passDays(days: number): Promise<ComparisonReport[]> {
    const reports: ComparisonReport[] = []
    for (let day = 0; day < days; day++) {
      await this.clock.advance(DAY_MS)
      await this.reconcile()
      const process = this.start()
      const outcome = await this.run(process, () => reconcileStores(process))
      if (outcome.kind !== 'answered') throw new Error('the comparison of both stores failed')
      reports.push(outcome.value as ComparisonReport)
    }
    return reports
  }

  /** What a flow gets for a connection, by a new process: its `fields`. */
  async fetch(tenant: string, id: string): Promise<Record<string, unknown>> {
    const process = this.start()
    const flights = new SingleFlight<ConnectionRow | undefined>()
    const fetched = await fetchCredential({ ...process, flights }, { tenant, id, minTtlSeconds: 60 })
    if (fetched.kind !== 'credential') throw new Error('a fetch without a tag is always answered in full')
    return (JSON.parse(fetched.body.reveal()) as { fields: Record<string, unknown> }).fields
  }
}

/** A provider that grants whatever it is asked for, and remembers what it was told to revoke. */
export class Provider implements OAuthClient {
  readonly granted: string[] = []
  readonly revoked: string[] = []

  requestToken: OAuthClient['requestToken'] = async () => {
    const token = `access-${this.granted.length + 1}`
    this.granted.push(token)
    const minted = {
      accessToken: new SecretText(token),
      refreshToken: new SecretText(`refresh-${this.granted.length}`),
      lifeMs: 30 * 24 * 3600 * 1000,
      expiryBasis: 'stated' as const,
      extra: {},
    }
    return { kind: 'granted', grants: { main: minted } }
  }

  revoke: OAuthClient['revoke'] = async ({ accessToken }) => {
    this.revoked.push(accessToken?.reveal() ?? '')
    return { kind: 'revoked' }
  }

  readImport: OAuthClient['readImport'] = async ({ grant }) => ({ grant })

  probe: OAuthClient['probe'] = async () => ({ kind: 'accepted' })
}
