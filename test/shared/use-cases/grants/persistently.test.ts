import { HOLD_MS, PROVIDER_TIMEOUT_MS } from '../../../../shared/domain/rotation-policy.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { SecretNotFoundError } from '../../../../shared/ports/secret-store.ts'
import { persistently } from '../../../../shared/use-cases/grants/persistently.ts'

/** A clock whose sleeps pass at once, and a log; `sleptMs` is what was waited in all. */
function stage() {
  const waits: number[] = []
  const warned: string[] = []
  const ports = {
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: async (ms: number) => void waits.push(ms),
    },
    log: {
      debug: () => {},
      info: () => {},
      warn: (message: string) => void warned.push(message),
      error: () => {},
      access: () => {},
    },
  }
  return { ports, warned, sleptMs: () => waits.reduce((sum, ms) => sum + ms, 0) }
}

const away = new StoreUnavailableError('throttled', 'unknown')

describe('persistently', () => {
  it('does it again until the store answers, and answers what it did', async () => {
    const { ports, warned } = stage()
    let tries = 0
    const act = async () => {
      tries++
      if (tries < 5) throw away
      return 'stored'
    }
    expect(await persistently(ports, 'store a new grant', act)).toBe('stored')
    expect(tries).toBe(5)
    expect(warned).toHaveLength(4)
    expect(warned[0]).toBe('could not store a new grant yet')
  })

  it('gives up with the store’s last word while the lease still covers the longest request before it', async () => {
    const { ports, sleptMs } = stage()
    await expect(persistently(ports, 'store', () => Promise.reject(away))).rejects.toBe(away)
    expect(sleptMs()).toBeGreaterThan(20_000)
    expect(sleptMs()).toBeLessThan(HOLD_MS - PROVIDER_TIMEOUT_MS)
  })

  it('does not repeat what the store decided', async () => {
    const { ports, sleptMs } = stage()
    const gone = new SecretNotFoundError('gone')
    await expect(persistently(ports, 'store', () => Promise.reject(gone))).rejects.toBe(gone)
    expect(sleptMs()).toBe(0)
  })
})
