import { bucketOf, newId, newUuid, randomAlphanumeric } from '../../../shared/domain/ids.ts'

/** Chance that gives these bytes, one after the other and then again. */
function chance(...bytes: number[]) {
  let at = 0
  return { bytes: (length: number) => Uint8Array.from({ length }, () => bytes[at++ % bytes.length]!) }
}

describe('newId', () => {
  it('is the prefix, the time in eight characters, and fourteen of chance', () => {
    const id = newId('ac_', { nowMs: 1_893_456_000_000, random: chance(0, 61, 62, 247) })
    expect(id).toBe('ac_0XKn6PfE0z0z0z0z0z0z0z')
  })

  it('sorts by the instant, also where a digit of it carries', () => {
    const random = chance(61)
    const at = [0, 1, 61, 62, 3_843, 3_844, 1_893_456_000_000, 1_893_456_000_001, 218_340_105_584_895]
    const ids = at.map((nowMs, index) =>
      newId('ac_', { nowMs, random: index % 2 === 0 ? random : chance(0) }),
    )
    expect([...ids].sort()).toEqual(ids)
  })
})

describe('randomAlphanumeric', () => {
  it('draws bytes over 247 again, so that no character is likelier than another', () => {
    expect(randomAlphanumeric(3, chance(248, 1, 255, 247, 2))).toBe('1z2')
    const counts = new Map<string, number>()
    const all = { bytes: () => Uint8Array.from({ length: 248 }, (_, byte) => byte) }
    for (const character of randomAlphanumeric(248, all)) {
      counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect([counts.size, new Set(counts.values())]).toEqual([62, new Set([4])])
  })

  it('is as long as asked for', () => {
    for (const length of [0, 1, 8]) expect(randomAlphanumeric(length, chance(5))).toHaveLength(length)
  })
})

describe('newUuid', () => {
  it.each([
    [0, '00000000-0000-4000-8000-000000000000'],
    [255, 'ffffffff-ffff-4fff-bfff-ffffffffffff'],
  ])('says its version and variant, whatever chance gives (%i)', (byte, uuid) => {
    expect(newUuid(chance(byte))).toBe(uuid)
  })

  it('has every byte of chance in its place, and leaves what it was given alone', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => index)
    expect(newUuid({ bytes: () => bytes })).toBe('00010203-0405-4607-8809-0a0b0c0d0e0f')
    expect(bytes[6]).toBe(6)
  })
})

describe('bucketOf', () => {
  // Rows are in the index under these numbers: another one and what is due would not be looked for where it is.
  it.each([
    ['', 14, 1_614, 447_841_614],
    ['a', 21, 9_957, 187_539_957],
    ['ac_00Xy', 2, 1_234, 1_434_631_234],
    ['ac_00000000000000000000ä', 8, 4_584, 3_161_744_584],
  ])('of %j is the same in every release', (text, of32, of10000, whole) => {
    expect([bucketOf(text, 32), bucketOf(text, 10_000), bucketOf(text, 2 ** 32)]).toEqual([
      of32,
      of10000,
      whole,
    ])
  })
})
