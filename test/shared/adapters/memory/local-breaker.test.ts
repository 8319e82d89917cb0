import { LocalBreaker } from '../../../../shared/adapters/memory/local-breaker.ts'
import type { RequestedProvider } from '../../../../shared/ports/provider-breaker.ts'
import { askThrough, providerBreakerContract } from '../../../contract/provider-breaker.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const OWN_SERVER: RequestedProvider = { tenant: 't1', application: 'setup abc', host: undefined }

providerBreakerContract('LocalBreaker', (ports) => new LocalBreaker(ports))

describe('LocalBreaker', () => {
  it('counts one that was forgotten no more, whatever its last request reports', async () => {
    const breaker = new LocalBreaker({ clock: new ManualClock(), random: new SeededRandom(1) })
    const admit = (provider: RequestedProvider) => breaker.admit(provider, 'now')
    for (let time = 0; time < 4; time++) await askThrough(breaker, OWN_SERVER, 'unknown')
    const last = await admit(OWN_SERVER)
    const another = await admit(OWN_SERVER)
    if (last.kind === 'go') await last.report('unknown')
    expect(breaker.openCount('application')).toBe(1)
    for (let index = 0; index < 10_000; index++)
      await admit({ tenant: 't2', application: `${index}`, host: undefined })
    expect(breaker.openCount('application')).toBe(0)
    if (another.kind === 'go') await another.report('granted')
    expect(breaker.openCount('application')).toBe(0)
  })
})
