import fc from 'fast-check'
import { readRefreshLifeMs, readTokenLife } from '../../../../shared/adapters/oauth/token-life.ts'
import type { ExpiryRule } from '../../../../shared/domain/grant-profile.ts'

const rule: ExpiryRule = { unit: 'seconds', zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 1800 } }
const endless: ExpiryRule = { unit: 'seconds', zeroMeans: 'never', whenAbsent: 'never' }
const milliseconds: ExpiryRule = { ...rule, unit: 'milliseconds' }

const ASSUMED = { lifeMs: 1_800_000, expiryBasis: 'assumed' }
const DOUBTED = { ...ASSUMED, note: 'expires_in_unusable' }
const NEVER = { expiryBasis: 'never' }
const stated = (lifeMs: number) => ({ lifeMs, expiryBasis: 'stated' })

describe('readTokenLife', () => {
  it.each([
    ['an hour', 3600, rule, stated(3_600_000)],
    ['text', '3600', rule, stated(3_600_000)],
    ['a fraction', 3599.5, rule, stated(3_599_500)],
    ['milliseconds', 3_600_000, milliseconds, stated(3_600_000)],
    ['milliseconds as text', '3600000', milliseconds, stated(3_600_000)],
    ['400 days', 34_560_000, rule, stated(34_560_000_000)],
    ['a second', 1, rule, stated(1_000)],
    ['nothing', undefined, rule, ASSUMED],
    ['null', null, rule, ASSUMED],
    ['nothing, for endless tokens', undefined, endless, NEVER],
    ['zero, for endless tokens', 0, endless, NEVER],
    ['zero as text, for endless tokens', '0', endless, NEVER],
    ['zero', 0, rule, DOUBTED],
    ['a negative', -1, rule, DOUBTED],
    ['a negative as text', '-3600', rule, DOUBTED],
    ['NaN as text', 'NaN', rule, DOUBTED],
    ['infinity as text', 'Infinity', rule, DOUBTED],
    ['an epoch', 1e12, rule, DOUBTED],
    ['beyond 400 days', 34_560_001, rule, DOUBTED],
    ['a date', '2030-01-01T00:00:00Z', rule, DOUBTED],
    ['hexadecimal', '0x10', rule, DOUBTED],
    ['no text', '', rule, DOUBTED],
    ['true', true, rule, DOUBTED],
    ['a list', [3600], rule, DOUBTED],
    ['an object', {}, rule, DOUBTED],
    [
      'garbage, for endless tokens',
      'soon',
      endless,
      { lifeMs: 3_600_000, expiryBasis: 'assumed', note: 'expires_in_unusable' },
    ],
  ])('reads %s', (_what, expiresIn, expiry, expected) => {
    const answer = expiresIn === undefined ? {} : { expires_in: expiresIn }
    expect(readTokenLife(answer as never, expiry)).toEqual(expected)
  })

  it('is positive and at most 400 days, whatever the answer says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const life = readTokenLife({ expires_in: value as never }, rule)
        expect(life.lifeMs).toBeGreaterThan(0)
        expect(life.lifeMs).toBeLessThanOrEqual(34_560_000_000)
      }),
    )
  })
})

describe('readRefreshLifeMs', () => {
  const rolling = { rotation: 'optional', life: { seconds: 100, kind: 'rolling' } } as const
  const absolute = { rotation: 'optional', life: { seconds: 100, kind: 'absolute' } } as const
  const told = { ...absolute, lifeMember: 'refresh_token_expires_in' }

  it('is the stated one before the profile’s', () => {
    expect(readRefreshLifeMs({ refresh_token_expires_in: '7' }, told, true)).toBe(7_000)
    expect(readRefreshLifeMs({ refresh_token_expires_in: 7 }, told, false)).toBe(7_000)
  })

  it('starts anew with each refresh only when it rolls', () => {
    expect(readRefreshLifeMs({}, rolling, false)).toBe(100_000)
    expect(readRefreshLifeMs({}, rolling, true)).toBe(100_000)
    expect(readRefreshLifeMs({}, absolute, false)).toBe(100_000)
    expect(readRefreshLifeMs({}, absolute, true)).toBeUndefined()
  })

  it.each([0, -1, 'soon', null, 1e12])('does not believe %p', (value) => {
    expect(readRefreshLifeMs({ refresh_token_expires_in: value }, told, false)).toBe(100_000)
  })
})
