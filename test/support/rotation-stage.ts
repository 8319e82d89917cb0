import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { RotationCause, RotationResult } from '../../shared/ports/grant-runner.ts'
import { type ItemStore, StoreUnavailableError, type Write } from '../../shared/ports/item-store.ts'
import type { TokenFailure, TokenOutcome, TokenRequest } from '../../shared/ports/oauth-client.ts'
import { fetchCredential } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { openTokens } from '../../shared/use-cases/grants/sealed-tokens.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import { reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import type { SimulatedProcess } from '../simulation/machine.ts'
import { People } from '../simulation/people.ts'
import {
  FAIR_PROVIDER,
  FAIR_STORES,
  type Scenario,
  type SimulatedApp,
  scenarioOf,
} from '../simulation/scenario.ts'
import { World } from '../simulation/world.ts'

const MINUTE_MS = 60_000

/** A token request that waits for the test to say how it goes on. */
export interface HeldRequest {
  readonly by: SimulatedProcess
  readonly request: TokenRequest
  /** The provider acts on it now, and the sender hears of it. */
  grant(): void
  /** The provider acts on it now, and nobody hears of it yet; `hear` tells the sender later. */
  act(): { hear(): void }
  fail(failure: Pick<TokenFailure, 'kind'>): void
}

/**
 * One connection, two machines in fair weather, and a test that decides when each token request is answered and
 * which transactions a machine gets through.
 */
export class RotationStage {
  readonly world: World
  readonly people: People
  readonly held: HeldRequest[] = []
  /** Requests wait for the test while true; otherwise they are answered at once. */
  holds = false
  requests = 0
  /** A transaction for which this answers true never gets anywhere. */
  blocks: (process: SimulatedProcess, writes: readonly Write[]) => boolean = () => false
  /** What really becomes of a transaction for which the store does not answer; undefined for one that it answers. */
  silence: (writes: readonly Write[]) => 'applied' | 'not-applied' | undefined = () => undefined

  /** A first grant is stored, and the store does not say so. */
  doubtsFirstGrants = false
  /** How often it did not. */
  doubted = 0

  constructor(app: SimulatedApp, options: Partial<Pick<Scenario, 'secretsAmongRows' | 'seed'>> = {}) {
    const calm = { stores: FAIR_STORES, provider: FAIR_PROVIDER, maxOffsetMs: 0, machines: 2, apps: [app] }
    this.world = new World(
      { ...scenarioOf(1), ...calm, ...options },
      {
        items: (real, process) => this.#blocking(real, process),
        oauth: (real, process) => ({
          requestToken: (request) => {
            this.requests++
            return this.holds ? this.#hold(process, request) : real.requestToken(request)
          },
          revoke: (request) => real.revoke(request),
          readImport: (request) => real.readImport(request),
          probe: (request) => real.probe(request),
        }),
      },
    )
    this.people = new People(this.world)
  }

  /** The connection is made and ready; nothing sweeps it but the test. */
  async open(): Promise<this> {
    void this.world.attempt('moving in', () => this.people.moveIn())
    await this.pass(MINUTE_MS)
    return this
  }

  get row(): ConnectionRow {
    return this.world.invariants.rows.get(this.id)!
  }

  get id(): string {
    return this.people.connections[0]!.id
  }

  get tenant(): string {
    return this.people.connections[0]!.tenant
  }

  machine(index: 0 | 1) {
    return this.world.machines[index]!
  }

  pass(ms: number): Promise<void> {
    return this.world.time.runUntil(this.world.time.nowMs + ms)
  }

  /** Passes time until that instant, in epoch ms. */
  passTo(atMs: number): Promise<void> {
    return this.world.time.runUntil(Math.max(atMs, this.world.time.nowMs))
  }

  /** Has a machine rotate, and gives it some seconds; what came of it so far. */
  async rotate(index: 0 | 1, cause: RotationCause = 'manual'): Promise<RotationResult['kind'] | undefined> {
    const ports = this.world.portsOf(this.machine(index).current)
    let kind: RotationResult['kind'] | undefined
    const request = { tenant: this.tenant, id: this.id, cause }
    void this.world
      .attempt('rotating', () => rotateConnection(ports, request))
      .then((result) => {
        kind = result?.kind
      })
    await this.pass(5_000)
    return kind
  }

  /** A flow fetches from a machine: what kind of answer it gets, or the code of its refusal, once time has passed. */
  fetch(index: 0 | 1): Promise<string> {
    const ports = this.world.portsOf(this.machine(index).current)
    return fetchCredential(ports, { tenant: this.tenant, id: this.id, minTtlSeconds: 0 }).then(
      ({ kind }) => kind,
      ({ code }) => code,
    )
  }

  async reconcile(): Promise<void> {
    void this.world.attempt('reconciling', () => reconcileWork(this.world.portsOf(this.machine(1).current)))
    await this.pass(5_000)
  }

  /** The refresh token that the row points at. */
  async refreshToken(name = 'main'): Promise<string | undefined> {
    const { tenant, id, grant } = this.row
    if (grant === undefined) return undefined
    const { secrets, sealer } = this.world
    const ports = { sealer, opened: new OpenedSecrets(secrets, sealer) }
    return (await openTokens(ports, { tenant, id }, grant))[name]?.refresh_token
  }

  #hold(process: SimulatedProcess, request: TokenRequest): Promise<TokenOutcome> {
    const { server, provider } = { server: this.world.server, provider: this.world.scenario.apps[0]!.rules }
    return new Promise((resolve) => {
      const hear = (outcome: TokenOutcome) => void process.receive(0, () => resolve(outcome))
      const act = () => {
        const answer = server.handle(request.grant, provider)
        const dead: TokenFailure = { kind: 'grant-dead', code: 'invalid_grant', message: 'Gone.' }
        const outcome: TokenOutcome = answer.kind === 'granted' ? answer : dead
        return { hear: () => hear(outcome) }
      }
      this.held.push({
        by: process,
        request,
        act,
        grant: () => act().hear(),
        fail: ({ kind }) => hear({ kind, code: kind, message: 'As the test says.' }),
      })
    })
  }

  #blocking(real: ItemStore, process: SimulatedProcess): ItemStore {
    return {
      get: (key, options) => real.get(key, options),
      query: (query) => real.query(query),
      queryDue: (query) => real.queryDue(query),
      scan: (query) => real.scan(query),
      transact: async (writes) => {
        if (this.blocks(process, writes)) return new Promise(() => {})
        const isFirst = writes.some(
          (write) =>
            write.op === 'put' &&
            write.key.partition.endsWith('#RESCUES') &&
            write.attributes['of'] === 'first',
        )
        const isDoubted = this.doubtsFirstGrants && isFirst
        if (isDoubted) this.doubted++
        const end = isDoubted ? 'applied' : this.silence(writes)
        if (end !== 'not-applied') await real.transact(writes)
        if (end !== undefined) throw new StoreUnavailableError('the store does not say', 'unknown')
      },
    }
  }
}
