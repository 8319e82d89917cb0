import { HeldRefusals } from '../../../../infra/embedded/http/held-refusals.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('HeldRefusals', () => {
  function refusals() {
    const clock = new ManualClock()
    const held = new HeldRefusals(clock)
    const told: Record<string, number> = {}
    /** Refuses so many of a holder's at this instant. */
    const refuse = (name: string, count: number): void => {
      for (let sent = 0; sent < count; sent++) {
        held.untilTold(name).then(() => {
          told[name] = (told[name] ?? 0) + 1
        })
      }
    }
    return { clock, told, refuse }
  }

  it('tells twenty a second at once', async () => {
    const { clock, told, refuse } = refusals()
    for (const total of [20, 40, 60]) {
      refuse('evil', 20)
      await clock.advance(0)
      expect(told['evil']).toBe(total)
      await clock.advance(1_000)
    }
  })

  it('tells the others after a second, one each 2 ms', async () => {
    const { clock, told, refuse } = refusals()
    refuse('evil', 1_020)
    await clock.advance(999)
    expect(told['evil']).toBe(20)
    await clock.advance(1)
    expect(told['evil']).toBe(21)
    await clock.advance(1_000)
    expect(told['evil']).toBe(521)
    await clock.advance(998)
    expect(told['evil']).toBe(1_020)
  })

  it('answers one that asks again at each refusal twenty times a second and no more, for each that asks', async () => {
    const clock = new ManualClock()
    const held = new HeldRefusals(clock)
    let answered = 0
    const askOn = async (): Promise<void> => {
      for (;;) {
        await held.untilTold('evil')
        answered++
      }
    }
    for (let asker = 0; asker < 64; asker++) void askOn()
    await clock.advance(10_000)
    // 64 that each wait a second, and those that are told at once.
    expect(answered).toBeGreaterThan(640)
    expect(answered).toBeLessThanOrEqual(10 * (64 + 20) + 20)
  })

  it('keeps nobody else waiting', async () => {
    const { clock, told, refuse } = refusals()
    refuse('evil', 1_000)
    refuse('acme', 5)
    await clock.advance(0)
    expect(told).toEqual({ evil: 20, acme: 5 })
  })
})
