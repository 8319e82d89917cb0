import { setTimeout as sleep } from 'node:timers/promises'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type AskedAnswer, startTwoVaults, type TwoVaults } from '../support/two-vaults.ts'

const MINUTE_MS = 60_000
const SHORT_LIFE_S = 20
/** At a provider that excuses a refresh token it has replaced, for half an hour as Xero does. */
const GRANTS = 200
const GRACE_S = 30 * 60
/** Beside them, at a provider that revokes the whole grant when a refresh token comes a second time. */
const STRICT_GRANTS = 40
/** The full length, unless a developer asks for less. */
const LOAD_MINUTES = Number(process.env['FLOW_VAULT_TEST_LOAD_MINUTES'] ?? 4)
const LOAD_MS = LOAD_MINUTES * MINUTE_MS
const FLOWS_A_PROCESS = 8
const BETWEEN_FETCHES_MS = 15
/** A rotation that a kill cut off is watched for two leases of 90 s before its token is sent once more. */
const SETTLED_WITHIN_MS = 5 * MINUTE_MS
const HOLD_MS = 90_000
/** The process that is killed is up for two to six seconds, and starts in one; a busy machine takes many more. */
const MIN_KILLS_A_MINUTE = 3

describe('two processes over one database, of which one is killed again and again', () => {
  let vaults: TwoVaults
  beforeAll(async () => {
    const life = { accessTokenSeconds: SHORT_LIFE_S, delayMs: 40 }
    vaults = await startTwoVaults({ ...life, graceSeconds: GRACE_S }, life)
  })
  afterAll(() => vaults.close())

  it(
    'hands out no expired token and loses no grant',
    async () => {
      const [lenient, strict] = vaults.providers
      const ids = await connectAll(lenient!, GRANTS)
      const strictIds = await connectAll(strict!, STRICT_GRANTS)
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
      const run = new LoadedRun(vaults, new SeededRandom(seed))
      await run.load([...ids, ...strictIds], Date.now() + LOAD_MS)
      const interrupted = await waiting(ids)
      process.stdout.write(
        `seed ${seed}: ${run.kills} kills in ${LOAD_MINUTES} min, ${run.good} good answers, ${run.refused} refused, ${run.brokenOff} broken off, ${renewals(lenient!) + renewals(strict!)} renewals, ${interrupted.length} of ${GRANTS} grants interrupted\n`,
      )
      expect(run.kills).toBeGreaterThan(LOAD_MINUTES * MIN_KILLS_A_MINUTE)
      expect(renewals(lenient!)).toBeGreaterThan(GRANTS * LOAD_MINUTES)
      expect(run.expired).toEqual([])
      // Only the grants whose rotation a kill cut off have no token for a while.
      expect(interrupted.length).toBeLessThan(GRANTS / 2)
      for (const provider of [lenient!, strict!]) {
        expect(provider.tokenRequests.some(({ overlapped }) => overlapped)).toBe(false)
        expect(Math.min(...gapsMs(provider))).toBeGreaterThan(HOLD_MS)
      }
      await expectAllAlive(lenient!, ids)
      await expectOnlyCutOffDead(strict!, strictIds)
      expect(run.unexpected.filter(({ body }) => body.errorCode !== 'reauthorization_required')).toEqual([])
    },
    LOAD_MS + SETTLED_WITHIN_MS + 2 * MINUTE_MS,
  )

  async function connectAll(provider: AuthorizationServer, count: number): Promise<string[]> {
    const ids: string[] = []
    for (let i = 0; i < count; i += 1) ids.push(await vaults.connect(`person-${i}`, provider))
    return ids
  }

  /** Those that have no credential to give at the moment; asking for it is what brings the next try. */
  async function waiting(ids: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(ids.map((id) => vaults.fetchFrom(0, id)))
    return ids.filter((_, index) => answers[index]!.status !== 200)
  }

  async function expectAllAlive(provider: AuthorizationServer, ids: readonly string[]): Promise<void> {
    const endsAtMs = Date.now() + SETTLED_WITHIN_MS
    let left = await waiting(ids)
    while (left.length > 0 && Date.now() < endsAtMs) {
      await sleep(1000)
      left = await waiting(left)
    }
    expect(left).toEqual([])
    for (const id of ids) {
      const { body } = await vaults.fetchFrom(0, id, '?min_ttl=10')
      await expect(provider.isActive(body.fields.access_token)).resolves.toBe(true)
    }
  }

  /**
   * Here a renewal that is cut off after the provider has used the token up is lost: the new one went to a dead
   * process. Each grant that ended is one of those, and its token was sent once more when nothing was left to lose.
   */
  async function expectOnlyCutOffDead(provider: AuthorizationServer, ids: readonly string[]): Promise<void> {
    const views = await Promise.all(ids.map((id) => vaults.view(0, id)))
    const dead = views.filter(({ status }) => status === 'reauthorization_required')
    expect(dead.length).toBeLessThanOrEqual(gapsMs(provider).length)
  }
})

/** Flows that fetch without a pause, and a process that is killed meanwhile; what came of it, counted. */
class LoadedRun {
  readonly #vaults: TwoVaults
  readonly #random: SeededRandom
  kills = 0
  good = 0
  refused = 0
  brokenOff = 0
  readonly expired: AskedAnswer[] = []
  /** Neither a credential nor a 503 that says when to come back. */
  readonly unexpected: AskedAnswer[] = []

  constructor(vaults: TwoVaults, random: SeededRandom) {
    this.#vaults = vaults
    this.#random = random
  }

  async load(ids: readonly string[], endsAtMs: number): Promise<void> {
    const flows = [0, 1].flatMap((worker) =>
      Array.from({ length: FLOWS_A_PROCESS }, () => this.#flow(worker, ids, endsAtMs)),
    )
    await Promise.all([...flows, this.#killer(endsAtMs)])
  }

  async #flow(worker: number, ids: readonly string[], endsAtMs: number): Promise<void> {
    while (Date.now() < endsAtMs) {
      const id = ids[this.#random.below(ids.length)]!
      try {
        this.#count(await this.#vaults.fetchFrom(worker, id, '?min_ttl=5'))
      } catch {
        // The process was killed while it answered, or is not up again yet.
        this.brokenOff += 1
      }
      await sleep(BETWEEN_FETCHES_MS)
    }
  }

  #count(answer: AskedAnswer): void {
    if (answer.status === 200) this.good += 1
    else this.refused += 1
    if (answer.status === 200 && Date.parse(answer.body.expires_at) <= answer.askedAtMs)
      this.expired.push(answer)
    const saysWhen = answer.status === 503 && Number(answer.retryAfter) >= 1
    if (answer.status !== 200 && !saysWhen) this.unexpected.push(answer)
  }

  async #killer(endsAtMs: number): Promise<void> {
    while (Date.now() < endsAtMs - 10_000) {
      await sleep(2_000 + this.#random.below(4_000))
      await this.#vaults.replace(1)
      this.kills += 1
    }
  }
}

function renewals(provider: AuthorizationServer): number {
  return provider.tokenRequests.filter(({ refreshToken }) => refreshToken !== undefined).length
}

/** How long after one request with a refresh token the next with the same one came, in ms. */
function gapsMs(provider: AuthorizationServer): number[] {
  const last = new Map<string, number>()
  const gaps: number[] = []
  for (const { refreshToken, arrivedAtMs } of provider.tokenRequests) {
    if (refreshToken === undefined) continue
    const before = last.get(refreshToken)
    if (before !== undefined) gaps.push(arrivedAtMs - before)
    last.set(refreshToken, arrivedAtMs)
  }
  return gaps
}
