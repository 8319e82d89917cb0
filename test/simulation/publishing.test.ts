import { type PublishingBug, publishWithFaults } from './publishing.ts'

const SEEDS = 60

describe('publishing, with killed dispatchers and failing stores', () => {
  it(`loses nothing, in order per connection, over ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect({ seed, found: await publishWithFaults(seed) }).toEqual({ seed, found: [] })
    }
  }, 60_000)

  it.each<PublishingBug>(['forgets-what-failed', 'takes-before-it-is-told', 'hands-on-late-ones-first'])(
    'finds a publisher that %s',
    async (bug) => {
      const found: string[] = []
      for (let seed = 1; seed <= 50 && found.length === 0; seed++) {
        found.push(...(await publishWithFaults(seed, bug)))
      }
      expect(found).not.toEqual([])
    },
  )
})
