import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../ports/clock.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { Log } from '../../ports/log.ts'
import { KeysUnavailableError, readIssuerDocument } from './issuer-document.ts'

/** Keys are looked up anew this often, while the known ones go on being used. */
const FRESH_MS = 10 * 60_000
/** Keys that an issuer has not confirmed for this long are not trusted any more: it may have withdrawn one. */
const GOOD_FOR_MS = 12 * 60 * 60_000
/** A token with a key we do not know may make us look again, but no flood of them more often than this. */
const PAUSE_AFTER_SUCCESS_MS = 30_000
/** An issuer in trouble is asked this often, however many requests come meanwhile. */
const PAUSE_AFTER_FAILURE_MS = 5_000

export interface DiscoveryOptions {
  readonly issuer: string
  /** Where the keys are, for an issuer without a discovery document. */
  readonly jwksUrl?: string | undefined
  readonly clock: Clock
  readonly log: Log
}

/**
 * The keys of an OpenID provider, by the address that its discovery document names (OpenID Connect Discovery 1.0 §4)
 * or by one that is set. Looked up when the first token comes, one look-up at a time; while the issuer is away the
 * keys that are known go on for hours. `find` throws `KeysUnavailableError` when it cannot tell, and jose's
 * `JWKSNoMatchingKey` when the issuer has no such key.
 */
export class DiscoveredKeys {
  readonly #options: DiscoveryOptions
  #known: { readonly find: JWTVerifyGetKey; readonly atMs: number } | undefined
  #failedAtMs = Number.NEGATIVE_INFINITY
  #lookUp: Promise<void> | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  /** jose's way to ask for the key of a token. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const ageMs = this.#ageMs()
    if (ageMs >= GOOD_FOR_MS) await this.#refresh()
    // Nobody waits for what is only to be confirmed.
    else if (ageMs >= FRESH_MS) this.#refresh().catch(() => undefined)
    try {
      return await this.#known!.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      if (this.#ageMs() < PAUSE_AFTER_SUCCESS_MS) throw error
    }
    await this.#refresh()
    return this.#known!.find(header, token)
  }

  #ageMs(): number {
    return this.#known === undefined
      ? Number.POSITIVE_INFINITY
      : this.#options.clock.monotonicMs() - this.#known.atMs
  }

  async #refresh(): Promise<void> {
    if (this.#options.clock.monotonicMs() - this.#failedAtMs < PAUSE_AFTER_FAILURE_MS) {
      throw new KeysUnavailableError('the issuer did not answer a moment ago')
    }
    this.#lookUp ??= this.#look().finally(() => {
      this.#lookUp = undefined
    })
    await this.#lookUp
  }

  async #look(): Promise<void> {
    const { issuer, jwksUrl, clock, log } = this.#options
    try {
      const keys = await readIssuerDocument(jwksUrl ?? (await discoveredUrl(issuer)))
      if (!Array.isArray(keys['keys']) || keys['keys'].length === 0) {
        throw new KeysUnavailableError('the key set holds no keys')
      }
      const find = createLocalJWKSet(keys as unknown as JSONWebKeySet)
      this.#known = { find, atMs: clock.monotonicMs() }
    } catch (error) {
      this.#failedAtMs = clock.monotonicMs()
      const reason = error instanceof KeysUnavailableError ? { reason: error.reason } : {}
      log.error('the keys of the issuer could not be looked up', {
        ...errorFields(error),
        url: jwksUrl ?? issuer,
        ...reason,
      })
      throw new KeysUnavailableError('the look-up failed', { cause: error })
    }
  }
}

async function discoveredUrl(issuer: string): Promise<string> {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  const document = await readIssuerDocument(new URL('.well-known/openid-configuration', base).href)
  // RFC 8414 §3.3: a document that names another issuer must not be used.
  if (document['issuer'] !== issuer) {
    throw new KeysUnavailableError(
      'the discovery document names another issuer than the setting: compare them',
    )
  }
  const url = document['jwks_uri']
  if (typeof url !== 'string' || !isSafe(url)) {
    throw new KeysUnavailableError('the discovery document names no key set at an https address')
  }
  return url
}

/** Keys that come unprotected are anybody's; plain http is for loopback, where an issuer in development runs. */
function isSafe(text: string): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)
}
