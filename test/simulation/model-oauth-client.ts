import type {
  ImportToRead,
  OAuthClient,
  ProbeOutcome,
  ReadImport,
  RevocationOutcome,
  RevocationRequest,
  TokenFailure,
  TokenOutcome,
  TokenRequest,
} from '../../shared/ports/oauth-client.ts'
import type { Chance } from './chance.ts'
import type { Invariants } from './invariants.ts'
import type { SimulatedProcess } from './machine.ts'
import type { ModelServer, ServerAnswer, TokenRules } from './model-server.ts'

/** How badly a provider and the way to it behave; all zero is fair weather. */
export interface ProviderWeather {
  latencyMs: number
  notSent: number
  tooMany: number
  unavailable: number
  bareErrorWithout: number
  bareErrorWith: number
  lostAnswer: number
  hang: number
  /** Of an answer to take from a second up to two leases. */
  slow: number
  brokenClient: number
  /** Of a refusal of the client to take as long as a slow answer. */
  slowRefusals: number
  refused: number
  crashInFlight: number
  stallInFlight: number
  maxStallMs: number
  outage?: { readonly untilMs: number; readonly as: 'not-sent' | 'hang' | 'bareErrorWithout' | 'unavailable' }
}

/** Load balancers and gateways give up on a silent server: a request is over after this, whoever still waits for it. */
const CUT_OFF_MS = 150_000

type Fate =
  | 'fine'
  | 'notSent'
  | 'tooMany'
  | 'unavailable'
  | 'bareErrorWithout'
  | 'bareErrorWith'
  | 'lostAnswer'
  | 'hang'
  | 'slow'
  | 'brokenClient'
  | 'refused'

const FATES: readonly Exclude<Fate, 'fine'>[] = [
  'notSent',
  'tooMany',
  'unavailable',
  'bareErrorWithout',
  'bareErrorWith',
  'lostAnswer',
  'hang',
  'slow',
  'brokenClient',
  'refused',
]

/** The token endpoint as one process reaches it, in virtual time. */
export class ModelOAuthClient implements OAuthClient {
  readonly #process: SimulatedProcess
  readonly #world: {
    readonly server: ModelServer
    readonly chance: Chance
    readonly weather: ProviderWeather
    readonly invariants: Invariants
    readonly rules: TokenRules
  }

  constructor(
    process: SimulatedProcess,
    world: {
      server: ModelServer
      chance: Chance
      weather: ProviderWeather
      invariants: Invariants
      /** For grants that no consent stands behind. */
      rules: TokenRules
    },
  ) {
    this.#process = process
    this.#world = world
  }

  async requestToken(request: TokenRequest): Promise<TokenOutcome> {
    const { invariants } = this.#world
    const flight = invariants.sent(this.#process, request)
    const outcome = await this.#outcomeOf(request, flight.answered)
    if (request.grant.kind === 'refresh-token') {
      const token = this.#world.server.tokens.get(request.grant.refreshToken.reveal())
      // What the process was told: three times the same is taken for an end, in whatever words.
      // A refused client may be followed at once by the same client with another secret: that says nothing of the
      // token.
      if (token !== undefined && outcome.kind !== 'app-broken')
        token.refusals = outcome.kind === 'refused' ? token.refusals + 1 : 0
    }
    flight.end(outcome.kind)
    return outcome
  }

  async readImport({ grant }: ImportToRead): Promise<ReadImport> {
    return { grant }
  }

  async revoke(request: RevocationRequest): Promise<RevocationOutcome> {
    const { server, chance, weather } = this.#world
    const fails = this.#outage() !== undefined || chance.happens(weather.notSent)
    await this.#process.receive(chance.latencyMs(weather.latencyMs), () => undefined)
    if (fails) return { kind: 'failed', message: 'The simulated provider does not answer.' }
    if (request.refreshToken === undefined) return { kind: 'unsupported' }
    server.revoke(request.refreshToken.reveal(), 'vault')
    return { kind: 'revoked' }
  }

  async probe(): Promise<ProbeOutcome> {
    return { kind: 'accepted' }
  }

  async #outcomeOf(request: TokenRequest, onAnswered: () => void): Promise<TokenOutcome> {
    const { server, chance, weather, rules } = this.#world
    const { time } = this.#process.machine
    const fate = this.#fate()
    this.#troubleInFlight()
    const wayMs = chance.latencyMs(weather.latencyMs)
    if (fate === 'notSent') {
      time.after(wayMs, onAnswered)
      return this.#process.receive(wayMs, () => failure('not-sent', 'connect_failed'))
    }
    const isSlow = fate === 'slow' || (fate === 'brokenClient' && this.#refusesSlowly())
    const workMs = isSlow ? chance.between(1_000, CUT_OFF_MS) : chance.latencyMs(weather.latencyMs)
    const answerMs = Math.min(CUT_OFF_MS, wayMs + workMs + chance.latencyMs(weather.latencyMs))
    const hasEffect = ['fine', 'slow', 'bareErrorWith', 'lostAnswer'].includes(fate)
    let answer: ServerAnswer | undefined
    if (hasEffect) {
      time.after(answerMs * chance.fraction(), () => {
        answer = server.handle(request.grant, rules)
      })
    }
    time.after(fate === 'hang' ? CUT_OFF_MS : answerMs, onAnswered)
    if (fate === 'hang' || answerMs >= request.timeoutMs)
      return this.#process.receive(request.timeoutMs, () => failure('unknown', 'timeout'))
    return this.#process.receive(answerMs, () => outcomeFor(fate, answer, chance))
  }

  #fate(): Fate {
    const { chance, weather } = this.#world
    const outage = this.#outage()
    if (outage !== undefined) return outage.as === 'not-sent' ? 'notSent' : outage.as
    let left = chance.fraction()
    for (const fate of FATES) {
      left -= weather[fate]
      if (left < 0) return fate
    }
    return 'fine'
  }

  /** Draws nothing where no refusal is slow, so that the storms of other seeds stay what they are. */
  #refusesSlowly(): boolean {
    const { chance, weather } = this.#world
    return weather.slowRefusals > 0 && chance.happens(weather.slowRefusals)
  }

  #outage(): ProviderWeather['outage'] {
    const { outage } = this.#world.weather
    return outage !== undefined && this.#process.machine.time.nowMs < outage.untilMs ? outage : undefined
  }

  #troubleInFlight(): void {
    const { chance, weather } = this.#world
    const { time } = this.#process.machine
    if (chance.happens(weather.crashInFlight)) {
      time.after(chance.between(0, 3 * weather.latencyMs), () => this.#crash())
    }
    if (chance.happens(weather.stallInFlight)) {
      const ms = chance.between(0, weather.maxStallMs)
      time.after(chance.between(0, weather.latencyMs), () => this.#process.stall(ms))
    }
  }

  #crash(): void {
    if (this.#process.isAlive) this.#process.machine.crash(this.#world.chance.between(100, 30_000))
  }
}

function outcomeFor(fate: Fate, answer: ServerAnswer | undefined, chance: Chance): TokenOutcome {
  switch (fate) {
    case 'tooMany':
      return { ...failure('passing', 'too_many_requests'), retryAfterMs: chance.between(1_000, 120_000) }
    case 'unavailable':
      return { ...failure('passing', 'unavailable'), retryAfterMs: chance.between(1_000, 60_000) }
    case 'brokenClient':
      return failure('app-broken', 'invalid_client')
    case 'refused':
      return failure('refused', 'invalid_request')
    case 'bareErrorWith':
    case 'bareErrorWithout':
      return failure('unknown', 'server_error')
    case 'lostAnswer':
      return failure('unknown', 'connection_reset')
    default:
      return answer?.kind === 'granted' ? answer : failure('grant-dead', 'invalid_grant')
  }
}

function failure(kind: TokenFailure['kind'], code: string): TokenFailure {
  return { kind, code, message: `The simulated provider: ${code}.` }
}
