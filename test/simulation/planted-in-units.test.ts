import { PLANTED_IN_UNITS } from './planted-in-units.ts'

describe('a small scene', () => {
  it.each(PLANTED_IN_UNITS)('notices $name, and nothing without it', async ({ notice }) => {
    expect(await notice(true)).toBeDefined()
    expect(await notice(false)).toBeUndefined()
  })
})
