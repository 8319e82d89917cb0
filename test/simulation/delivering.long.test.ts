import { deliverWithFaults } from './delivering.ts'

const SEEDS = 1000

describe('publishing and delivering on AWS, with killed functions', () => {
  it(`loses nothing, in order per connection, over ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect({ seed, found: await deliverWithFaults(seed) }).toEqual({ seed, found: [] })
    }
  }, 900_000)
})
