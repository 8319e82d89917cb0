import { rotationPace } from '../../infra/rotation-pace.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { testSettings } from '../support/test-stage.ts'

const paceOf = (members: object) => rotationPace(testSettings(members))

describe('rotationPace', () => {
  it('shares the 35 writes a second among all writers', () => {
    // 35 / 20 = 1.75 writes a second and writer: four in 2.5 s, and five workers of it make 525 a minute.
    expect(paceOf({})).toEqual({
      secretWriters: 20,
      queueInstances: 5,
      batchSize: 4,
      rotationsPerMinute: 525,
    })
  })

  it('never hands a worker more than it can write before the wait for a turn ends', () => {
    for (const workers of [2, 5, 25, 80]) {
      const { secretWriters, batchSize } = paceOf({ workers })
      expect(batchSize).toBeGreaterThanOrEqual(1)
      if (batchSize > 1) expect((batchSize * secretWriters) / 35).toBeLessThanOrEqual(2.5)
    }
  })

  it('leaves no writer so small a part that its second write would be refused', async () => {
    const clock = new ManualClock()
    const budget = new WriteBudget({ clock, maxInstances: paceOf({ workers: 80 }).secretWriters })
    await budget.take('create')
    const second = budget.take('create')
    await clock.advance(5_000)
    await expect(second).resolves.toBeUndefined()
    expect(() => paceOf({ workers: 81 })).toThrow('at most 80 with secretStore=secrets-manager')
    expect(() => paceOf({ workers: 401, secretStore: 'sealed' })).toThrow('from 2 to 400')
  })

  it('is bound by the workers alone when secrets are sealed', () => {
    expect(paceOf({ secretStore: 'sealed', workers: 20 })).toEqual({
      secretWriters: 50,
      queueInstances: 20,
      batchSize: 10,
      rotationsPerMinute: 6000,
    })
  })
})
