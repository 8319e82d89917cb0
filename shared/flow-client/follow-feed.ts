import { type ConnectionNews, readNews } from './change-message.ts'
import { FlowVaultError } from './flow-vault-error.ts'
import type { ClientSystem } from './system.ts'
import type { VaultCalls } from './vault-calls.ts'

/** What the vault holds a request for at most. */
const WAIT_SECONDS = 20
/** Between tries while the vault is away, and between reads where it cannot hold a request. */
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 15_000
const DEFAULT_POLL_MS = 5_000

export interface FollowFeedOptions {
  readonly calls: VaultCalls
  readonly system: ClientSystem
  readonly signal: AbortSignal
  onNews(news: ConnectionNews): void
  /** Events may have been missed: the place in the feed was lost, or is older than the feed keeps. */
  onGap(): void
}

/** Reads the tenant's feed from now on until the signal ends it. Rejects only for what no waiting mends. */
export async function followFeed(options: FollowFeedOptions): Promise<void> {
  let after: string | undefined
  let failures = 0
  while (!options.signal.aborted) {
    try {
      const page = await readPage(options, after)
      failures = 0
      // The first page only tells where now is: what was held before it may be older than any of its events.
      if (page.lost || after === undefined) options.onGap()
      for (const event of page.events) {
        const news = readNews(event)
        if (news !== undefined) options.onNews(news)
      }
      after = page.next
      if (page.pauseMs > 0) await options.system.pause(page.pauseMs, options.signal)
    } catch (error) {
      if (options.signal.aborted) return
      if (FlowVaultError.is(error) && !error.retryable) throw error
      const longest = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
      failures += 1
      await options.system.pause(options.system.random() * longest, options.signal).catch(() => {})
    }
  }
}

interface FeedPage {
  readonly events: readonly unknown[]
  readonly next: string | undefined
  readonly lost: boolean
  readonly pauseMs: number
}

async function readPage(options: FollowFeedOptions, after: string | undefined): Promise<FeedPage> {
  const answer = await options.calls.readFeed(after ?? 'latest', WAIT_SECONDS, options.signal)
  if (answer.status === 410) return { events: [], next: undefined, lost: true, pauseMs: 0 }
  const body = JSON.parse(answer.body) as {
    events?: unknown
    after?: unknown
    more?: unknown
    poll_after?: unknown
  }
  const events = Array.isArray(body.events) ? body.events : []
  const next = typeof body.after === 'string' ? body.after : after
  const told = typeof body.poll_after === 'number' ? body.poll_after * 1000 : DEFAULT_POLL_MS
  return { events, next, lost: false, pauseMs: body.more === true ? 0 : told }
}
