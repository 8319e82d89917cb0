import type { GrantState } from '../../../shared/domain/grant.ts'
import {
  deadlineToWarnOf,
  isKeptAliveByFetch,
  keepAliveAtMs,
  nextWarningAtMs,
  renewedDeadline,
  warnAtMs,
} from '../../../shared/domain/refresh-deadline.ts'

/** 2030-01-01T00:00:00Z. */
const T0 = 1_893_456_000_000
const HOUR = 3_600_000
const DAY = 86_400_000

function grant(parts: Partial<GrantState>): GrantState {
  return { mark: 'mark0000', issuedAtMs: T0, expiryBasis: 'stated', hasRefreshToken: true, ...parts }
}

describe('renewedDeadline', () => {
  it('counts a first deadline, and one that moved, from the renewal', () => {
    const first = renewedDeadline(undefined, { expiresAtMs: T0 + 30 * DAY, issuedAtMs: T0 })
    expect(first).toEqual({ refreshExpiresAtMs: T0 + 30 * DAY, refreshIssuedAtMs: T0 })
    const moved = renewedDeadline(grant(first), { expiresAtMs: T0 + 31 * DAY, issuedAtMs: T0 + DAY })
    expect(moved).toEqual({ refreshExpiresAtMs: T0 + 31 * DAY, refreshIssuedAtMs: T0 + DAY })
  })

  it.each([0, 1_500, -59_000, 60_000])('keeps one that did not move but by %p ms', (byMs) => {
    const old = grant({ refreshExpiresAtMs: T0 + 30 * DAY, refreshIssuedAtMs: T0 })
    const renewed = renewedDeadline(old, { expiresAtMs: T0 + 30 * DAY + byMs, issuedAtMs: T0 + DAY })
    expect(renewed).toEqual({ refreshExpiresAtMs: T0 + 30 * DAY, refreshIssuedAtMs: T0 })
  })

  it('takes what a session of minutes moves by for a move, though it is less than a minute', () => {
    const old = grant({ refreshExpiresAtMs: T0 + 300_000, refreshIssuedAtMs: T0 })
    const at = (issuedAtMs: number) => renewedDeadline(old, { expiresAtMs: issuedAtMs + 300_000, issuedAtMs })
    expect(at(T0 + 30_000)).toEqual({ refreshExpiresAtMs: T0 + 300_000, refreshIssuedAtMs: T0 })
    expect(at(T0 + 31_000)).toEqual({ refreshExpiresAtMs: T0 + 331_000, refreshIssuedAtMs: T0 + 31_000 })
  })

  it('knows one that did not move since the grant was issued, where nothing else says since when', () => {
    const renewed = { expiresAtMs: T0 + 30 * DAY, issuedAtMs: T0 + DAY }
    const old = grant({ refreshExpiresAtMs: T0 + 30 * DAY, issuedAtMs: T0 + HOUR })
    expect(renewedDeadline(old, renewed).refreshIssuedAtMs).toBe(T0 + HOUR)
  })

  it('is nothing without a deadline', () => {
    expect(renewedDeadline(grant({}), { expiresAtMs: undefined, issuedAtMs: T0 })).toEqual({})
  })
})

describe('keepAliveAtMs', () => {
  it.each([
    ['sixty days', 60 * DAY, 54 * DAY],
    ['five days', 5 * DAY, 4 * DAY],
    ['a day', DAY, 12 * HOUR],
  ])('of a life of %s', (_, lifeMs, afterMs) => {
    expect(keepAliveAtMs(grant({ refreshExpiresAtMs: T0 + lifeMs }))).toBe(T0 + afterMs)
  })

  it('is not tried again when a renewal since did not move the deadline', () => {
    const fixed = { refreshExpiresAtMs: T0 + 60 * DAY, refreshIssuedAtMs: T0 }
    expect(keepAliveAtMs(grant({ ...fixed, issuedAtMs: T0 + 53 * DAY }))).toBe(T0 + 54 * DAY)
    expect(keepAliveAtMs(grant({ ...fixed, issuedAtMs: T0 + 54 * DAY }))).toBeUndefined()
    expect(keepAliveAtMs(grant({ ...fixed, issuedAtMs: T0 + 61 * DAY }))).toBeUndefined()
  })

  it('is undefined without a deadline or without a refresh token', () => {
    expect(keepAliveAtMs(grant({}))).toBeUndefined()
    expect(keepAliveAtMs(grant({ refreshExpiresAtMs: T0 + DAY, hasRefreshToken: false }))).toBeUndefined()
  })
})

describe('isKeptAliveByFetch', () => {
  const session = grant({ refreshExpiresAtMs: T0 + 200_000, refreshIssuedAtMs: T0 })

  it('is true of a session too short for a sweep, from the half of its life on', () => {
    expect(isKeptAliveByFetch(session, T0 + 99_999)).toBe(false)
    expect(isKeptAliveByFetch(session, T0 + 100_000)).toBe(true)
  })

  it('is false of one that a sweep can keep alive, and where nothing is to be kept', () => {
    const longer = { ...session, refreshExpiresAtMs: T0 + 240_000 }
    expect(isKeptAliveByFetch(longer, T0 + 200_000)).toBe(false)
    expect(isKeptAliveByFetch({ ...longer, refreshExpiresAtMs: T0 + 239_999 }, T0 + 200_000)).toBe(true)
    expect(isKeptAliveByFetch(grant({}), T0 + DAY)).toBe(false)
  })
})

describe('warnAtMs', () => {
  it('is undefined without a deadline or without a refresh token', () => {
    expect(warnAtMs(grant({}))).toBeUndefined()
    expect(warnAtMs(grant({ refreshExpiresAtMs: T0 + DAY, hasRefreshToken: false }))).toBeUndefined()
  })

  it('is a week ahead of a deadline that rotation does not move', () => {
    const fixed = { issuedAtMs: T0 + HOUR, refreshIssuedAtMs: T0 }
    expect(warnAtMs(grant({ ...fixed, refreshExpiresAtMs: T0 + 90 * DAY }))).toBe(T0 + 83 * DAY)
  })

  it('is a quarter of its life ahead when that is shorter', () => {
    const fixed = { issuedAtMs: T0 + HOUR, refreshIssuedAtMs: T0 }
    expect(warnAtMs(grant({ ...fixed, refreshExpiresAtMs: T0 + 8 * DAY }))).toBe(T0 + 6 * DAY)
  })

  it('waits until keeping it alive has had its chance where rotation may still move it', () => {
    expect(warnAtMs(grant({ refreshExpiresAtMs: T0 + 60 * DAY }))).toBe(T0 + 57 * DAY)
    expect(warnAtMs(grant({ refreshExpiresAtMs: T0 + 5 * DAY }))).toBe(T0 + 4.5 * DAY)
  })
})

describe('deadlineToWarnOf', () => {
  const main = grant({ issuedAtMs: T0 + HOUR, refreshIssuedAtMs: T0, refreshExpiresAtMs: T0 + 90 * DAY })
  const user = { ...main, refreshExpiresAtMs: T0 + 92 * DAY }

  it('is undefined until it is near, and then the deadline', () => {
    expect(deadlineToWarnOf({ grants: { main } }, T0 + 83 * DAY - 1)).toBeUndefined()
    expect(deadlineToWarnOf({ grants: { main } }, T0 + 83 * DAY)).toBe(T0 + 90 * DAY)
  })

  it('is told once for each of a bundle’s deadlines', () => {
    const grants = { main, user }
    expect(deadlineToWarnOf({ grants }, T0 + 86 * DAY)).toBe(T0 + 90 * DAY)
    expect(nextWarningAtMs({ grants: { ...grants, other: grant({}) } })).toBe(T0 + 83 * DAY)
    const once = { grants, warnedRefreshExpiryMs: T0 + 90 * DAY }
    expect(deadlineToWarnOf(once, T0 + 84 * DAY)).toBeUndefined()
    expect(nextWarningAtMs(once)).toBe(T0 + 85 * DAY)
    expect(deadlineToWarnOf(once, T0 + 86 * DAY)).toBe(T0 + 92 * DAY)
    expect(nextWarningAtMs({ grants, warnedRefreshExpiryMs: T0 + 92 * DAY })).toBeUndefined()
  })

  it('is told again of a later deadline', () => {
    const later = { ...main, refreshExpiresAtMs: T0 + 180 * DAY }
    const row = { grants: { main: later }, warnedRefreshExpiryMs: T0 + 90 * DAY }
    expect(deadlineToWarnOf(row, T0 + 174 * DAY)).toBe(T0 + 180 * DAY)
  })
})
