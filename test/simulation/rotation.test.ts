import { simulate } from './simulate.ts'

const SEEDS =
  process.env['FLOW_VAULT_SEED']?.split(',').map(Number) ??
  Array.from({ length: 60 }, (_, index) => index + 1)

describe('rotation under faults', () => {
  it.each(SEEDS)('keeps its promises with seed %i', async (seed) => {
    const { violations } = await simulate(seed)
    expect(violations).toEqual([])
  })
})
