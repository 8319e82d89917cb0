import fc from 'fast-check'
import { jwtEndMs, readRefreshLifeMs, readTokenLife } from '../../../../shared/adapters/oauth/token-life.ts'
import type { ExpiryRule, RefreshRule } from '../../../../shared/domain/grant-profile.ts'

const NOW_MS = Date.UTC(2026, 10, 28, 12, 0, 0)
const NOW_S = NOW_MS / 1000
const HOUR_MS = 3_600_000
const YEAR_MS = 31_536_000_000

const rule: ExpiryRule = { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 1800 } }
const generic: ExpiryRule = { ...rule, whenAbsent: { assumedSeconds: 3600, onlyIfRenewable: true } }
const endless: ExpiryRule = { zeroMeans: 'never', whenAbsent: 'never' }

const ASSUMED = { lifeMs: 1_800_000, expiryBasis: 'assumed' }
const DOUBTED = { ...ASSUMED, note: 'expires_in_unusable' }
const NEVER = { expiryBasis: 'never' }
const UNKNOWN = { expiryBasis: 'unknown' }
const stated = (lifeMs: number) => ({ lifeMs, expiryBasis: 'stated' })

interface Given {
  readonly accessToken?: string
  readonly renewable?: boolean
}

function lifeOf(answer: object, expiry: ExpiryRule, given: Given = {}) {
  const { accessToken = 'opaque', renewable = true } = given
  return readTokenLife(answer as never, expiry, { nowMs: NOW_MS, renewable, accessToken })
}

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part(claims)}.signature`
}

describe('readTokenLife', () => {
  it.each([
    ['an hour', 3600, rule, stated(HOUR_MS)],
    ['text', '3600', rule, stated(HOUR_MS)],
    ['text with blanks', ' 3600 ', rule, stated(HOUR_MS)],
    ['text with its unit', '3600s', rule, stated(HOUR_MS)],
    ['text with another unit', '1h', rule, stated(HOUR_MS)],
    ['minutes', '60 min', rule, stated(HOUR_MS)],
    ['days', '30 days', rule, stated(2_592_000_000)],
    ['its own unit, whatever the profile’s', '3600000 ms', rule, stated(HOUR_MS)],
    ['an ISO duration', 'PT1H', rule, stated(HOUR_MS)],
    ['an ISO duration of several parts', 'P1DT1H30M5.5S', rule, stated(91_805_500)],
    ['thousands apart', '3,600', rule, stated(HOUR_MS)],
    ['a plus before it', '+3600', rule, stated(HOUR_MS)],
    ['a point behind it', '3600.', rule, stated(HOUR_MS)],
    ['a negative with its unit', '-5s', rule, DOUBTED],
    ['an unknown unit', '5 moons', rule, DOUBTED],
    ['an ISO duration of months', 'P1M', rule, DOUBTED],
    ['no ISO duration', 'PT', rule, DOUBTED],
    ['a clock', '01:00:00', rule, DOUBTED],
    ['a word for nothing', 'null', rule, DOUBTED],
    ['a fraction', 3599.5, rule, stated(3_599_500)],
    ['beyond 400 days', 34_560_001, rule, stated(34_560_001_000)],
    ['ten years, as Linear says', 315_705_599, rule, stated(315_705_599_000)],
    ['fifty years', 1_576_800_000, rule, stated(50 * YEAR_MS)],
    ['more than a hundred years', 9.2e18, rule, stated(100 * YEAR_MS)],
    ['the same as text', '9223372036854775807', rule, stated(100 * YEAR_MS)],
    ['more digits still', '9'.repeat(26), rule, stated(100 * YEAR_MS)],
    ['a fraction as text', '3599.99999999999999', rule, stated(HOUR_MS)],
    ['an exponent', '3.6E3', rule, stated(HOUR_MS)],
    ['several units', '1h0m0s', rule, stated(HOUR_MS)],
    ['weeks', '2 weeks', rule, stated(1_209_600_000)],
    ['an ISO duration of weeks', 'P1W', rule, stated(604_800_000)],
    ['a second', 1, rule, stated(1_000)],
    ['an epoch ahead', NOW_S + 3600, rule, stated(HOUR_MS)],
    ['an epoch ahead in milliseconds', NOW_MS + HOUR_MS, rule, stated(HOUR_MS)],
    ['an epoch just past', NOW_S - 5, rule, DOUBTED],
    ['an epoch just past in milliseconds', NOW_MS - 5_000, rule, DOUBTED],
    ['a date', '2026-11-28T13:00:00Z', rule, stated(HOUR_MS)],
    ['never, in a word', 'never', rule, NEVER],
    ['nothing', undefined, rule, ASSUMED],
    ['null', null, rule, ASSUMED],
    ['nothing, for endless tokens', undefined, endless, NEVER],
    ['zero, for endless tokens', 0, endless, NEVER],
    ['zero as text, for endless tokens', '0', endless, NEVER],
    ['zero', 0, rule, DOUBTED],
    ['a negative', -1, rule, DOUBTED],
    ['a negative as text', '-3600', rule, DOUBTED],
    ['less than a millisecond', 1e-9, rule, DOUBTED],
    ['NaN as text', 'NaN', rule, DOUBTED],
    ['infinity as text', 'Infinity', rule, DOUBTED],
    ['a million million', 1e12, rule, DOUBTED],
    ['hexadecimal', '0x10', rule, DOUBTED],
    ['no text', '', rule, DOUBTED],
    ['true', true, rule, DOUBTED],
    ['a list', [3600], rule, DOUBTED],
    ['an object', {}, rule, DOUBTED],
    ['garbage, for endless tokens', 'soon', endless, { ...DOUBTED, lifeMs: HOUR_MS }],
  ])('reads %s', (_what, expiresIn, expiry, expected) => {
    const answer = expiresIn === undefined ? {} : { expires_in: expiresIn }
    expect(lifeOf(answer, expiry)).toEqual(expected)
  })

  it.each([
    ['ISO text', { expires_at: '2026-11-28T12:10:00Z' }, 600_000],
    ['ISO text with an offset', { expires_at: '2026-11-28T13:10:00+01:00' }, 600_000],
    ['ISO text with fractions', { expires_at: '2026-11-28T12:10:00.123456789Z' }, 600_123],
    ['ISO text without a zone', { expires_at: '2026-11-28T12:10:00' }, 600_000],
    ['a date with a blank', { expires_at: '2026-11-28 12:10:00' }, 600_000],
    ['an HTTP date', { expires: 'Sat, 28 Nov 2026 12:10:00 GMT' }, 600_000],
    ['Azure’s date', { expires_on: '11/28/2026 12:10:00 +00:00' }, 600_000],
    ['epoch seconds', { expires_at: NOW_S + 600 }, 600_000],
    ['epoch seconds as text', { expires_on: String(NOW_S + 600) }, 600_000],
    ['epoch seconds with a fraction', { expires_at: NOW_S + 600.25 }, 600_250],
    ['epoch milliseconds', { expires: NOW_MS + 600_000 }, 600_000],
    ['epoch milliseconds as text', { expiresAt: String(NOW_MS + 600_000) }, 600_000],
    ['epoch microseconds', { expires_at: (NOW_MS + 600_000) * 1000 }, 600_000],
    ['epoch nanoseconds', { expires_at: (NOW_MS + 600_000) * 1e6 }, 600_000],
    ['ISO text without separators', { expires_at: '20261128T121000Z' }, 600_000],
    ['Java’s date', { expires_at: '2026-11-28T12:10:00Z[UTC]' }, 600_000],
    [
      'JavaScript’s date',
      { expires_at: 'Sat Nov 28 2026 12:10:00 GMT+0000 (Coordinated Universal Time)' },
      600_000,
    ],
    ['.NET’s date', { expires_at: `/Date(${NOW_MS + 600_000})/` }, 600_000],
    ['RFC 850’s date', { expires_at: 'Saturday, 28-Nov-26 12:10:00 GMT' }, 600_000],
    ['asctime’s date', { expires_at: 'Sat Nov 28 12:10:00 2026' }, 600_000],
    ['a zone by its name', { expires_at: 'Sat, 28 Nov 2026 04:10:00 PST' }, 600_000],
    ['an offset of hours', { expires_at: '2026-11-28T13:10:00+01' }, 600_000],
    ['an offset behind a blank', { expires_at: '2026-11-28 13:10:00 +0100' }, 600_000],
    ['ISO text with a comma', { expires_at: '2026-11-28T12:10:00,123' }, 600_123],
    ['a day', { expires_at: '2026-11-29' }, 43_200_000],
    ['names in capitals', { EXPIRES_IN: 600 }, 600_000],
    ['OWIN’s name', { '.expires': 'Sat, 28 Nov 2026 12:10:00 GMT' }, 600_000],
    ['TikTok Shop’s name', { access_token_expire_in: NOW_S + 600 }, 600_000],
    ['Tuya’s name', { expire_time: 600 }, 600_000],
    ['a name with its unit', { expires_in_ms: 600_000 }, 600_000],
    ['Zoho’s two', { expires_in_sec: 600, expires_in: 600_000 }, 600_000],
    ['valid_until', { valid_until: '2026-11-28T12:10:00Z' }, 600_000],
    ['expirationTime', { expirationTime: NOW_MS + 600_000 }, 600_000],
    ['accessTokenExpiry', { accessTokenExpiry: '2026-11-28T12:10:00Z' }, 600_000],
    ['token_expires_in', { token_expires_in: 600 }, 600_000],
    ['ttl', { ttl: '600' }, 600_000],
    ['names in words', { ExpiresAt: '2026-11-28T12:10:00Z' }, 600_000],
    ['what is left under an instant’s name', { expires: 600 }, 600_000],
    ['expiresIn', { expiresIn: 600 }, 600_000],
    ['expiry', { expiry: '2026-11-28T12:10:00Z' }, 600_000],
    ['the earlier of two', { expires_in: 3600, expires_at: NOW_S + 600 }, 600_000],
    ['the earlier of two, the other way', { expires_in: 600, expires_at: NOW_S + 3600 }, 600_000],
    ['a life beside a past instant', { expires_in: 600, expires_at: NOW_S - 5 }, 600_000],
    ['an instant beside an odd life', { expires_in: 0, expires_at: NOW_S + 600 }, 600_000],
    ['an instant far beyond every date', { expires_at: '9999-12-31T23:59:59Z' }, 100 * YEAR_MS],
    ['the same in seconds', { expires_at: 253_402_300_799 }, 100 * YEAR_MS],
    ['the same in milliseconds', { expires_at: 253_402_300_799_000 }, 100 * YEAR_MS],
  ])('reads an end that is stated as %s', (_what, answer, lifeMs) => {
    expect(lifeOf(answer, rule)).toEqual(stated(lifeMs))
  })

  it.each([
    ['a past instant', { expires_at: NOW_S - 1 }],
    ['a past date', { expires_on: '2020-01-01T00:00:00Z' }],
    ['the first day of the epoch', { expires_at: 0 }],
    ['garbage', { expires_at: 'tomorrow' }],
    ['a bare year', { expires: '2026' }],
  ])('does not hand out a dead token for %s', (what, answer) => {
    if (what === 'a bare year') return expect(lifeOf(answer, rule)).toEqual(stated(2_026_000))
    expect(lifeOf(answer, rule)).toEqual(DOUBTED)
    expect(lifeOf(answer, generic, { renewable: false })).toEqual({ ...UNKNOWN, note: 'expires_in_unusable' })
  })

  it.each([
    ['its exp', {}, { exp: NOW_S + 300 }, stated(300_000)],
    ['its exp with an iat', {}, { iat: NOW_S, exp: NOW_S + 300 }, stated(300_000)],
    ['its exp before expires_in', { expires_in: 3600 }, { exp: NOW_S + 300 }, stated(300_000)],
    ['expires_in before its exp', { expires_in: 60 }, { exp: NOW_S + 300 }, stated(60_000)],
    ['what is left of a kept one', {}, { iat: NOW_S - 3000, exp: NOW_S + 600 }, stated(600_000)],
    ['its span, of a clock ahead of ours', {}, { iat: NOW_S + 180, exp: NOW_S + 240 }, stated(60_000)],
    ['its span, of a clock behind ours', {}, { iat: NOW_S - 180, exp: NOW_S - 120 }, stated(60_000)],
    ['nothing of a past exp', {}, { exp: NOW_S - 120 }, ASSUMED],
    ['nothing of an odd exp', {}, { exp: 'soon' }, ASSUMED],
    ['an exp in milliseconds', {}, { exp: NOW_MS + 300_000 }, stated(300_000)],
    ['no end in its last second of the year 9999', {}, { exp: 253_402_300_799 }, stated(100 * YEAR_MS)],
    ['nothing of an exp that says none', {}, { iat: NOW_S - 60, exp: 0 }, ASSUMED],
    ['nothing without one', { expires_in: 60 }, { sub: 'x' }, stated(60_000)],
  ])('reads of a JWT %s', (_what, answer, claims, expected) => {
    expect(lifeOf(answer, rule, { accessToken: jwt(claims) })).toEqual(expected)
  })

  it.each(['a.b.c', 'x.eyJleHAiOjF9.y', '..', 'v1.public.eyJleHAiOjF9', '{"exp":1}'])(
    'takes %s for an opaque token',
    (accessToken) => expect(lifeOf({}, rule, { accessToken })).toEqual(ASSUMED),
  )

  it('serves a token until somebody says otherwise where none was said and nothing would renew it', () => {
    expect(lifeOf({}, generic, { renewable: false })).toEqual(UNKNOWN)
    expect(lifeOf({ expires_in: null }, generic, { renewable: false })).toEqual(UNKNOWN)
    for (const odd of [0, -1, 'soon', '', [], 1e15]) {
      const life = lifeOf({ expires_in: odd }, generic, { renewable: false })
      expect(life).toEqual({ ...UNKNOWN, note: 'expires_in_unusable' })
    }
    expect(lifeOf({}, generic)).toEqual({ lifeMs: HOUR_MS, expiryBasis: 'assumed' })
  })

  it('is positive and within the range of dates, whatever the answer says', () => {
    const names = fc.constantFrom('expires_in', 'expires_at', 'expires_on', 'expires', 'expiration')
    fc.assert(
      fc.property(names, fc.jsonValue(), (name, value) => {
        const { lifeMs = 1 } = lifeOf({ [name]: value }, rule)
        expect(lifeMs).toBeGreaterThan(0)
        expect(new Date(NOW_MS + lifeMs).toISOString()).toHaveLength(24)
      }),
    )
  })
})

describe('readRefreshLifeMs', () => {
  const rolling: RefreshRule = { rotation: 'optional', life: { seconds: 100, kind: 'rolling' } }
  const absolute: RefreshRule = { rotation: 'optional', life: { seconds: 100, kind: 'absolute' } }
  const silent: RefreshRule = { rotation: 'optional' }
  const lifeMsOf = (answer: object, refresh: RefreshRule, isRefresh = false, refreshToken = 'opaque') =>
    readRefreshLifeMs(answer as never, refresh, { isRefresh, nowMs: NOW_MS, refreshToken })

  it.each([
    [{ refresh_expires_in: 1800 }, 1_800_000],
    [{ refresh_token_expires_in: '1800' }, 1_800_000],
    [{ x_refresh_token_expires_in: 8_726_400 }, 8_726_400_000],
    [{ refreshTokenExpiresIn: 60 }, 60_000],
    [{ refresh_token_expires_at: '2026-11-28T12:30:00Z' }, 1_800_000],
    [{ refresh_expires_at: NOW_S + 90 }, 90_000],
    [{ refresh_token_expires_on: String(NOW_MS + 90_000) }, 90_000],
    [{ refresh_token_expiration: NOW_MS + 90_000 }, 90_000],
    [{ refresh_expires_in: 1800, refresh_token_expires_in: 90 }, 90_000],
    [{ re_expires_in: 1800 }, 1_800_000],
    [{ rt_expires_in: 1800 }, 1_800_000],
    [{ refresh_expires: 1800 }, 1_800_000],
    [{ 'refresh-token-valid-until': '2026-11-28T12:30:00Z' }, 1_800_000],
    [{ refresh_token_expire_in: NOW_S + 90 }, 90_000],
    [{ refreshTokenExpirationDate: '2026-11-28T12:30:00Z' }, 1_800_000],
    [{}, undefined],
    [{ expires_in: 60, id_token_expires_in: 60, ext_expires_in: 60, session_state: 60 }, undefined],
    [{ refresh_expires_in: 0 }, undefined],
    [{ refresh_token_expires_at: NOW_S - 1 }, undefined],
  ])('reads %j', (answer, expected) => {
    expect(lifeMsOf(answer, silent)).toBe(expected)
    expect(lifeMsOf(answer, silent, true)).toBe(expected)
  })

  it('reads the exp of a refresh token that is a JWT', () => {
    expect(lifeMsOf({}, silent, false, jwt({ exp: NOW_S + 1800, typ: 'Refresh' }))).toBe(1_800_000)
    expect(lifeMsOf({ refresh_expires_in: 60 }, silent, false, jwt({ exp: NOW_S + 1800 }))).toBe(60_000)
    expect(lifeMsOf({}, silent, false, jwt({ typ: 'Offline' }))).toBeUndefined()
    expect(lifeMsOf({}, silent, false, jwt({ typ: 'Offline', iat: NOW_S - 60, exp: 0 }))).toBeUndefined()
  })

  it('believes the stated one before the profile’s', () => {
    expect(lifeMsOf({ refresh_token_expires_in: '7' }, absolute, true)).toBe(7_000)
  })

  it('starts anew with each refresh only when it rolls', () => {
    expect(lifeMsOf({}, rolling)).toBe(100_000)
    expect(lifeMsOf({}, rolling, true)).toBe(100_000)
    expect(lifeMsOf({}, absolute)).toBe(100_000)
    expect(lifeMsOf({}, absolute, true)).toBeUndefined()
  })

  it.each([0, -1, 'soon', null, 1e12])('does not believe %p', (value) => {
    expect(lifeMsOf({ refresh_token_expires_in: value }, rolling)).toBe(100_000)
  })
})

describe('jwtEndMs', () => {
  it('is the instant that a token states, past or not', () => {
    expect(jwtEndMs(jwt({ exp: NOW_S + 300 }), NOW_MS)).toBe(NOW_MS + 300_000)
    expect(jwtEndMs(jwt({ exp: NOW_S - 300 }), NOW_MS)).toBe(NOW_MS - 300_000)
  })

  it('is none where the token says that there is none', () => {
    expect(jwtEndMs(jwt({ exp: 0 }), NOW_MS)).toBeUndefined()
    expect(jwtEndMs(jwt({}), NOW_MS)).toBeUndefined()
  })
})
