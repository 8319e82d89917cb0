import type { Clock } from '../../ports/clock.ts'
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

/** So many failures in a row are no accident of one connection. */
const FAILURES_TO_OPEN = 5
/** An open breaker lets nothing through for this long, then one request that finds out. */
const OPEN_MS = 60_000
/**
 * A client that was refused is left alone for this long, for all connections that use it; then one request finds out.
 */
const REFUSED_MS = 5 * 60_000
/** A request that finds out and never reports is given up after a provider's timeout and the storing of its answer. */
const PROBE_MS = 90_000
/**
 * Requests a second from one process, and how many may come at once. HubSpot, a strict one, allows 100 in 10 s to an
 * application, whose owner needs most of them for other things; a host serves the applications of many.
 */
const RATES = {
  application: { perSecond: 10, burst: 50 },
  host: { perSecond: 50, burst: 100 },
} as const
/** What has to wait is spread over at least a minute: the sweep comes each minute. */
const MIN_SPREAD_MS = 60_000
/** Names remembered; the longest unused are forgotten first, which closes a breaker early and does no harm. */
const MAX_NAMES = 10_000

interface Line {
  readonly kind: BreakerKind
  readonly perSecond: number
  readonly burst: number
  failures: number
  isForgotten: boolean
  openUntilMs: number
  isRefused: boolean
  probingUntilMs: number
  allowance: number
  countedAtMs: number
  /** How many had to wait since `waitingSinceMs`, by which the next ones are spread. */
  waiting: number
  waitingSinceMs: number
}

/** A breaker that is open: for how long it lets nothing through, and for how long one request is finding out. */
export interface OpenBreaker {
  readonly forMs: number
  readonly probingForMs: number
  readonly isRefused: boolean
}

/**
 * Circuit breakers and pace in this process's memory: one for each OAuth application, one for each host of a tenant,
 * however many clients it has there, and one for each host of the catalogue. A provider that fails five times in a row
 * is left alone for a minute; then one request finds out. Requests that no flow waits for also keep to a pace, so that
 * a herd of expiries does not become a flood.
 */
export class LocalBreaker implements ProviderBreaker {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #random: Pick<Random, 'fraction'>
  readonly #lines = new Map<string, Line>()
  /** How many lines have failed often enough; kept in step, so that nobody has to look at all of them. */
  readonly #open = { application: 0, host: 0 }

  constructor(ports: { clock: Pick<Clock, 'monotonicMs'>; random: Pick<Random, 'fraction'> }) {
    this.#clock = ports.clock
    this.#random = ports.random
  }

  async admit(provider: RequestedProvider, haste: Haste): Promise<Admission> {
    const nowMs = this.#clock.monotonicMs()
    const lines = breakersOf(provider).map((name) => this.#refilled(name, nowMs))
    const openMs = haste === 'anyway' ? 0 : Math.max(...lines.map((line) => openForMs(line, nowMs)))
    if (openMs > 0) {
      const isRefused = lines.some((line) => line.isRefused)
      // Full jitter: what waited for one breaker does not come back as one crowd.
      const forMs = Math.ceil(openMs + this.#random.fraction() * OPEN_MS)
      return { kind: 'wait', forMs, because: isRefused ? 'client_refused' : 'provider_failing' }
    }
    const busy = haste === 'later' ? lines.find((line) => line.allowance < 1) : undefined
    if (busy !== undefined)
      return { kind: 'wait', forMs: this.#turnMs(busy, nowMs), because: 'many_renewals' }
    for (const line of lines) {
      line.allowance -= 1
      if (isOpen(line)) line.probingUntilMs = nowMs + PROBE_MS
    }
    return { kind: 'go', report: async (outcome) => this.#report(lines, outcome) }
  }

  openCount(kind: BreakerKind): number {
    return this.#open[kind]
  }

  /** How the breaker stands while it is open; undefined when it is not. */
  findOpen(name: BreakerName): OpenBreaker | undefined {
    const line = this.#line(name)
    if (!isOpen(line)) return undefined
    const nowMs = this.#clock.monotonicMs()
    const [forMs, probingForMs] = [line.openUntilMs - nowMs, line.probingUntilMs - nowMs]
    return { forMs, probingForMs, isRefused: line.isRefused }
  }

  /** Takes over how the breaker stands for others; undefined when they found that the provider is there. */
  adopt(name: BreakerName, open: OpenBreaker | undefined): void {
    const line = this.#line(name)
    const nowMs = this.#clock.monotonicMs()
    const isFailing = open !== undefined && !open.isRefused
    this.#setFailures(line, isFailing ? Math.max(FAILURES_TO_OPEN, line.failures) : 0)
    line.isRefused = open?.isRefused ?? false
    line.openUntilMs = nowMs + (open?.forMs ?? 0)
    line.probingUntilMs = nowMs + (open?.probingForMs ?? 0)
  }

  #report(lines: readonly Line[], outcome: ReportedOutcome): void {
    const nowMs = this.#clock.monotonicMs()
    for (const line of lines) {
      line.probingUntilMs = 0
      if (outcome === 'not-asked') continue
      // Any answer that makes sense shows that the provider is there, whatever it thinks of the grant.
      this.#setFailures(line, isFailureOf(line, outcome) ? line.failures + 1 : 0)
      line.isRefused = outcome === 'app-broken' && line.kind === 'application'
      if (line.failures >= FAILURES_TO_OPEN) line.openUntilMs = nowMs + OPEN_MS
      if (line.isRefused) line.openUntilMs = nowMs + REFUSED_MS
    }
  }

  #setFailures(line: Line, failures: number): void {
    const change = Number(failures >= FAILURES_TO_OPEN) - Number(line.failures >= FAILURES_TO_OPEN)
    // One that was forgotten in the meantime counts no more.
    if (!line.isForgotten) this.#open[line.kind] += change
    line.failures = failures
  }

  #forgetOldest(): void {
    const [name, line] = this.#lines.entries().next().value!
    this.#setFailures(line, 0)
    line.isForgotten = true
    this.#lines.delete(name)
  }

  /** When one that has to wait may come back: spread over the time that all who wait need. */
  #turnMs(line: Line, nowMs: number): number {
    if (nowMs - line.waitingSinceMs > MIN_SPREAD_MS) {
      line.waiting = 0
      line.waitingSinceMs = nowMs
    }
    line.waiting++
    const spreadMs = Math.max(MIN_SPREAD_MS, (line.waiting / line.perSecond) * 1000)
    return Math.ceil(1000 + this.#random.fraction() * spreadMs)
  }

  #refilled(name: BreakerName, nowMs: number): Line {
    const line = this.#line(name)
    const earned = ((nowMs - line.countedAtMs) / 1000) * line.perSecond
    line.allowance = Math.min(line.burst, line.allowance + earned)
    line.countedAtMs = nowMs
    return line
  }

  #line({ kind, tenant, of }: BreakerName): Line {
    const name = JSON.stringify([kind, tenant, of])
    const nowMs = this.#clock.monotonicMs()
    const line = this.#lines.get(name) ?? {
      kind,
      ...RATES[kind],
      failures: 0,
      isForgotten: false,
      openUntilMs: 0,
      isRefused: false,
      probingUntilMs: 0,
      allowance: RATES[kind].burst,
      countedAtMs: nowMs,
      waiting: 0,
      waitingSinceMs: nowMs,
    }
    // A map keeps the order of insertion: what is used last stands last.
    this.#lines.delete(name)
    this.#lines.set(name, line)
    if (this.#lines.size > MAX_NAMES) this.#forgetOldest()
    return line
  }
}

function isOpen(line: Line): boolean {
  return line.failures >= FAILURES_TO_OPEN || line.isRefused
}

/** For how long the breaker lets nothing through; while one request finds out, the others wait as well. */
function openForMs(line: Line, nowMs: number): number {
  return isOpen(line) ? Math.max(line.openUntilMs, line.probingUntilMs) - nowMs : 0
}

/** A passing refusal may be about one application's quota: it says nothing of the host. */
function isFailureOf(line: Line, outcome: TokenOutcomeKind): boolean {
  return (
    outcome === 'not-sent' || outcome === 'unknown' || (outcome === 'passing' && line.kind === 'application')
  )
}

type TokenOutcomeKind = Exclude<ReportedOutcome, 'not-asked'>
