import type { ConnectionRow } from '../../../../shared/domain/connection.ts'
import { eventSortPrefix, eventsPartition } from '../../../../shared/domain/keys.ts'
import type { TokenFailure } from '../../../../shared/ports/oauth-client.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { People } from '../../../simulation/people.ts'
import { FAIR_PROVIDER, FAIR_STORES, type SimulatedApp, scenarioOf } from '../../../simulation/scenario.ts'
import { World } from '../../../simulation/world.ts'

/*
 * The table of what an attempt's end means: every kind of end, for every kind of grant that a connector describes.
 * That a replay within a documented grace window is sent at once is told in rotation-policy.test.ts: no connector
 * of the catalogue documents one.
 */

const MINUTE = 60_000
const HOUR = 3_600_000

const RULES = {
  accessLifeMs: HOUR,
  expiryBasis: 'stated',
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
} as const

const GRANTS = {
  'no refresh token': { appId: 'OAUTH2', type: 'CLIENT_CREDENTIALS', rules: RULES },
  'rotation none': { appId: 'HUBSPOT', type: 'OAUTH_CODE', rules: { ...RULES, rotates: false } },
  'rotation optional': { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules: RULES },
  'rotation single-use': { appId: 'DOCUSIGN', type: 'OAUTH_CODE', rules: RULES },
} as const satisfies Record<string, SimulatedApp>
type GrantKind = keyof typeof GRANTS

const ENDS = {
  'not sent': { kind: 'not-sent', code: 'connect_failed', message: 'No connection.' },
  'definite, passing': {
    kind: 'passing',
    code: 'too_many_requests',
    message: 'Wait.',
    retryAfterMs: 120_000,
  },
  'definite, grant dead': { kind: 'grant-dead', code: 'invalid_grant', message: 'Gone.' },
  'definite, app broken': { kind: 'app-broken', code: 'invalid_client', message: 'Wrong secret.' },
  'definite, refused': { kind: 'refused', code: 'invalid_scope', message: 'No such scope.' },
  unknown: { kind: 'unknown', code: 'timeout', message: 'No answer.' },
} as const satisfies Record<string, TokenFailure>
type End = keyof typeof ENDS

/** `due` is in ms from the end of the request, or from the expiry; a pair is a range, for what chance decides. */
interface Expected {
  readonly status: ConnectionRow['status']
  readonly events: readonly string[]
  readonly attempt: 'none' | 'unknown'
  readonly due: readonly [number, number] | 'expiry' | 'never'
  /** Whether the next asking by a sweep at that time sends a request. */
  readonly resent: boolean
}

const DEGRADED = { status: 'degraded', events: ['connection.degraded'], attempt: 'none' } as const
const RETRIED: Expected = { ...DEGRADED, due: [1_000, 10_000], resent: true }
const AS_TOLD: Expected = { ...DEGRADED, due: [120_000, 120_000], resent: true }
const ENDED: Expected = {
  status: 'reauthorization_required',
  events: ['connection.reauthorization_required'],
  attempt: 'none',
  due: 'never',
  resent: false,
}
const SELDOM: Expected = { ...DEGRADED, due: [5 * MINUTE, 10 * MINUTE], resent: true }
const AT_EXPIRY: Expected = { ...DEGRADED, attempt: 'unknown', due: 'expiry', resent: true }
const AFTER_A_LEASE: Expected = { ...DEGRADED, attempt: 'unknown', due: [90_000, 90_000], resent: true }

const TABLE: Record<End, Record<GrantKind, Expected>> = {
  'not sent': {
    'no refresh token': RETRIED,
    'rotation none': RETRIED,
    'rotation optional': RETRIED,
    'rotation single-use': RETRIED,
  },
  'definite, passing': {
    'no refresh token': AS_TOLD,
    'rotation none': AS_TOLD,
    'rotation optional': AS_TOLD,
    'rotation single-use': AS_TOLD,
  },
  'definite, grant dead': {
    // There is no grant to die: what was entered was refused, as a client is.
    'no refresh token': SELDOM,
    'rotation none': ENDED,
    'rotation optional': ENDED,
    'rotation single-use': ENDED,
  },
  'definite, app broken': {
    'no refresh token': SELDOM,
    'rotation none': SELDOM,
    'rotation optional': SELDOM,
    'rotation single-use': SELDOM,
  },
  'definite, refused': {
    'no refresh token': SELDOM,
    'rotation none': SELDOM,
    'rotation optional': SELDOM,
    'rotation single-use': SELDOM,
  },
  unknown: {
    'no refresh token': RETRIED,
    'rotation none': AFTER_A_LEASE,
    'rotation optional': AT_EXPIRY,
    'rotation single-use': AT_EXPIRY,
  },
}

const CASES = (Object.keys(TABLE) as End[]).flatMap((end) =>
  (Object.keys(GRANTS) as GrantKind[]).map((grant) => [end, grant, TABLE[end][grant]] as const),
)

describe('what an attempt’s end means', () => {
  it.each(CASES)('%s, %s', async (end, grant, expected) => {
    const table = await withConnection(GRANTS[grant])
    const eventsBefore = (await table.events()).length
    table.answerWith(ENDS[end])
    await table.rotate('manual')
    const endedAtMs = table.world.time.nowMs
    const row = table.row()
    expect(row.status).toBe(expected.status)
    expect((await table.events()).slice(eventsBefore)).toEqual(expected.events)
    expect(row.attempt?.unknownAtMs === undefined ? 'none' : 'unknown').toBe(expected.attempt)
    expect(row.attempt === undefined || row.attempt.unknownAtMs !== undefined).toBe(true)
    expect(row.failure).toMatchObject({ class: ENDS[end].kind, code: ENDS[end].code, count: 1 })
    expectDue(row, expected, endedAtMs)
    table.answerWith(undefined)
    const sent = await table.sentBySweepAt(row.due_at ?? endedAtMs + HOUR)
    expect(sent > 0).toBe(expected.resent)
    expect(table.row().status).toBe(expected.resent ? 'ready' : expected.status)
  })

  it.each(Object.keys(GRANTS) as GrantKind[])('leaves the old access token in use, %s', async (grant) => {
    for (const end of Object.keys(ENDS) as End[]) {
      const table = await withConnection(GRANTS[grant])
      const { secret, credentialVersion } = table.row()
      table.answerWith(ENDS[end])
      await table.rotate('manual')
      expect(table.row()).toMatchObject({ secret, credentialVersion })
    }
  })

  it.each(['rotation optional', 'rotation single-use'] as const)(
    'lets nobody send the token again before the expiry, however often it is asked, %s',
    async (grant) => {
      const table = await withConnection(GRANTS[grant])
      table.answerWith(ENDS.unknown)
      await table.rotate('manual')
      const before = table.requests()
      for (const cause of ['manual', 'rejected', 'fetch', 'due'] as const) {
        for (let minute = 0; minute < 10; minute++) {
          await table.pass(MINUTE)
          await table.rotate(cause)
        }
      }
      expect(table.requests()).toBe(before)
      await table.pass(20 * MINUTE)
      table.answerWith(undefined)
      await table.rotate('due')
      expect(table.requests()).toBe(before + 1)
      expect(table.row().status).toBe('ready')
      expect(table.row().attempt).toBeUndefined()
      expect(table.row().failure).toBeUndefined()
    },
  )

  it('counts failures in a row, and tells of them once', async () => {
    const table = await withConnection(GRANTS['rotation single-use'])
    table.answerWith(ENDS['not sent'])
    const eventsBefore = (await table.events()).length
    for (let time = 0; time < 3; time++) {
      await table.rotate('manual')
      await table.pass(MINUTE)
    }
    expect(table.row().failure?.count).toBe(3)
    expect((await table.events()).slice(eventsBefore)).toEqual(['connection.degraded'])
    table.answerWith(undefined)
    await table.rotate('manual')
    expect((await table.events()).slice(eventsBefore + 1)).toEqual(['connection.recovered'])
  })
})

function expectDue(row: ConnectionRow, expected: Expected, endedAtMs: number): void {
  if (expected.due === 'never') {
    expect(row.due_at).toBeUndefined()
  } else if (expected.due === 'expiry') {
    expect(row.due_at).toBe(row.grants?.['main']?.accessExpiresAtMs)
  } else {
    // The commit itself takes some milliseconds of simulated time.
    expect(row.due_at! - endedAtMs).toBeGreaterThan(expected.due[0] - 100)
    expect(row.due_at! - endedAtMs).toBeLessThanOrEqual(expected.due[1])
  }
}

/** One ready connection in fair weather, whose provider answers as it is told to. */
async function withConnection(app: SimulatedApp) {
  let answer: TokenFailure | undefined
  let asked = 0
  const calm = { stores: FAIR_STORES, provider: FAIR_PROVIDER, maxOffsetMs: 0, machines: 1, apps: [app] }
  const world = new World(
    { ...scenarioOf(1), ...calm },
    {
      oauth: (real) => ({
        requestToken: async (request) => {
          asked++
          return answer ?? real.requestToken(request)
        },
        revoke: (request) => real.revoke(request),
        readImport: (request) => real.readImport(request),
        probe: (request) => real.probe(request),
      }),
    },
  )
  const people = new People(world)
  const { time } = world
  void world.attempt('moving in', () => people.moveIn())
  await time.runUntil(time.nowMs + MINUTE)
  const { tenant, id } = people.connections[0]!
  const ports = world.portsOf(world.machines[0]!.current)
  const row = () => world.invariants.rows.get(id)!
  const rotate = async (cause: 'manual' | 'due' | 'fetch' | 'rejected') => {
    let isOver = false
    void world
      .attempt('rotating', () => rotateConnection(ports, { tenant, id, cause, minTtlMs: HOUR }))
      .then(() => {
        isOver = true
      })
    await time.runUntil(time.nowMs + MINUTE, () => isOver)
  }
  expect(row().status).toBe('ready')
  return {
    world,
    row,
    rotate,
    pass: (ms: number) => time.runUntil(time.nowMs + ms),
    requests: () => asked,
    answerWith: (next: TokenFailure | undefined) => {
      answer = next
    },
    events: async () => {
      const page = await world.items.query({
        partition: eventsPartition(tenant),
        sortPrefix: eventSortPrefix(id),
        limit: 100,
      })
      return page.items.map(({ attributes }) => attributes['type'])
    },
    /** How many requests the sweeps send that come until a lease after that instant. */
    sentBySweepAt: async (atMs: number) => {
      const before = asked
      for (const laterMs of [0, 91_000, 182_000]) {
        await time.runUntil(Math.max(time.nowMs, atMs + laterMs))
        if (row().due_at !== undefined && asked === before) await rotate('due')
      }
      return asked - before
    },
  }
}
