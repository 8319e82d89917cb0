import { rotationPace } from '../../infra/rotation-pace.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { testSettings } from '../support/test-stage.ts'

const paceOf = (members: object) => rotationPace(testSettings(members))

describe('rotationPace', () => {
  it.each(['secrets-manager', 'sealed'])(
    'is bound by the workers alone with secretStore=%s',
    (secretStore) => {
      // Five workers, each with ten rotations of 2 s at once.
      expect(paceOf({ secretStore })).toEqual({
        secretWriters: 10,
        queueInstances: 5,
        batchSize: 10,
        rotationsPerMinute: 1500,
      })
      expect(paceOf({ secretStore, workers: 400 })).toEqual({
        secretWriters: 10,
        queueInstances: 400,
        batchSize: 10,
        rotationsPerMinute: 120_000,
      })
      expect(() => paceOf({ secretStore, workers: 401 })).toThrow('from 2 to 400')
    },
  )

  it('leaves no writer so small a part that its second write would be refused', async () => {
    const clock = new ManualClock()
    const budget = new WriteBudget({ clock, maxInstances: paceOf({ workers: 400 }).secretWriters })
    await budget.take('create')
    const second = budget.take('create')
    await clock.advance(5_000)
    await expect(second).resolves.toBeUndefined()
  })
})
