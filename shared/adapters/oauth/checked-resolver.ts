import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock } from '../../ports/clock.ts'
import { canonicalAddress, isPublicAddress } from './address-policy.ts'
import type { OutgoingTarget } from './outgoing-target.ts'

/** Every address of a name. Rejects when it has none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/** How long an answer is used: names of providers move within minutes, and one call's retries share a lookup. */
const CACHE_MS = 30_000
/** Names kept; a vault speaks to a handful of providers, tenants may add as many as they like. */
const MAX_CACHED_NAMES = 1_000
/** Addresses tried for one connection; large providers publish eight or so. All are checked. */
const MAX_ADDRESSES = 16

/** The addresses to connect to, or that at least one of them is not public. */
export type CheckedAddresses =
  | { readonly kind: 'checked'; readonly addresses: readonly string[] }
  | { readonly kind: 'forbidden' }

export interface CheckedResolver {
  /** Rejects with the resolver's error. */
  resolve(target: OutgoingTarget): Promise<CheckedAddresses>
  /** After a failed connection, so that the next call asks again. */
  forget(hostname: string): void
}

/**
 * Resolves a target's host and checks every address, at each call anew: what is cached is the answer, never the
 * verdict. One private address among public ones refuses the whole answer, because which one a connection would
 * use is up to whoever controls the name. Without `resolve` the system's resolver is asked.
 */
export function createCheckedResolver(clock: Clock, resolve: Resolve = resolveWithSystem): CheckedResolver {
  const cache = new Map<string, { readonly addresses: readonly string[]; readonly untilMs: number }>()

  async function addressesOf(hostname: string): Promise<readonly string[]> {
    if (isIP(hostname) !== 0) return [hostname]
    const cached = cache.get(hostname)
    if (cached !== undefined && cached.untilMs > clock.monotonicMs()) return cached.addresses
    const addresses = await resolve(hostname)
    if (cache.size >= MAX_CACHED_NAMES) cache.clear()
    cache.set(hostname, { addresses, untilMs: clock.monotonicMs() + CACHE_MS })
    return addresses
  }

  return {
    async resolve(target) {
      const addresses = await addressesOf(target.hostname)
      const passes = addresses.length > 0 && (target.allowListed || addresses.every(isPublicAddress))
      if (!passes) return { kind: 'forbidden' }
      return { kind: 'checked', addresses: addresses.slice(0, MAX_ADDRESSES).map(canonicalAddress) }
    },
    forget(hostname) {
      cache.delete(hostname)
    },
  }
}

async function resolveWithSystem(hostname: string): Promise<readonly string[]> {
  const answers = await lookup(hostname, { all: true, order: 'verbatim' })
  return answers.map((answer) => answer.address)
}
