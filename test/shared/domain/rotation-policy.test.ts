import type { GrantState } from '../../../shared/domain/grant.ts'
import type { RefreshRule } from '../../../shared/domain/grant-profile.ts'
import type { RotationAttempt } from '../../../shared/domain/rotation.ts'
import {
  canResend,
  cappedMinTtlMs,
  connectionDueAtMs,
  grantDueAtMs,
  grantsToRotate,
  heldUntilMs,
  isHeld,
  remainingMs,
  resendAtMs,
  retryAtMs,
  rotationLeadMs,
} from '../../../shared/domain/rotation-policy.ts'

/** 2030-01-01T00:00:00Z; every other instant below is written out. */
const T0 = 1_893_456_000_000
const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000

function grant(parts: Partial<GrantState>): GrantState {
  return { mark: 'mark0000', issuedAtMs: T0, expiryBasis: 'stated', hasRefreshToken: true, ...parts }
}

describe('rotationLeadMs', () => {
  it.each([
    ['a day', DAY, 8_640_000],
    ['an hour', HOUR, 360_000],
    ['half an hour', 1_800_000, 300_000],
    ['ten minutes', 600_000, 300_000],
    ['just under ten minutes', 599_996, 149_999],
    ['four minutes', 240_000, 60_000],
  ])('of a life of %s', (_, lifeMs, leadMs) => {
    expect(rotationLeadMs(lifeMs)).toBe(leadMs)
  })
})

describe('grantDueAtMs', () => {
  it('lies before the expiry by the lead and up to half of it again, the same each time for one id', () => {
    const hourly = grant({ accessExpiresAtMs: T0 + HOUR })
    const due = Array.from({ length: 500 }, (_, index) => grantDueAtMs(`ac_${index}`, hourly)! - T0)
    expect(Math.min(...due)).toBeGreaterThanOrEqual(3_060_000)
    expect(Math.max(...due)).toBeLessThanOrEqual(3_240_000)
    expect(Math.max(...due) - Math.min(...due)).toBeGreaterThan(170_000)
    expect(grantDueAtMs('ac_7', hourly)! - T0).toBe(due[7])
  })

  it('spreads what expires in one second evenly over the jitter', () => {
    const hourly = grant({ accessExpiresAtMs: T0 + HOUR })
    const perMinute = [0, 0, 0]
    for (let index = 0; index < 30_000; index++) {
      const into = grantDueAtMs(`ac_${index}`, hourly)! - T0 - 3_060_000
      perMinute[Math.min(2, Math.floor(into / MINUTE))]! += 1
    }
    for (const count of perMinute) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it.each<[string, Partial<GrantState>]>([
    ['a token that never expires', { expiryBasis: 'never' }],
    ['a life of under four minutes, which is rotated in line', { accessExpiresAtMs: T0 + 239_999 }],
  ])('is undefined for %s', (_, parts) => {
    expect(grantDueAtMs('ac_1', grant(parts))).toBeUndefined()
  })

  it('is the keep-alive of the refresh token when that comes first', () => {
    const idle = grant({ accessExpiresAtMs: T0 + 60 * DAY, refreshExpiresAtMs: T0 + 60 * DAY })
    // A tenth of sixty days before their end; the access token alone would be due six to nine days before it.
    expect(grantDueAtMs('ac_1', { ...idle, accessExpiresAtMs: T0 + 90 * DAY })).toBe(T0 + 54 * DAY)
  })

  it('never lies before the issue', () => {
    const late = grant({ accessExpiresAtMs: T0 - HOUR })
    expect(grantDueAtMs('ac_1', late)).toBeUndefined()
    expect(grantDueAtMs('ac_1', { ...late, accessExpiresAtMs: T0 + 240_000 })).toBeGreaterThanOrEqual(T0)
  })
})

describe('connectionDueAtMs', () => {
  it('is that of the grant due first', () => {
    const grants = {
      main: grant({ accessExpiresAtMs: T0 + 12 * HOUR }),
      user: grant({ accessExpiresAtMs: T0 + HOUR }),
    }
    expect(connectionDueAtMs({ id: 'ac_1', grants })).toBe(grantDueAtMs('ac_1', grants.user))
  })

  it('is undefined without grants', () => {
    expect(connectionDueAtMs({ id: 'ac_1' })).toBeUndefined()
  })
})

describe('heldUntilMs', () => {
  const sent = { ...attempt(), unknownAtMs: undefined } as never

  it('is ninety seconds after the decision of an attempt under way', () => {
    expect(heldUntilMs({ fence: 1, attempt: sent })).toBe(T0 + 90_000)
  })

  it.each<[string, Parameters<typeof heldUntilMs>[0]]>([
    ['there is none', { fence: 1 }],
    ['its end was told', { fence: 1, attempt: attempt() }],
    ['the row has moved on from it', { fence: 2, attempt: sent }],
  ])('is undefined when %s', (_, row) => {
    expect(heldUntilMs(row)).toBeUndefined()
    expect(isHeld(row as never, { nowMs: T0, watchedMs: 0 })).toBe(false)
  })
})

describe('isHeld', () => {
  const row = { fence: 1, attempt: { ...attempt(), unknownAtMs: undefined } } as never

  it.each([
    ['while it runs', 0, 0, true],
    ['when a foreign clock says it is over', 690_000 - 1, 0, true],
    ['when no clock could be that wrong', 690_000, 0, false],
    ['when it was watched for nearly its length', 0, 89_999, true],
    ['when it was watched for its length, whatever the clock says', -600_000, 90_000, false],
  ])('%s', (_, nowMs, watchedMs, held) => {
    expect(isHeld(row, { nowMs: T0 + nowMs, watchedMs })).toBe(held)
  })
})

const SINGLE_USE: RefreshRule = { rotation: 'single-use' }
const OPTIONAL: RefreshRule = { rotation: 'optional' }
const NONE: RefreshRule = { rotation: 'none' }
const REPLAY_SAFE: RefreshRule = { rotation: 'single-use', graceSeconds: 30, replaySafe: true }
const GRACE_ONLY: RefreshRule = { rotation: 'single-use', graceSeconds: 30 }

function attempt(parts: Partial<RotationAttempt> = {}): RotationAttempt {
  return {
    fence: 1,
    grantName: 'main',
    owner: 'a',
    consumes: true,
    startedAtMs: T0,
    op: 'an-op',
    unknownAtMs: T0 + 1_000,
    ...parts,
  }
}

describe('canResend', () => {
  const EXPIRY = T0 + 10 * MINUTE

  it.each<
    [
      string,
      RefreshRule,
      Partial<RotationAttempt>,
      { at: number; watched?: number; refused?: boolean },
      boolean,
    ]
  >([
    ['an attempt under way', NONE, { unknownAtMs: undefined as never }, { at: HOUR, watched: HOUR }, false],
    ['one whose sender may still wait', NONE, {}, { at: 89_000, watched: 89_999 }, false],
    ['a harmless one, watched for a lease', NONE, {}, { at: 0, watched: 90_000 }, true],
    ['a harmless one that no clock could hide', NONE, {}, { at: 691_000 }, true],
    [
      'a grant without a refresh token',
      SINGLE_USE,
      { consumes: undefined as never },
      { at: 95_000, watched: 90_000 },
      true,
    ],
    ['a single-use token before the expiry', SINGLE_USE, {}, { at: 599_999, watched: HOUR }, false],
    ['a single-use token at the expiry', SINGLE_USE, {}, { at: 600_000, watched: 90_000 }, true],
    [
      'a single-use token at the expiry, not watched for long',
      SINGLE_USE,
      {},
      { at: 600_000, watched: 1 },
      false,
    ],
    ['a token that may be rotated, before the expiry', OPTIONAL, {}, { at: 599_999, watched: HOUR }, false],
    ['a token that may be rotated, at the expiry', OPTIONAL, {}, { at: 600_000, watched: 90_000 }, true],
    [
      'a token that a flow has reported refused',
      SINGLE_USE,
      { isOver: true },
      { at: 2_000, refused: true },
      true,
    ],
    ['one reported refused while its sender may wait', SINGLE_USE, {}, { at: 2_000, refused: true }, false],
    [
      'one reported refused, for the second time',
      SINGLE_USE,
      { isOver: true, firstUnknownAtMs: T0 },
      { at: 2_000, refused: true },
      false,
    ],
    ['a replay inside the grace, its end known', REPLAY_SAFE, { isOver: true }, { at: 29_999 }, true],
    ['a replay inside the grace, its end not known', REPLAY_SAFE, {}, { at: 29_999 }, false],
    ['a replay outside the grace', REPLAY_SAFE, { isOver: true }, { at: 30_000, watched: HOUR }, false],
    ['a second replay', REPLAY_SAFE, { isOver: true, firstUnknownAtMs: T0 }, { at: 29_999 }, false],
    ['a grace that nobody documents as safe', GRACE_ONLY, { isOver: true }, { at: 29_999 }, false],
  ])(
    'of %s',
    (_, refresh, parts, {
      at,
      watched,
      refused,
    }: { at: number; watched?: number; refused?: boolean }, may) => {
      const facts = {
        refresh,
        accessExpiresAtMs: EXPIRY,
        nowMs: T0 + at,
        watchedMs: watched ?? 0,
        isTokenRefused: refused ?? false,
      }
      expect(canResend(attempt(parts), facts)).toBe(may)
    },
  )

  it('is never true of a token that may be used up while the access token never ends', () => {
    const facts = { refresh: SINGLE_USE, accessExpiresAtMs: undefined, nowMs: T0 + 365 * DAY, watchedMs: DAY }
    expect(canResend(attempt(), facts)).toBe(false)
  })
})

describe('resendAtMs', () => {
  it.each<[string, RefreshRule, Partial<RotationAttempt>, number | undefined, number | undefined]>([
    ['a harmless one is a lease away', NONE, {}, 600_000, 91_000],
    ['a single-use one is at the expiry', SINGLE_USE, {}, 600_000, 600_000],
    ['one about to expire is a lease away', SINGLE_USE, {}, 30_000, 91_000],
    ['a harmless one whose sender is done is at once', NONE, { isOver: true }, 600_000, 1_000],
    [
      'one without a refresh token is a lease away',
      SINGLE_USE,
      { consumes: undefined as never },
      600_000,
      91_000,
    ],
    [
      'a single-use one whose sender is done is at the expiry',
      SINGLE_USE,
      { isOver: true },
      600_000,
      600_000,
    ],
    ['a safe replay whose sender may wait is at the expiry', REPLAY_SAFE, {}, 600_000, 600_000],
    ['a safe replay is at once', REPLAY_SAFE, { isOver: true }, 600_000, 1_000],
    ['one whose token never expires is never', SINGLE_USE, {}, undefined, undefined],
  ])('of %s', (_, refresh, parts, expiresAfterMs, afterMs) => {
    const at = resendAtMs(attempt(parts), {
      refresh,
      accessExpiresAtMs: expiresAfterMs === undefined ? undefined : T0 + expiresAfterMs,
      nowMs: T0 + 1_000,
    })
    expect(at).toBe(afterMs === undefined ? undefined : T0 + afterMs)
  })
})

describe('retryAtMs', () => {
  it.each([
    [1, 0, 1_000],
    [1, 0.5, 5_000],
    [1, 0.999, 9_990],
    [3, 0.5, 20_000],
    [6, 0.5, 150_000],
    [100, 0.5, 150_000],
    [100, 0.999, 299_700],
  ])('after failure %p with chance %p is %p ms away', (count, fraction, afterMs) => {
    expect(retryAtMs({ nowMs: T0, count, fraction })).toBe(T0 + afterMs)
  })

  it('is never before what the provider asked for', () => {
    expect(retryAtMs({ nowMs: T0, count: 1, fraction: 0.5, retryAfterMs: 3_600_000 })).toBe(T0 + 3_600_000)
    expect(retryAtMs({ nowMs: T0, count: 5, fraction: 0.9, retryAfterMs: 1_000 })).toBe(T0 + 144_000)
  })
})

describe('cappedMinTtlMs', () => {
  const row = (...lives: readonly (number | undefined)[]) =>
    ({
      grants: Object.fromEntries(
        lives.map((lifeMs, n) => [
          `grant ${n}`,
          grant(lifeMs === undefined ? {} : { accessExpiresAtMs: T0 + lifeMs }),
        ]),
      ),
    }) as never

  it.each<[string, readonly (number | undefined)[], number]>([
    ['an hour, less its lead', [HOUR], 3_240_000],
    ['nine tenths of eight minutes, whose lead is longer', [8 * MINUTE], 432_000],
    ['the shortest of a bundle', [HOUR, 8 * MINUTE, undefined], 432_000],
    ['what is asked for, where nothing ends', [undefined], DAY],
    ['what is asked for, where nothing is minted', [], DAY],
  ])('allows %s', (_, lives, most) => {
    expect(cappedMinTtlMs(row(...lives), DAY)).toBe(most)
    expect(cappedMinTtlMs(row(...lives), MINUTE)).toBe(MINUTE)
  })
})

describe('grantsToRotate', () => {
  const grants = {
    soon: grant({ accessExpiresAtMs: T0 + 10 * MINUTE }),
    later: grant({ accessExpiresAtMs: T0 + 12 * HOUR }),
    never: grant({}),
  }
  const named = (nowMs: number, minTtlMs: number, all?: boolean) =>
    grantsToRotate({ id: 'ac_1', grants } as never, { nowMs, minTtlMs, ...(all && { all }) })

  it('names those that are due, and those that a flow needs for longer', () => {
    expect(named(T0, 0)).toEqual([])
    expect(named(T0 + 9 * MINUTE, 0)).toEqual(['soon'])
    expect(named(T0, 10 * MINUTE)).toEqual([])
    expect(named(T0, 10 * MINUTE + 1)).toEqual(['soon'])
    expect(named(T0, 13 * HOUR)).toEqual(['soon', 'later'])
  })

  it('names one that has ended and that no sweep would renew', () => {
    const ended = { only: grant({ accessExpiresAtMs: T0 + MINUTE, hasRefreshToken: false }) }
    const at = (nowMs: number) =>
      grantsToRotate({ id: 'ac_1', grants: ended } as never, { nowMs, minTtlMs: 0 })
    expect([at(T0 + MINUTE - 1), at(T0 + MINUTE)]).toEqual([[], ['only']])
  })

  it('names all of them when all are asked for, and none where nothing is minted', () => {
    expect(named(T0, 0, true)).toEqual(['soon', 'later', 'never'])
    expect(grantsToRotate({ id: 'ac_1' } as never, { nowMs: T0, minTtlMs: 0, all: true })).toEqual([])
  })
})

describe('remainingMs', () => {
  it('is what is left of the access token, for ever where it does not end', () => {
    expect(remainingMs(grant({ accessExpiresAtMs: T0 + HOUR }), T0 + MINUTE)).toBe(3_540_000)
    expect(remainingMs(grant({}), T0)).toBe(Number.POSITIVE_INFINITY)
  })
})
