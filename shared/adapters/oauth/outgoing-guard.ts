import { isIP } from 'node:net'
import type { Clock } from '../../ports/clock.ts'
import type {
  OutgoingFailure,
  OutgoingFetch,
  OutgoingOutcome,
  OutgoingRequest,
} from '../../ports/outgoing-fetch.ts'
import { CallSlots } from './call-slots.ts'
import { type CheckedResolver, createCheckedResolver, type Resolve } from './checked-resolver.ts'
import { beforeDeadline, type Deadline, startDeadline } from './deadline.ts'
import { type ExchangeResult, exchange } from './http-exchange.ts'
import { allowedHosts, checkTarget, type OutgoingTarget } from './outgoing-target.ts'
import { PinnedAgent } from './pinned-agent.ts'
import { goesThrough, type OutgoingProxy } from './proxy-tunnel.ts'

/** Name resolution, TCP and TLS together; a reachable host needs well under a second. */
const CONNECT_TIMEOUT_MS = 3_000
/** Behind a proxy there may be no resolver that answers; where there is one, it does so at once. */
const NAME_CHECK_MS = 1_000
/** How long an unused connection is kept: below the 5 s after which node's and many other servers close theirs. */
const IDLE_CONNECTION_MS = 4_000
/**
 * More wait: providers limit callers by connections, a process has a thousand sockets on many a system, and what one
 * tenant has hanging must leave the others their part: of all calls three quarters, of those to one host a quarter.
 */
const CALL_LIMITS = { all: 768, tenant: 192, host: 64, tenantAtHost: 48 }
const MAX_IDLE_CONNECTIONS_PER_HOST = 8
/** Headers that decide where a request goes or where it ends (RFC 9110 §7.2, RFC 9112 §6): only ours to set. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What the guard needs from its surroundings. */
export interface GuardedFetchOptions {
  /** `host:port` entries that may be private or plain http; for development and tests. */
  readonly allowHosts: readonly string[]
  readonly clock: Clock
  /** The system's resolver when absent. */
  readonly resolve?: Resolve
  /** The proxy that calls to public hosts go through; none when absent, whatever the environment says. */
  readonly proxy?: OutgoingProxy | undefined
  /** PEM certificates trusted instead of node's list, for hosts with a private authority. */
  readonly trust?: readonly string[]
}

/**
 * The one way out of the process: https to public addresses, checked at each call and pinned to the connection, no
 * redirects, bounded in time and size. Why: a tenant may name any URL, and behind ours are the metadata
 * service, the runtime's API and the operator's network (OWASP ASVS 5.0 V1.3.6). Through a proxy the address is the
 * proxy's to choose: a name that we can resolve is checked all the same, and the certificate is the name's.
 */
export function createGuardedFetch(options: GuardedFetchOptions): OutgoingFetch {
  const guard = new OutgoingGuard(options)
  return (url, request) => guard.fetch(url, request)
}

class OutgoingGuard {
  readonly #clock: Clock
  readonly #allowHosts: ReadonlySet<string>
  readonly #resolver: CheckedResolver
  readonly #proxy: OutgoingProxy | undefined
  readonly #slots = new CallSlots(CALL_LIMITS)
  readonly #agents: Readonly<Record<'https:' | 'http:', Agents>>

  constructor(options: GuardedFetchOptions) {
    this.#clock = options.clock
    const { trust } = options
    this.#agents = { 'https:': agentsFor('https:', trust), 'http:': agentsFor('http:', trust) }
    this.#proxy = options.proxy
    this.#allowHosts = allowedHosts(options.allowHosts)
    this.#resolver = createCheckedResolver(options.clock, options.resolve)
  }

  async fetch(url: string | URL, request: OutgoingRequest): Promise<OutgoingOutcome> {
    const target = checkTarget(url, this.#allowHosts)
    if ('kind' in target) return target
    const framing = Object.keys(request.headers ?? {}).find((name) => FRAMING_HEADERS.has(name.toLowerCase()))
    if (framing !== undefined) {
      return notSent(target, 'invalid_request', `the header ${framing.toLowerCase()} cannot be set`)
    }
    const deadline = startDeadline(this.#clock, request.timeoutMs, request.signal)
    const call = { target, request, deadline }
    const release = await this.#slots.take({ tenant: request.tenant, host: target.url.host }, deadline)
    try {
      if (release === undefined) {
        return notSent(
          target,
          deadline.reason() === 'aborted' ? 'aborted' : 'too_many_calls',
          'too many calls of this tenant, or to this host, were waiting',
        )
      }
      const first = await this.#attempt(call, request.repeatable ? 'kept' : 'single')
      // The other side may have closed a kept connection just as it was used.
      const { outcome } = first.staleConnection ? await this.#attempt(call, 'single') : first
      // Another address may answer next time.
      if (outcome.kind === 'not-sent') this.#resolver.forget(target.hostname)
      return outcome
    } finally {
      release?.()
      deadline.stop()
    }
  }

  /** One attempt with its own time to connect. Resolving again costs nothing: the answer is cached. */
  async #attempt(call: Call, agent: 'kept' | 'single'): Promise<ExchangeResult> {
    const { target, request, deadline } = call
    const connecting = startDeadline(this.#clock, CONNECT_TIMEOUT_MS, deadline.signal)
    try {
      const proxy = this.#proxyTo(target)
      const addresses = await (proxy === undefined ? this.#resolve(call, connecting) : this.#checkName(call))
      if (!Array.isArray(addresses)) return { outcome: addresses, staleConnection: false }
      return await exchange({
        target,
        request,
        headers: headersOf(request),
        plan: {
          hostname: target.hostname,
          port: target.port,
          addresses,
          mayBePrivate: target.allowListed,
          proxy,
          signal: connecting.signal,
        },
        agent: this.#agents[target.secure ? 'https:' : 'http:'][agent],
        deadline,
        onConnected: () => connecting.stop(),
      })
    } finally {
      connecting.stop()
    }
  }

  /** What the operator lets be private is near, and reached without it. */
  #proxyTo(target: OutgoingTarget): OutgoingProxy | undefined {
    const isFar = target.secure && !target.allowListed
    return this.#proxy !== undefined && isFar && goesThrough(this.#proxy, target) ? this.#proxy : undefined
  }

  /** Refuses a name that is known here to be private; what is not known here is the proxy's to resolve. */
  async #checkName(call: Call): Promise<string[] | OutgoingFailure> {
    const looking = startDeadline(this.#clock, NAME_CHECK_MS, call.deadline.signal)
    try {
      const found = await this.#lookUp(call, looking)
      return found === 'private' ? withoutPublicAddress(call.target) : []
    } finally {
      looking.stop()
    }
  }

  async #resolve(call: Call, connecting: Deadline): Promise<string[] | OutgoingFailure> {
    const { target, deadline } = call
    const found = await this.#lookUp(call, connecting)
    if (Array.isArray(found)) return found
    if (found === 'late')
      return notSent(target, deadline.reason() ?? 'timeout', 'the name was not resolved in time')
    return withoutPublicAddress(target)
  }

  async #lookUp({ target }: Call, looking: Deadline): Promise<string[] | 'private' | 'unknown' | 'late'> {
    try {
      const checked = await beforeDeadline(this.#resolver.resolve(target), looking)
      if (checked === undefined) return 'late'
      return checked.kind === 'checked' ? [...checked.addresses] : 'private'
    } catch {
      return 'unknown'
    }
  }
}

/** One call of the guarded fetch. */
interface Call {
  readonly target: OutgoingTarget
  readonly request: OutgoingRequest
  readonly deadline: Deadline
}

function notSent(target: OutgoingTarget, code: OutgoingFailure['code'], reason: string): OutgoingFailure {
  return { kind: 'not-sent', code, message: `${target.url.host}: ${reason}.` }
}

/**
 * Of a name that is known here to be private the same is said as of one that nobody knows: the difference would tell
 * a tenant which names the operator's network has. A literal tells no more than it says.
 */
function withoutPublicAddress(target: OutgoingTarget): OutgoingFailure {
  if (isIP(target.hostname) !== 0)
    return notSent(target, 'forbidden_address', 'the address is not on the public internet')
  return notSent(target, 'dns_failed', 'the name could not be resolved to a public address')
}

/** One that keeps its connections for the next call, and one that makes a new one for each. */
interface Agents {
  readonly kept: PinnedAgent
  readonly single: PinnedAgent
}

function agentsFor(protocol: 'https:' | 'http:', trust: readonly string[] | undefined): Agents {
  return {
    kept: new PinnedAgent(protocol, {
      keepAlive: true,
      maxFreeSockets: MAX_IDLE_CONNECTIONS_PER_HOST,
      timeout: IDLE_CONNECTION_MS,
      trust,
    }),
    single: new PinnedAgent(protocol, { keepAlive: false, trust }),
  }
}

/** Uncompressed answers are asked for: they are small, and what is not compressed cannot be a bomb. */
function headersOf(request: OutgoingRequest): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'flow-vault' }
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value
  return headers
}
