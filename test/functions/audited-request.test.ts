import { createConnectionRoute } from '../../functions/api/routes/create-connection.ts'
import { deleteConnectionRoute } from '../../functions/api/routes/delete-connection.ts'
import { listConnectionsRoute } from '../../functions/api/routes/list-connections.ts'
import { fetchCredentialRoute } from '../../functions/credentials/routes/fetch-credential.ts'
import { observedGrantRunner, tellRotation } from '../../functions/grants/observed-grants.ts'
import type { Route } from '../../functions/route.ts'
import { LineAudit } from '../../shared/adapters/log/line-audit.ts'
import { PrometheusMetrics } from '../../shared/adapters/metrics/prometheus-metrics.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../support/grants-under-test.ts'
import { type HttpFunction, httpFunction, REQUEST_ID } from '../support/http-function.ts'

const PATH = '/api/v2/flows/vault/connections'
const FETCH = `GET ${PATH}/{id}/credentials`
const TOKEN =
  'acme create:flows_vault_connections read:flows_vault_connections read:flows_vault_credentials delete:flows_vault_connections'
const SECRET = 'planted-token-000'

describe('auditRequest', () => {
  let world: GrantsUnderTest
  let target: HttpFunction
  let lines: Record<string, unknown>[]
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    lines = []
    const audit = auditTo(lines)
    const usage = { note: () => undefined, isDue: false }
    const routes = [createConnectionRoute, deleteConnectionRoute, listConnectionsRoute, fetchCredentialRoute]
    target = httpFunction(routes as unknown as Route<never>[], 1000, { ...world.ports, audit, usage })
  })
  afterEach(() => world.close())

  const auditTo = (to: Record<string, unknown>[]) =>
    new LineAudit({
      write: (line) => {
        expect(line.endsWith('\n')).toBe(true)
        expect(line).not.toContain(SECRET)
        to.push(JSON.parse(line))
      },
      nowMs: () => world.clock.nowMs(),
      logLevel: 'ERROR',
    })
  const observers = () => ({ audit: auditTo(lines), metrics: new PrometheusMetrics() })
  const call = (route: string, more: { id?: string; body?: unknown; token?: string; flow?: string } = {}) =>
    target.call({
      route,
      token: more.token ?? TOKEN,
      headers: {
        'content-type': 'application/json',
        ...(more.flow === undefined ? {} : { 'x-flow-id': more.flow }),
      },
      ...(more.id === undefined ? {} : { path: { id: more.id } }),
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    })
  const body = { name: 'Orders', app_id: 'HTTP', setup: { type: 'BEARER', token: SECRET } }

  it('notes who did what to which connection and what came of it, at a level that nothing drops', async () => {
    const { json } = await call(`POST ${PATH}`, { body })
    const id = json!['id'] as string
    await call(FETCH, { id, flow: 'flow-7' })
    await call(`DELETE ${PATH}/{id}`, { id })
    await call(FETCH, { id })
    await call(FETCH, { id, flow: 'a flow with more' })
    const common = {
      level: 'ERROR',
      stream: 'audit',
      tenant: 'acme',
      client: 'client',
      request_id: REQUEST_ID,
    }
    const timestamp = new Date(world.clock.nowMs()).toISOString()
    expect(lines).toEqual([
      {
        ...{ ...common, timestamp, kind: 'change', act: 'create-connection', outcome: 'done' },
        ...{ connection_id: id, credential_version: 1 },
      },
      {
        ...{ ...common, timestamp, kind: 'fetch', act: 'fetch-credential', outcome: 'served' },
        ...{ connection_id: id, credential_version: 1, flow: 'flow-7' },
      },
      { ...common, timestamp, kind: 'change', act: 'delete-connection', outcome: 'done', connection_id: id },
      {
        ...common,
        timestamp,
        kind: 'fetch',
        act: 'fetch-credential',
        outcome: 'not_found',
        connection_id: id,
      },
      {
        ...{ ...common, timestamp, kind: 'fetch', act: 'fetch-credential', outcome: 'invalid_headers' },
        ...{ connection_id: id },
      },
    ])
  })

  it('notes what was refused, and neither looks nor what nobody signed', async () => {
    await call(`POST ${PATH}`, { body: { name: SECRET, app_id: SECRET } })
    await call(FETCH, { id: 'ac_1', token: 'acme read:flows_vault_connections' })
    await call(FETCH, { id: '../../etc/passwd' })
    await call(`GET ${PATH}`)
    await call(FETCH, { id: 'ac_1', token: 'bad' })
    expect(lines.map(({ act, outcome, connection_id: id }) => [act, outcome, id])).toEqual([
      ['create-connection', 'invalid_body', undefined],
      ['fetch-credential', 'insufficient_scope', 'ac_1'],
      ['fetch-credential', 'not_found', undefined],
    ])
  })

  it('has its like for what the vault asks of providers', async () => {
    let refused = false
    world.provider.answerWith(() =>
      refused
        ? { status: 400, body: { error: 'invalid_grant', error_description: SECRET } }
        : { body: { access_token: SECRET, refresh_token: SECRET, token_type: 'Bearer', expires_in: 3600 } },
    )
    const grants = observedGrantRunner(world.ports.grants, { ...observers(), clock: world.clock })
    const client = { client_id: 'own-client-000', client_secret: 'own-secret-000' }
    const { id } = await world.create('OAUTH2', { provider: 'gitlab', ...client })
    const ports = { ...world.ports, grants }
    Object.assign(world.ports, ports)
    const page = await world.authorize(id)
    await world.finish(page.searchParams.get('state'))
    refused = true
    const request = { tenant: world.tenant, id, cause: 'manual' } as const
    await grants.rotate(request, 10_000)
    const result = { kind: 'nothing', row: await world.row(id) } as const
    tellRotation(observers(), { ...request, result, startedAtMs: 0 })
    const common = { kind: 'rotation', tenant: 'acme', connection_id: id }
    expect(lines).toEqual([
      expect.objectContaining({ ...common, act: 'authorize', outcome: 'done', credential_version: 2 }),
      expect.objectContaining({ ...common, act: 'rotate', outcome: 'invalid_grant', cause: 'manual' }),
    ])
  })

  it('does not say that an import was done whose create had been undone', async () => {
    let kind = 'granted'
    const runner = { import: async () => ({ kind }) } as unknown as GrantRunner
    const grants = observedGrantRunner(runner, { ...observers(), clock: world.clock })
    await grants.import({ tenant: 'acme', id: 'ac_1' } as never)
    kind = 'late'
    await grants.import({ tenant: 'acme', id: 'ac_1' } as never)
    expect(lines.map(({ outcome }) => outcome)).toEqual(['done', 'late'])
  })
})
