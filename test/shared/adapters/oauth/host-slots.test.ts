import { startDeadline } from '../../../../shared/adapters/oauth/deadline.ts'
import { HostSlots } from '../../../../shared/adapters/oauth/host-slots.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const LIMIT = 2

describe('HostSlots', () => {
  const clock = new ManualClock()
  const deadline = (ms = 1_000) => startDeadline(clock, ms)

  it('has room again after calls that nobody waited behind', async () => {
    const slots = new HostSlots(LIMIT)
    for (let round = 0; round < 3; round++) {
      const taken = await Promise.all([slots.take('a', deadline()), slots.take('a', deadline())])
      for (const release of taken) release?.()
    }
    expect(await slots.take('a', deadline())).toBeDefined()
  })

  it('makes one host wait and no other', async () => {
    const slots = new HostSlots(LIMIT)
    await slots.take('a', deadline())
    await slots.take('a', deadline())
    const third = slots.take('a', deadline())
    expect(await slots.take('b', deadline())).toBeDefined()
    await clock.advance(1_000)
    expect(await third).toBeUndefined()
  })

  it('gives a free slot to whoever waits longest, and none to whoever gave up', async () => {
    const slots = new HostSlots(1)
    const first = await slots.take('a', deadline())
    const impatient = slots.take('a', deadline(10))
    const order: string[] = []
    const second = slots.take('a', deadline()).then((release) => {
      order.push('second')
      release?.()
    })
    const third = slots.take('a', deadline()).then(() => order.push('third'))
    await clock.advance(10)
    expect(await impatient).toBeUndefined()
    first?.()
    await Promise.all([second, third])
    expect(order).toEqual(['second', 'third'])
  })
})
