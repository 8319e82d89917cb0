import { PAGE_ROOT } from '../mount.ts'
import { ApiError, errorOf, noAnswer } from './api-error.ts'
import type { Session } from './signed-in.ts'

interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
  readonly session_expires_at: string
}

/** A token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 60_000
const CHANNEL = 'flow-vault-session'

/**
 * The person's session: the token is held in memory, and the cookie that renews it is out of reach of every script.
 * Tells `onChange` when somebody signs in or out, here or in another tab.
 */
export class PageSession implements Session {
  readonly hasButton = false
  #token: string | undefined
  #tokenEndsAtMs = 0
  #endsAtMs: number | undefined
  #renewing: Promise<string> | undefined
  readonly #channel = new BroadcastChannel(CHANNEL)
  readonly #onChange: (isSignedIn: boolean) => void

  constructor(onChange: (isSignedIn: boolean) => void) {
    this.#onChange = onChange
    this.#channel.onmessage = ({ data }) => {
      if (data === 'signed-in') this.token({ renew: true }).then(() => onChange(true), ignore)
      if (data === 'signed-out') this.#forget()
    }
  }

  /** When the session ends, in epoch ms. */
  get endsAtMs(): number | undefined {
    return this.#endsAtMs
  }

  /** Signs in with the ticket of the address, if there is one, and wipes it from the address and the history. */
  async begin(): Promise<void> {
    const ticket = new URLSearchParams(location.hash.slice(1)).get('ticket')
    if (ticket === null) {
      await this.token({ renew: true })
    } else {
      history.replaceState(null, '', location.pathname + location.search)
      this.#take(await post('', { ticket }))
      this.#channel.postMessage('signed-in')
    }
    this.#onChange(true)
  }

  /** The link comes from elsewhere: what is left to do is to look again. */
  signIn(): Promise<void> {
    return this.begin()
  }

  /** A token that works for a while. Throws `ApiError` with 401 when nobody is signed in. */
  async token({ renew }: { renew: boolean }): Promise<string> {
    if (!renew && this.#token !== undefined && Date.now() < this.#tokenEndsAtMs - RENEW_BEFORE_MS) {
      return this.#token
    }
    this.#renewing ??= this.#renew({}).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** Begins the session's time anew. */
  async stay(): Promise<void> {
    await this.#renew({ stay: true })
  }

  /** Ends the session in every tab. */
  async end(): Promise<void> {
    await post('/end', {}).catch(ignore)
    this.#channel.postMessage('signed-out')
    this.#forget()
  }

  async #renew(body: { stay?: boolean }): Promise<string> {
    try {
      return this.#take(await post('/renew', body))
    } catch (error) {
      if (error instanceof ApiError && error.isSignedOut) this.#forget()
      throw error
    }
  }

  #take(answer: TokenAnswer): string {
    this.#token = answer.access_token
    this.#tokenEndsAtMs = Date.now() + answer.expires_in * 1000
    this.#endsAtMs = Date.parse(answer.session_expires_at)
    return answer.access_token
  }

  #forget(): void {
    this.#token = undefined
    this.#endsAtMs = undefined
    this.#onChange(false)
  }
}

async function post(path: string, body: unknown): Promise<TokenAnswer> {
  const response = await fetch(`${PAGE_ROOT}/session${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
  }).catch(() => {
    throw noAnswer()
  })
  if (!response.ok) throw await errorOf(response)
  return response.status === 204 ? (undefined as never) : ((await response.json()) as TokenAnswer)
}

function ignore(): void {}
