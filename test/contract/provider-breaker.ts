import type {
  Admission,
  ProviderBreaker,
  ReportedOutcome,
  RequestedProvider,
} from '../../shared/ports/provider-breaker.ts'
import type { Random } from '../../shared/ports/random.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const HUBSPOT: RequestedProvider = {
  tenant: 't1',
  application: 'application oa_1 1',
  host: { name: 'api.hubapi.com', isOfCatalogue: true },
}
const OTHER_TENANT: RequestedProvider = { ...HUBSPOT, tenant: 't2' }
const OWN_SERVER: RequestedProvider = { tenant: 't1', application: 'setup abc', host: undefined }

/** Asks a provider and reports what came of it, where the breaker lets it; answers whether it did. */
export async function askThrough(
  breaker: ProviderBreaker,
  provider: RequestedProvider,
  outcome: ReportedOutcome,
): Promise<Admission['kind']> {
  const admission = await breaker.admit(provider, 'now')
  if (admission.kind === 'go') await admission.report(outcome)
  return admission.kind
}

/** What every adapter of breakers keeps. */
export function providerBreakerContract(
  name: string,
  open: (ports: { clock: ManualClock; random: Random }) => ProviderBreaker,
): void {
  describe(`${name} as a breaker`, () => {
    let clock: ManualClock
    let fraction: number
    let breaker: ProviderBreaker

    beforeEach(() => {
      clock = new ManualClock()
      fraction = 0.5
      const seeded = new SeededRandom(1)
      breaker = open({ clock, random: { bytes: (length) => seeded.bytes(length), fraction: () => fraction } })
    })

    const admit = (provider: RequestedProvider, paced = false) =>
      breaker.admit(provider, paced ? 'later' : 'now')
    const ask = (provider: RequestedProvider, outcome: ReportedOutcome) =>
      askThrough(breaker, provider, outcome)
    async function fail(provider: RequestedProvider, times: number) {
      for (let time = 0; time < times; time++) await ask(provider, 'unknown')
    }

    it('lets five failures in a row through, and then nothing for a minute', async () => {
      await fail(OWN_SERVER, 4)
      expect(await ask(OWN_SERVER, 'not-sent')).toBe('go')
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      await clock.advance(59_999)
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      await clock.advance(1)
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('tells how many are open, until an answer comes', async () => {
      const open = () => ({
        applications: breaker.openCount('application'),
        hosts: breaker.openCount('host'),
      })
      await fail(HUBSPOT, 4)
      expect(open()).toEqual({ applications: 0, hosts: 0 })
      await fail(HUBSPOT, 1)
      expect(open()).toEqual({ applications: 1, hosts: 2 })
      await fail(OWN_SERVER, 5)
      expect(open()).toEqual({ applications: 2, hosts: 2 })
      await clock.advance(60_000)
      await ask(HUBSPOT, 'unknown')
      expect(open()).toEqual({ applications: 2, hosts: 2 })
      await clock.advance(60_000)
      await ask(HUBSPOT, 'passing')
      expect(open()).toEqual({ applications: 2, hosts: 0 })
      await clock.advance(60_000)
      await ask(HUBSPOT, 'granted')
      expect(open()).toEqual({ applications: 1, hosts: 0 })
    })

    it.each(['granted', 'grant-dead'] as const)('counts anew after an answer: %s', async (answer) => {
      await fail(OWN_SERVER, 4)
      await ask(OWN_SERVER, answer)
      await fail(OWN_SERVER, 4)
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('lets one request find out after the minute, and the others wait for it', async () => {
      await fail(OWN_SERVER, 5)
      await clock.advance(60_000)
      const probe = await admit(OWN_SERVER)
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      if (probe.kind === 'go') await probe.report('granted')
      expect((await admit(OWN_SERVER)).kind).toBe('go')
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('opens for another minute when the one that found out failed', async () => {
      await fail(OWN_SERVER, 5)
      await clock.advance(60_000)
      await ask(OWN_SERVER, 'unknown')
      await clock.advance(59_999)
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      await clock.advance(1)
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('lets the next find out when the first never asked, or never came back', async () => {
      await fail(OWN_SERVER, 5)
      await clock.advance(60_000)
      const probe = await admit(OWN_SERVER)
      if (probe.kind === 'go') await probe.report('not-asked')
      expect((await admit(OWN_SERVER)).kind).toBe('go')
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      await clock.advance(90_000)
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it.each([
      [0, 60_000],
      [0.5, 90_000],
      [0.999, 119_940],
    ])(
      'has those who wait come back spread over a minute after it ends: chance %p gives %p ms',
      async (chance, forMs) => {
        await fail(OWN_SERVER, 5)
        fraction = chance
        expect(await admit(OWN_SERVER)).toEqual({ kind: 'wait', forMs, because: 'provider_failing' })
      },
    )

    it('leaves a refused client alone for five minutes, then asks once, and believes the answer', async () => {
      const refused = await admit(OWN_SERVER)
      if (refused.kind === 'go') await refused.report('app-broken')
      expect(await admit(OWN_SERVER)).toMatchObject({ kind: 'wait', because: 'client_refused' })
      await clock.advance(299_999)
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      await clock.advance(1)
      const tried = await admit(OWN_SERVER)
      expect(tried.kind).toBe('go')
      expect((await admit(OWN_SERVER)).kind).toBe('wait')
      if (tried.kind === 'go') await tried.report('granted')
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('asks with another client at once: a changed one has another name', async () => {
      const refused = await admit(OWN_SERVER)
      if (refused.kind === 'go') await refused.report('app-broken')
      expect((await admit({ ...OWN_SERVER, application: 'setup changed' })).kind).toBe('go')
    })

    it('lets a person try in spite of it, and believes what comes of that', async () => {
      await fail(OWN_SERVER, 5)
      const tried = await breaker.admit(OWN_SERVER, 'anyway')
      expect(tried.kind).toBe('go')
      if (tried.kind === 'go') await tried.report('granted')
      expect((await admit(OWN_SERVER)).kind).toBe('go')
    })

    it('stops the host for every tenant when the host fails', async () => {
      await fail(HUBSPOT, 5)
      expect((await admit(OTHER_TENANT)).kind).toBe('wait')
    })

    it('stops a host of a tenant’s own for that tenant, however many clients it has there, and for no other', async () => {
      const host = { name: 'login.example.com', isOfCatalogue: false }
      const client = (tenant: string, application: number) => ({
        tenant,
        application: `setup ${application}`,
        host,
      })
      for (let index = 0; index < 5; index++) await ask(client('evil', index), 'unknown')
      expect((await admit(client('evil', 99))).kind).toBe('wait')
      expect(
        (await admit({ ...client('evil', 99), host: { ...host, name: 'other.example.com' } })).kind,
      ).toBe('go')
      expect((await admit(client('acme', 1))).kind).toBe('go')
    })

    it('stops only the application when that is told to wait', async () => {
      for (let time = 0; time < 5; time++) await ask(HUBSPOT, 'passing')
      expect((await admit(HUBSPOT)).kind).toBe('wait')
      expect((await admit(OTHER_TENANT)).kind).toBe('go')
    })

    it('keeps what a tenant says of a host to that tenant', async () => {
      await fail({ ...OWN_SERVER, application: 'setup abc' }, 5)
      expect((await admit({ ...OWN_SERVER, tenant: 't2' })).kind).toBe('go')
      expect((await admit({ ...OWN_SERVER, application: 'setup def' })).kind).toBe('go')
    })

    it('paces what no flow waits for: fifty of one application at once, then ten a second', async () => {
      for (let count = 0; count < 50; count++) expect((await admit(HUBSPOT, true)).kind).toBe('go')
      expect((await admit(HUBSPOT, true)).kind).toBe('wait')
      expect((await admit(HUBSPOT)).kind).toBe('go')
      await clock.advance(1_100)
      for (let count = 0; count < 10; count++) expect((await admit(HUBSPOT, true)).kind).toBe('go')
      expect((await admit(HUBSPOT, true)).kind).toBe('wait')
    })

    it('spreads a crowd over the time its pace needs', async () => {
      for (let count = 0; count < 50; count++) await admit(HUBSPOT, true)
      let last = 0
      for (let count = 0; count < 3_000; count++) {
        const admission = await admit(HUBSPOT, true)
        if (admission.kind === 'wait') last = admission.forMs
      }
      // Three thousand at ten a second need 300 s; chance is a half.
      expect(last).toBe(151_000)
    })

    it('paces a host for all applications together', async () => {
      let gone = 0
      for (let count = 0; count < 200; count++) {
        const admission = await admit({ ...HUBSPOT, application: `application oa_${count} 1` }, true)
        if (admission.kind === 'go') gone++
      }
      expect(gone).toBe(100)
    })
  })
}
