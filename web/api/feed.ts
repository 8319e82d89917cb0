import type { Context } from '../page-context.ts'
import { queryOf } from './api.ts'
import { ApiError } from './api-error.ts'
import type { ChangeEvent } from './types.ts'

const CHANNEL = 'flow-vault-changes'
const LOCK = 'flow-vault-feed'
/** How long the vault may hold a request open, in seconds. */
const WAIT_SECONDS = 20
/** After a failure, or where the vault does not hold requests open. */
const PAUSE_MS = 5_000

/** Which connections have changed; `all` where that is not known any more. */
export type Changed = readonly string[] | 'all'

interface FeedPage {
  readonly events: readonly ChangeEvent[]
  readonly after: string
  readonly poll_after: number
}

/**
 * Changes as they come. One tab asks for all of them: a browser keeps six requests to a host, and as many tabs that
 * each held one would stop the next.
 */
export class Feed {
  readonly #context: Context
  readonly #onChange: (changed: Changed) => void
  readonly #stopped = new AbortController()
  readonly #channel: BroadcastChannel

  constructor(context: Context, options: { onChange(changed: Changed): void }) {
    this.#context = context
    this.#onChange = options.onChange
    this.#channel = new BroadcastChannel(`${CHANNEL}-${context.identity.tenant}`)
    this.#channel.onmessage = ({ data }) => this.#onChange(data as Changed)
  }

  /** Begins to listen; whichever tab gets the lock leads until it is closed. */
  start(): void {
    const { signal } = this.#stopped
    navigator.locks
      .request(`${LOCK}-${this.#context.identity.tenant}`, { signal }, () => this.#lead(signal))
      .catch(() => undefined)
  }

  /** Ends it; another tab takes over. */
  stop(): void {
    this.#stopped.abort()
    this.#channel.close()
  }

  /** Tells this tab and the others. */
  #tell(changed: Changed): void {
    this.#onChange(changed)
    this.#channel.postMessage(changed)
  }

  async #lead(signal: AbortSignal): Promise<void> {
    let after = 'latest'
    let hasLost = false
    while (!signal.aborted) {
      try {
        const query = queryOf({ after, wait: after === 'latest' ? undefined : WAIT_SECONDS })
        const page = await this.#context.api.ask<FeedPage>('GET', `/events${query}`, { signal })
        const ids = [...new Set(page.events.flatMap(({ connection_id: id }) => id ?? []))]
        if (ids.length > 0) this.#tell(ids)
        // Only now that the place is known from which nothing more is missed.
        if (hasLost) this.#tell('all')
        hasLost = false
        if (page.events.length === 0 && after !== 'latest') await pause(page.poll_after * 1000, signal)
        after = page.after
      } catch (error) {
        if (error instanceof ApiError && [403, 404].includes(error.status)) return
        // What the cursor named is no longer kept: what is shown is loaded anew, and followed from here.
        if (error instanceof ApiError && error.status === 410) {
          after = 'latest'
          hasLost = true
        }
        await pause(PAUSE_MS, signal)
      }
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
