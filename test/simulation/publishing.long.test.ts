import { publishWithFaults } from './publishing.ts'

const SEEDS = 1000

describe('publishing, with killed dispatchers and failing stores', () => {
  it(`loses nothing, in order per connection, over ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect({ seed, found: await publishWithFaults(seed) }).toEqual({ seed, found: [] })
    }
  }, 600_000)
})
