import { type DeliveringBug, deliverWithFaults } from './delivering.ts'

const SEEDS = 10

describe('publishing and delivering on AWS, with killed functions', () => {
  it(`loses nothing, in order per connection, over ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect({ seed, found: await deliverWithFaults(seed) }).toEqual({ seed, found: [] })
    }
  }, 60_000)

  it.each<DeliveringBug>(['overtakes', 'forgets-one-that-waits', 'trusts-the-stream'])(
    'finds one that %s',
    async (bug) => {
      const found: string[] = []
      for (let seed = 1; seed <= 30 && found.length === 0; seed++) {
        found.push(...(await deliverWithFaults(seed, bug)))
      }
      expect(found).not.toEqual([])
    },
  )
})
