import { doObservedWork, tellRotation } from '../../../functions/grants/observed-grants.ts'
import { PrometheusMetrics } from '../../../shared/adapters/metrics/prometheus-metrics.ts'
import type { ConnectionRow } from '../../../shared/domain/connection.ts'
import type { RotationFailure } from '../../../shared/domain/rotation.ts'
import { type AuditTrail, NO_AUDIT } from '../../../shared/ports/audit-trail.ts'
import type { RotationResult } from '../../../shared/ports/grant-runner.ts'
import { measuredReconcile } from '../../../shared/use-cases/reconcile/measured-reconcile.ts'
import { measuredSweep } from '../../../shared/use-cases/rotation/sweep-due.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../support/grants-under-test.ts'

const STARTED_AT_MS = 1_000
const MACHINE_SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.com/token',
}

function rowWith(failure?: Partial<RotationFailure>): ConnectionRow {
  return { failure } as ConnectionRow
}

/** The samples of these metrics, without their prefix. */
async function samples(metrics: PrometheusMetrics, ...names: string[]): Promise<string[]> {
  const lines = (await metrics.text()).split('\n')
  return names.flatMap((name) =>
    lines
      .filter((line) => line.startsWith(`flow_vault_${name}`))
      .map((line) => line.slice('flow_vault_'.length)),
  )
}

describe('tellRotation', () => {
  const failed = (failure?: Partial<RotationFailure>): RotationResult => ({
    kind: 'failed',
    row: rowWith(failure),
  })

  test.each<[string, Parameters<typeof tellRotation>[1]['result'], string[]]>([
    ['rotated', { kind: 'rotated', row: rowWith() }, ['rotations_total{cause="due",outcome="rotated"} 1']],
    ['late', { kind: 'late' }, ['rotations_total{cause="due",outcome="late"} 1']],
    ['frozen', { kind: 'frozen' }, ['rotations_total{cause="due",outcome="frozen"} 1']],
    ['busy', { kind: 'busy', row: rowWith() }, ['lease_conflicts_total{cause="due"} 1']],
    ['nothing', { kind: 'nothing', row: rowWith() }, []],
    ['gone', { kind: 'gone' }, []],
    ...(['not-sent', 'passing', 'grant-dead', 'app-broken', 'refused', 'unknown'] as const).map(
      (name): [string, RotationResult, string[]] => [
        name,
        failed({ class: name, lastAtMs: STARTED_AT_MS }),
        [`rotations_total{cause="due",outcome="${name}"} 1`],
      ],
    ),
    [
      'a failure from before, whose pause was not over',
      failed({ class: 'unknown', lastAtMs: STARTED_AT_MS - 1 }),
      ['rotations_total{cause="due",outcome="waiting"} 1'],
    ],
  ])('tells %s', async (_name, result, expected) => {
    const metrics = new PrometheusMetrics()
    tellRotation(
      { metrics, audit: NO_AUDIT },
      { tenant: 'acme', id: 'ac_1', cause: 'due', result, startedAtMs: STARTED_AT_MS },
    )
    expect(await samples(metrics, 'rotations_total', 'lease_conflicts_total')).toEqual(expected)
  })
})

describe('what workers and loops measure', () => {
  let world: GrantsUnderTest
  let metrics: PrometheusMetrics
  let observers: { metrics: PrometheusMetrics; audit: AuditTrail }
  beforeEach(async () => {
    metrics = new PrometheusMetrics()
    observers = { metrics, audit: NO_AUDIT }
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'access-1', token_type: 'Bearer', expires_in: 3600 },
    }))
  })
  afterEach(() => world.close())

  test('a rotation that was due: its outcome, and how late it began', async () => {
    const row = await world.create('OAUTH2', MACHINE_SETUP)
    await world.clock.advance(Number(row.due_at) - world.clock.nowMs() + 90_000)
    await doObservedWork({ ...world.ports, ...observers }, { kind: 'rotate', tenant: 'acme', id: row.id })
    expect(await samples(metrics, 'rotations_total', 'due_lag_seconds_sum', 'due_lag_seconds_count')).toEqual(
      [
        'rotations_total{cause="due",outcome="rotated"} 1',
        'due_lag_seconds_sum 90',
        'due_lag_seconds_count 1',
      ],
    )
    expect(
      await samples(metrics, 'due_lag_seconds_bucket{le="60"}', 'due_lag_seconds_bucket{le="120"}'),
    ).toEqual(['due_lag_seconds_bucket{le="60"} 0', 'due_lag_seconds_bucket{le="120"} 1'])
  })

  test('work that comes twice: no lag the second time', async () => {
    const row = await world.create('OAUTH2', MACHINE_SETUP)
    await doObservedWork({ ...world.ports, ...observers }, { kind: 'rotate', tenant: 'acme', id: row.id })
    expect(await samples(metrics, 'rotations_total', 'due_lag_seconds_count')).toEqual([
      'due_lag_seconds_count 0',
    ])
  })

  test('work that fails: by its kind, and the failure goes on', async () => {
    const row = await world.create('OAUTH2', MACHINE_SETUP)
    const freezes = Object.assign(Object.create(world.ports.freezes), {
      find: () => Promise.reject(new Error('down')),
    })
    const work = doObservedWork(
      { ...world.ports, freezes, ...observers },
      { kind: 'rotate', tenant: 'acme', id: row.id },
    )
    await expect(work).rejects.toThrow('down')
    expect(await samples(metrics, 'work_failures_total')).toEqual(['work_failures_total{kind="rotate"} 1'])
  })

  test('a sweep: whether it was full, and the oldest that is due', async () => {
    const rows = [await world.create('OAUTH2', MACHINE_SETUP), await world.create('OAUTH2', MACHINE_SETUP)]
    const dueAtMs = rows.map((row) => Number(row.due_at))
    await world.clock.advance(Math.max(...dueAtMs) - world.clock.nowMs() + 60_000)
    const lateMs = world.clock.nowMs() - Math.min(...dueAtMs)
    await measuredSweep({ ...world.ports, metrics }, { capacity: 1, perTenant: 1 })
    expect(await samples(metrics, 'sweeps_total', 'oldest_due_seconds')).toEqual([
      'sweeps_total{outcome="full"} 1',
      `oldest_due_seconds ${lateMs / 1000}`,
    ])
    await measuredSweep({ ...world.ports, metrics }, { capacity: 10, perTenant: 10 })
    expect(await samples(metrics, 'sweeps_total{outcome="complete"}')).toEqual([
      'sweeps_total{outcome="complete"} 1',
    ])
  })

  test('a run of reconcile: what it undid, and what it did not find', async () => {
    const key = { partition: 'TENANT#acme#INTENTS', sort: 'op-1' }
    const intent = {
      v: 1,
      kind: 'create',
      tenant: 'acme',
      ownerId: 'ac_1',
      op: 'op-1',
      secretId: 'flow-vault/local/s/acme/ac_1/g1',
      newSecret: true,
      deadlineAtMs: world.clock.nowMs(),
      state: 'open',
      due_shard: 'work#0',
      due_at: world.clock.nowMs(),
    }
    await world.ports.items.transact([{ op: 'put', key, attributes: intent }])
    await measuredReconcile({ ...world.ports, metrics })
    expect(
      await samples(metrics, 'reconcile_items_total{kind="intent', 'reconcile_items_total{kind="failed'),
    ).toEqual(['reconcile_items_total{kind="intent-undone"} 1', 'reconcile_items_total{kind="failed"} 0'])
  })
})
