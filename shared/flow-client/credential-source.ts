import { refuseUnknownOptions, requireConnectionId, requireNumber } from './client-options.ts'
import type { Credential } from './credential.ts'
import type { CachedCredential, CredentialAsk, CredentialCache } from './credential-cache.ts'
import { CredentialFlight } from './credential-flight.ts'
import type { ElapsedClock } from './elapsed-clock.ts'
import { FlowVaultError } from './flow-vault-error.ts'
import type { ClientSystem } from './system.ts'
import type { VaultCalls } from './vault-calls.ts'

/** From this part of `revalidateAfterMs` on the vault is asked in the background, so that a busy flow never waits. */
const BACKGROUND_FROM = 0.8
/** How long a call waits for a vault that does not answer while it holds a credential that lasts. */
const PATIENCE_MS = 1_000
/** And how long nobody waits again after that. */
const IMPATIENCE_MS = 5_000
/** The server's own cap (seconds). */
const MAX_MIN_TTL_SECONDS = 86_400
const DEFAULT_MIN_TTL_SECONDS = 60

export interface CredentialsOptions {
  /** Seconds the flow needs it for: 60 when not given, and never more than the token's own life. */
  readonly minTtl?: number
  /** Ends this caller's wait, nobody else's. */
  readonly signal?: AbortSignal
  /** Asks the vault now, whatever is held. */
  readonly fresh?: boolean
}

const ASK_OPTIONS: readonly (keyof CredentialsOptions)[] = ['minTtl', 'signal', 'fresh']

/** What happened inside, for metrics and logs; never a secret. */
export type ClientEvent =
  | { readonly type: 'fetched' | 'confirmed'; readonly connectionId: string; readonly ms: number }
  | { readonly type: 'stale'; readonly connectionId: string; readonly error: FlowVaultError }

export interface CredentialSourceOptions {
  readonly cache: CredentialCache
  readonly calls: VaultCalls
  readonly clock: ElapsedClock
  readonly system: ClientSystem
  readonly revalidateAfterMs: number
  readonly onEvent?: (event: ClientEvent) => void
}

/**
 * Answers from memory while that is right, and from the vault otherwise: one request at a time for a connection,
 * the old credential kept until its known end whatever fails, and never handed out past it.
 */
export class CredentialSource {
  readonly #options: CredentialSourceOptions
  readonly #flights = new Map<string, CredentialFlight<CachedCredential>>()
  /** The latest news of a connection that is held: answers to requests before it are older than what is known. */
  readonly #news = new Map<string, number>()
  /** Counts requests and news, so that two of one millisecond have an order. */
  #order = 0

  constructor(options: CredentialSourceOptions) {
    this.#options = options
  }

  get(id: string, options: CredentialsOptions): Promise<Credential> {
    const minTtlMs = (options.minTtl ?? DEFAULT_MIN_TTL_SECONDS) * 1000
    const entry = this.#options.cache.get(id)
    if (entry !== undefined && options.fresh !== true && options.signal?.aborted !== true) {
      const nowMs = this.#options.clock.nowMs()
      if (this.#isGood(id, entry, minTtlMs, nowMs)) {
        const ageMs = nowMs - entry.checkedAtMs
        if (ageMs < this.#options.revalidateAfterMs * BACKGROUND_FROM) return entry.settled
        if (ageMs < this.#options.revalidateAfterMs || nowMs < entry.patienceUntilMs) {
          this.#inBackground(id, minTtlMs)
          return entry.settled
        }
      }
    }
    return this.#ask(id, minTtlMs, options)
  }

  /** The vault says that the connection changed: the next call asks. `gone` also forgets what is held. */
  invalidate(id: string, gone: boolean): void {
    if (gone) this.#options.cache.delete(id)
    // What is neither held nor on its way will be asked for anyhow.
    if (this.#flights.has(id) || this.#options.cache.get(id) !== undefined) this.#news.set(id, ++this.#order)
    else this.#news.delete(id)
  }

  /** Events may have been missed: everything is asked for again. */
  invalidateAll(): void {
    for (const id of this.#options.cache.ids()) this.invalidate(id, false)
  }

  #isGood(id: string, entry: CachedCredential, minTtlMs: number, nowMs: number): boolean {
    const leftMs = entry.endsAtMs - nowMs
    if (leftMs <= 0 || this.#isSuperseded(id, entry.order)) return false
    // Shorter than asked, but the vault said a moment ago that it has nothing that lasts longer.
    return (
      leftMs >= minTtlMs ||
      (entry.askedTtlMs >= minTtlMs && nowMs - entry.checkedAtMs < this.#options.revalidateAfterMs)
    )
  }

  #isSuperseded(id: string, order: number): boolean {
    const news = this.#news.get(id)
    return news !== undefined && order < news
  }

  async #ask(id: string, minTtlMs: number, options: CredentialsOptions): Promise<Credential> {
    // Looked at here, and not where a held credential is handed out, which may be a million times a second.
    requireConnectionId(id)
    refuseUnknownOptions('credentials', options, ASK_OPTIONS)
    if (options.minTtl !== undefined) requireNumber('credentials', 'minTtl', options.minTtl, 0)
    const { signal, fresh } = options
    signal?.throwIfAborted()
    const since = ++this.#order
    for (;;) {
      const held = this.#options.cache.get(id)
      const patient = fresh === true || held === undefined || this.#isSuperseded(id, held.order)
      const running = this.#running(id)
      // One that began before what this caller must see is waited for, and then asked again.
      const joins =
        running !== undefined &&
        running.minTtlMs >= minTtlMs &&
        !this.#isSuperseded(id, running.order) &&
        (fresh !== true || running.order > since)
      const flight = running ?? this.#start(id, minTtlMs)
      try {
        const entry = await (patient ? flight.wait(signal) : this.#waitBriefly(flight, held, signal))
        if (running === undefined || joins) return this.#checked(entry)
      } catch (error) {
        if (signal?.aborted) throw error
        if (running === undefined || joins) return this.#afterFailure(id, error)
      }
    }
  }

  /** Waits as long as a flow can be expected to, then goes on with what is held. */
  async #waitBriefly(
    flight: CredentialFlight<CachedCredential>,
    held: CachedCredential,
    signal: AbortSignal | undefined,
  ): Promise<CachedCredential> {
    if (held.endsAtMs <= this.#options.clock.nowMs()) return flight.wait(signal)
    const limit = new AbortController()
    const late = this.#options.system.pause(PATIENCE_MS, limit.signal).then(
      () => undefined,
      () => undefined,
    )
    flight.keep()
    try {
      const answered = await Promise.race([flight.wait(signal), late])
      if (answered !== undefined) return answered
    } finally {
      limit.abort()
    }
    const nowMs = this.#options.clock.nowMs()
    if (held.endsAtMs <= nowMs) return flight.wait(signal)
    held.patienceUntilMs = nowMs + IMPATIENCE_MS
    return held
  }

  /** P3: however long the wait was, what has ended meanwhile is not handed out. */
  #checked(entry: CachedCredential): Credential {
    if (entry.endsAtMs > this.#options.clock.nowMs()) return entry.credential
    const id = entry.credential.connectionId
    throw new FlowVaultError('credential_unavailable', `${id}: the credential ended while it was fetched.`, {
      connectionId: id,
    })
  }

  /** A fault that passes leaves what is held good until its end; a refusal ends it at once. */
  #afterFailure(id: string, error: unknown): Credential {
    const held = this.#options.cache.get(id)
    const passing = FlowVaultError.is(error) && error.retryable
    if (held === undefined || !passing) throw error
    const nowMs = this.#options.clock.nowMs()
    if (held.endsAtMs <= nowMs) throw error
    held.patienceUntilMs = nowMs + IMPATIENCE_MS
    this.#tell({ type: 'stale', connectionId: id, error })
    return held.credential
  }

  #inBackground(id: string, minTtlMs: number): void {
    if (this.#running(id) !== undefined) return
    this.#start(id, minTtlMs).keep()
  }

  #running(id: string): CredentialFlight<CachedCredential> | undefined {
    const flight = this.#flights.get(id)
    return flight?.abandoned === true ? undefined : flight
  }

  #start(id: string, minTtlMs: number): CredentialFlight<CachedCredential> {
    const ask: CredentialAsk = { startedAtMs: this.#options.clock.nowMs(), order: ++this.#order, minTtlMs }
    const flight: CredentialFlight<CachedCredential> = new CredentialFlight(ask, (signal) =>
      this.#fetch(id, ask, signal).finally(() => {
        if (this.#flights.get(id) === flight) this.#flights.delete(id)
      }),
    )
    this.#flights.set(id, flight)
    return flight
  }

  #tell(event: ClientEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // A listener counts what happens; what is wrong with it must not keep a credential from a flow.
    }
  }

  async #fetch(id: string, ask: CredentialAsk, signal: AbortSignal): Promise<CachedCredential> {
    const { cache, calls, clock } = this.#options
    const held = cache.get(id)
    const minTtlSeconds = Math.min(MAX_MIN_TTL_SECONDS, Math.ceil(ask.minTtlMs / 1000))
    try {
      const fetched = await calls.fetchCredential(id, { minTtlSeconds, etag: held?.etag, signal })
      const event = { connectionId: id, ms: clock.nowMs() - ask.startedAtMs }
      if (fetched.kind === 'unchanged' && held !== undefined) {
        held.checkedAtMs = ask.startedAtMs
        held.order = ask.order
        held.askedTtlMs = ask.minTtlMs
        held.patienceUntilMs = 0
        this.#tell({ type: 'confirmed', ...event })
        return held
      }
      if (fetched.kind === 'unchanged')
        throw new FlowVaultError(
          'vault_unavailable',
          `${id}: the vault answered 304 to a request without a tag.`,
        )
      this.#tell({ type: 'fetched', ...event })
      return cache.put(id, fetched, ask)
    } catch (error) {
      // The vault said no, which ends what is held; that it could not say anything does not.
      if (FlowVaultError.is(error) && !error.retryable) cache.delete(id)
      throw error
    }
  }
}
