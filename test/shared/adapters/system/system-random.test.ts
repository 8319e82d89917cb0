import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'

describe('SystemRandom', () => {
  const random = new SystemRandom()

  it('gives as many bytes as asked, different each time', () => {
    expect(random.bytes(32)).toHaveLength(32)
    expect(random.bytes(32)).not.toEqual(random.bytes(32))
    expect(random.bytes(0)).toHaveLength(0)
  })

  it('gives fractions from 0 up to, but never, 1', () => {
    const fractions = Array.from({ length: 1000 }, () => random.fraction())
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...fractions)).toBeLessThan(1)
    expect(new Set(fractions).size).toBeGreaterThan(990)
  })
})
