import { CallSlots } from '../../../../shared/adapters/oauth/call-slots.ts'
import { startDeadline } from '../../../../shared/adapters/oauth/deadline.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const LIMITS = { all: 8, tenant: 6, host: 4, tenantAtHost: 3 }

describe('CallSlots', () => {
  const clock = new ManualClock()
  const deadline = (ms = 1_000) => startDeadline(clock, ms)
  let slots: CallSlots

  beforeEach(() => {
    slots = new CallSlots(LIMITS)
  })

  /** How many of so many calls, each to one of these hosts, get a slot before their time is up. */
  async function taken(tenant: string, hosts: readonly string[]): Promise<number> {
    const calls = hosts.map((host) => slots.take({ tenant, host }, deadline()))
    await clock.advance(1_000)
    return (await Promise.all(calls)).filter((release) => release !== undefined).length
  }

  it('leaves a host that hangs for one tenant open to the others, up to what the host gets at all', async () => {
    expect(await taken('evil', new Array(100).fill('a'))).toBe(3)
    expect(await taken('acme', ['a', 'a'])).toBe(1)
  })

  it('leaves other tenants their part of all calls, however many hosts of one tenant hang', async () => {
    expect(
      await taken(
        'evil',
        Array.from({ length: 50 }, (_, index) => `host-${index}`),
      ),
    ).toBe(6)
    expect(await taken('acme', ['b', 'b', 'b'])).toBe(2)
  })

  it('has room again after calls that nobody waited behind', async () => {
    for (let round = 0; round < 3; round++) {
      const three = [1, 2, 3].map(() => slots.take({ tenant: 'acme', host: 'a' }, deadline()))
      for (const release of await Promise.all(three)) release?.()
    }
    expect(await taken('acme', ['a', 'a', 'a'])).toBe(3)
  })

  it('gives a free slot to each tenant in turn, and none to whoever gave up', async () => {
    slots = new CallSlots({ all: 1, tenant: 1, host: 1, tenantAtHost: 1 })
    const order: string[] = []
    const call = async (tenant: string, ms: number) => {
      const release = await slots.take({ tenant, host: 'a' }, deadline(ms))
      if (release === undefined) return
      order.push(tenant)
      release()
    }
    const first = await slots.take({ tenant: 'evil', host: 'a' }, deadline())
    const impatient = call('early', 10)
    const others = ['evil', 'evil', 'evil', 'acme'].map((tenant) => call(tenant, 1_000))
    await clock.advance(10)
    await impatient
    first?.()
    await Promise.all(others)
    expect(order).toEqual(['evil', 'acme', 'evil', 'evil'])
  })
})
