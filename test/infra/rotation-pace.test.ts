import { App } from 'aws-cdk-lib'
import { readContext } from '../../infra/context.ts'
import { rotationPace } from '../../infra/rotation-pace.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { ManualClock } from '../support/manual-clock.ts'

const paceOf = (context: Record<string, string>) => {
  const tokens = { issuer: 'https://id.example.com/', audience: 'vault', tenantClaim: 'tenant' }
  return rotationPace(readContext(new App({ context: { ...tokens, ...context } }).node, undefined))
}

describe('rotationPace', () => {
  it('shares the 35 writes a second among all writers, and keeps half of grants for calls', () => {
    // 35 / 20 = 1.75 writes a second and writer: four in 2.5 s, and five workers of it make 525 a minute.
    expect(paceOf({})).toEqual({
      secretWriters: 20,
      queueInstances: 5,
      batchSize: 4,
      rotationsPerMinute: 525,
    })
  })

  it('never hands a worker more than it can write before the wait for a turn ends', () => {
    for (const maxInstances of ['5', '10', '50', '80']) {
      const { secretWriters, batchSize } = paceOf({ maxInstances })
      expect(batchSize).toBeGreaterThanOrEqual(1)
      if (batchSize > 1) expect((batchSize * secretWriters) / 35).toBeLessThanOrEqual(2.5)
    }
  })

  it('leaves no writer so small a part that its second write would be refused', async () => {
    const clock = new ManualClock()
    const budget = new WriteBudget({ clock, maxInstances: paceOf({ maxInstances: '80' }).secretWriters })
    await budget.take('create')
    const second = budget.take('create')
    await clock.advance(5_000)
    await expect(second).resolves.toBeUndefined()
    expect(() => paceOf({ maxInstances: '81' })).toThrow('from 5 to 80 with secretStore=secrets-manager')
    expect(() => paceOf({ maxInstances: '401', secretStore: 'sealed' })).toThrow('from 5 to 400')
  })

  it('is bound by the workers alone when secrets are sealed', () => {
    expect(paceOf({ secretStore: 'sealed', maxInstances: '40' })).toEqual({
      secretWriters: 80,
      queueInstances: 20,
      batchSize: 10,
      rotationsPerMinute: 6000,
    })
  })
})
