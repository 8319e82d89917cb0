import type { Random } from '../../../../shared/ports/random.ts'
import {
  ProviderBreaker,
  type RequestedProvider,
} from '../../../../shared/use-cases/grants/provider-breaker.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const HUBSPOT: RequestedProvider = {
  tenant: 't1',
  application: 'application oa_1 1',
  host: { name: 'api.hubapi.com', isOfCatalogue: true },
}
const OTHER_TENANT: RequestedProvider = { ...HUBSPOT, tenant: 't2' }
const OWN_SERVER: RequestedProvider = { tenant: 't1', application: 'setup abc', host: undefined }

describe('ProviderBreaker', () => {
  let clock: ManualClock
  let fraction: number
  let breaker: ProviderBreaker

  beforeEach(() => {
    clock = new ManualClock()
    fraction = 0.5
    const random: Pick<Random, 'fraction'> = { fraction: () => fraction }
    breaker = new ProviderBreaker({ clock, random })
  })

  function admit(provider: RequestedProvider, paced = false) {
    return breaker.admit(provider, paced ? 'later' : 'now')
  }

  function ask(
    provider: RequestedProvider,
    outcome: 'granted' | 'unknown' | 'passing' | 'grant-dead' | 'not-sent',
  ) {
    const admission = admit(provider)
    if (admission.kind === 'go') admission.report(outcome)
    return admission.kind
  }

  function fail(provider: RequestedProvider, times: number) {
    for (let time = 0; time < times; time++) ask(provider, 'unknown')
  }

  it('lets five failures in a row through, and then nothing for a minute', async () => {
    fail(OWN_SERVER, 4)
    expect(ask(OWN_SERVER, 'not-sent')).toBe('go')
    expect(admit(OWN_SERVER).kind).toBe('wait')
    await clock.advance(59_999)
    expect(admit(OWN_SERVER).kind).toBe('wait')
    await clock.advance(1)
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('tells how many are open, until an answer comes', async () => {
    const open = () => ({ applications: breaker.openCount('application'), hosts: breaker.openCount('host') })
    fail(HUBSPOT, 4)
    expect(open()).toEqual({ applications: 0, hosts: 0 })
    fail(HUBSPOT, 1)
    expect(open()).toEqual({ applications: 1, hosts: 2 })
    fail(OWN_SERVER, 5)
    expect(open()).toEqual({ applications: 2, hosts: 2 })
    await clock.advance(60_000)
    ask(HUBSPOT, 'unknown')
    expect(open()).toEqual({ applications: 2, hosts: 2 })
    await clock.advance(60_000)
    ask(HUBSPOT, 'passing')
    expect(open()).toEqual({ applications: 2, hosts: 0 })
    await clock.advance(60_000)
    ask(HUBSPOT, 'granted')
    expect(open()).toEqual({ applications: 1, hosts: 0 })
  })

  it('counts one that was forgotten no more, whatever its last request reports', () => {
    fail(OWN_SERVER, 4)
    const last = admit(OWN_SERVER)
    const another = admit(OWN_SERVER)
    if (last.kind === 'go') last.report('unknown')
    expect(breaker.openCount('application')).toBe(1)
    for (let index = 0; index < 10_000; index++)
      admit({ tenant: 't2', application: `${index}`, host: undefined })
    expect(breaker.openCount('application')).toBe(0)
    if (another.kind === 'go') another.report('granted')
    expect(breaker.openCount('application')).toBe(0)
  })

  it.each(['granted', 'grant-dead'] as const)('counts anew after an answer: %s', (answer) => {
    fail(OWN_SERVER, 4)
    ask(OWN_SERVER, answer)
    fail(OWN_SERVER, 4)
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('lets one request find out after the minute, and the others wait for it', async () => {
    fail(OWN_SERVER, 5)
    await clock.advance(60_000)
    const probe = admit(OWN_SERVER)
    expect(admit(OWN_SERVER).kind).toBe('wait')
    if (probe.kind === 'go') probe.report('granted')
    expect(admit(OWN_SERVER).kind).toBe('go')
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('opens for another minute when the one that found out failed', async () => {
    fail(OWN_SERVER, 5)
    await clock.advance(60_000)
    ask(OWN_SERVER, 'unknown')
    await clock.advance(59_999)
    expect(admit(OWN_SERVER).kind).toBe('wait')
    await clock.advance(1)
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('lets the next find out when the first never asked, or never came back', async () => {
    fail(OWN_SERVER, 5)
    await clock.advance(60_000)
    const probe = admit(OWN_SERVER)
    if (probe.kind === 'go') probe.report('not-asked')
    expect(admit(OWN_SERVER).kind).toBe('go')
    expect(admit(OWN_SERVER).kind).toBe('wait')
    await clock.advance(90_000)
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it.each([
    [0, 60_000],
    [0.5, 90_000],
    [0.999, 119_940],
  ])(
    'has those who wait come back spread over a minute after it ends: chance %p gives %p ms',
    (chance, forMs) => {
      fail(OWN_SERVER, 5)
      fraction = chance
      expect(admit(OWN_SERVER)).toEqual({ kind: 'wait', forMs, because: 'provider-failing' })
    },
  )

  it('leaves a refused client alone for five minutes, then asks once, and believes the answer', async () => {
    const refused = admit(OWN_SERVER)
    if (refused.kind === 'go') refused.report('app-broken')
    expect(admit(OWN_SERVER)).toMatchObject({ kind: 'wait', because: 'client-refused-lately' })
    await clock.advance(299_999)
    expect(admit(OWN_SERVER).kind).toBe('wait')
    await clock.advance(1)
    const tried = admit(OWN_SERVER)
    expect(tried.kind).toBe('go')
    expect(admit(OWN_SERVER).kind).toBe('wait')
    if (tried.kind === 'go') tried.report('granted')
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('asks with another client at once: a changed one has another name', () => {
    const refused = admit(OWN_SERVER)
    if (refused.kind === 'go') refused.report('app-broken')
    expect(admit({ ...OWN_SERVER, application: 'setup changed' }).kind).toBe('go')
  })

  it('lets a person try in spite of it, and believes what comes of that', () => {
    fail(OWN_SERVER, 5)
    const tried = breaker.admit(OWN_SERVER, 'anyway')
    expect(tried.kind).toBe('go')
    if (tried.kind === 'go') tried.report('granted')
    expect(admit(OWN_SERVER).kind).toBe('go')
  })

  it('stops the host for every tenant when the host fails', () => {
    fail(HUBSPOT, 5)
    expect(admit(OTHER_TENANT).kind).toBe('wait')
  })

  it('stops a host of a tenant’s own for that tenant, however many clients it has there, and for no other', () => {
    const host = { name: 'login.example.com', isOfCatalogue: false }
    const client = (tenant: string, application: number) => ({
      tenant,
      application: `setup ${application}`,
      host,
    })
    for (let index = 0; index < 5; index++) ask(client('evil', index), 'unknown')
    expect(admit(client('evil', 99)).kind).toBe('wait')
    expect(admit({ ...client('evil', 99), host: { ...host, name: 'other.example.com' } }).kind).toBe('go')
    expect(admit(client('acme', 1)).kind).toBe('go')
  })

  it('stops only the application when that is told to wait', () => {
    for (let time = 0; time < 5; time++) ask(HUBSPOT, 'passing')
    expect(admit(HUBSPOT).kind).toBe('wait')
    expect(admit(OTHER_TENANT).kind).toBe('go')
  })

  it('keeps what a tenant says of a host to that tenant', () => {
    fail({ ...OWN_SERVER, application: 'setup abc' }, 5)
    expect(admit({ ...OWN_SERVER, tenant: 't2' }).kind).toBe('go')
    expect(admit({ ...OWN_SERVER, application: 'setup def' }).kind).toBe('go')
  })

  it('paces what no flow waits for: fifty of one application at once, then ten a second', async () => {
    for (let count = 0; count < 50; count++) expect(admit(HUBSPOT, true).kind).toBe('go')
    expect(admit(HUBSPOT, true).kind).toBe('wait')
    expect(admit(HUBSPOT).kind).toBe('go')
    await clock.advance(1_100)
    for (let count = 0; count < 10; count++) expect(admit(HUBSPOT, true).kind).toBe('go')
    expect(admit(HUBSPOT, true).kind).toBe('wait')
  })

  it('spreads a crowd over the time its pace needs', () => {
    for (let count = 0; count < 50; count++) admit(HUBSPOT, true)
    let last = 0
    for (let count = 0; count < 3_000; count++) {
      const admission = admit(HUBSPOT, true)
      if (admission.kind === 'wait') last = admission.forMs
    }
    // Three thousand at ten a second need 300 s; chance is a half.
    expect(last).toBe(151_000)
  })

  it('paces a host for all applications together', () => {
    let gone = 0
    for (let count = 0; count < 200; count++) {
      if (admit({ ...HUBSPOT, application: `application oa_${count} 1` }, true).kind === 'go') gone++
    }
    expect(gone).toBe(100)
  })
})
