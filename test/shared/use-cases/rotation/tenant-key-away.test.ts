import { createHandler } from '../../../../functions/grants/handler.ts'
import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import type { ConnectionRow } from '../../../../shared/domain/connection.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { KeyUnavailableError, type KeyWrapper } from '../../../../shared/ports/key-wrapper.ts'
import type { WorkItem } from '../../../../shared/ports/work-queue.ts'
import { getConnection } from '../../../../shared/use-cases/commit/connection-rows.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { fetchCredential } from '../../../../shared/use-cases/fetch/fetch-credential.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { sweepDue } from '../../../../shared/use-cases/rotation/sweep-due.ts'
import { doWorkItem } from '../../../../shared/use-cases/rotation/work-item.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { NoMetrics } from '../../../support/no-metrics.ts'

const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  authorization_url: 'https://idp.example.test/authorize',
  scope: 'read',
  code: 'code-000',
}
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]

describe('a tenant whose own key is disabled, or about to be deleted', () => {
  let world: GrantsUnderTest
  let isAway: boolean
  /** What was sent to the provider, in order. */
  let sent: string[]

  beforeEach(async () => {
    isAway = false
    sent = []
    world = await startGrantsUnderTest({ keys: (real) => awayFor('acme', real) })
    world.provider.answerWith(({ parameters }) => {
      sent.push(parameters['refresh_token'] ?? parameters['code'] ?? '')
      const tokens = { access_token: `access-${sent.length}`, refresh_token: `refresh-${sent.length}` }
      return { body: { ...tokens, token_type: 'Bearer', expires_in: 3600, scope: 'read' } }
    })
  })
  afterEach(() => world.close())

  /** Keys of which one tenant's does nothing while it is away. */
  function awayFor(tenant: string, real: KeyWrapper): KeyWrapper {
    const keysOf = (asked: string): KeyWrapper => {
      if (isAway && asked === tenant) throw new KeyUnavailableError('KMS Decrypt failed: DisabledException')
      return real
    }
    return {
      generateDataKey: async (context) => keysOf(context.tenant).generateDataKey(context),
      unwrap: async (key, context) => keysOf(context.tenant).unwrap(key, context),
      rewrap: async (key, context) => keysOf(context.tenant).rewrap(key, context),
    }
  }

  const create = async (tenant: string): Promise<ConnectionRow> =>
    (
      await createConnection(world.ports, {
        tenant,
        clientId: 'test',
        name: 'Orders',
        appId: 'OAUTH2',
        setup: SETUP,
      })
    ).row

  /** What a flow gets of a process that has opened nothing yet. */
  async function fetchAfresh({ tenant, id }: ConnectionRow): Promise<string> {
    const opened = new OpenedSecrets(world.ports.secrets, world.ports.sealer)
    const ports = { ...world.ports, opened, grants: createLocalGrantRunner({ ...world.ports, opened }) }
    const fetched = await fetchCredential(ports, { tenant, id, minTtlSeconds: 60 })
    return fetched.kind === 'credential'
      ? JSON.parse(fetched.body.reveal()).fields.access_token
      : fetched.kind
  }

  /** One sweep and what it finds, as the queue hands it to the function: one that throws sends its message back. */
  async function sweep(): Promise<number> {
    const found: WorkItem[] = []
    const work = { enqueue: async (more: readonly WorkItem[]) => void found.push(...more) }
    await sweepDue({ ...world.ports, work }, { capacity: 100, perTenant: 100 })
    const opened = new OpenedSecrets(world.ports.secrets, world.ports.sealer)
    const handler = createHandler({
      ...world.ports,
      metrics: new NoMetrics(),
      doWork: (item: WorkItem) => doWorkItem({ ...world.ports, opened }, item),
    } as never)
    const Records = found.map((item) => ({ body: JSON.stringify(item) }))
    await handler({ Records } as never)
    return found.length
  }

  it('is told to come back, loses nothing, and leaves all others as they are', async () => {
    const [acme, globex] = [await create('acme'), await create('globex')]
    isAway = true
    await expect(fetchAfresh(acme)).rejects.toThrow(StoreUnavailableError)
    expect(await fetchAfresh(globex)).toBe('access-2')
    await world.clock.advance(HOUR_MS)
    for (let minute = 0; minute < 3; minute += 1) {
      expect(await sweep()).toBe(minute === 0 ? 2 : 1)
      await world.clock.advance(MINUTE_MS)
    }
    // Only the other's refresh token was sent: the answer to this one's could not have been kept.
    expect(sent).toEqual(['code-000', 'code-000', 'refresh-2'])
    expect(await fetchAfresh(globex)).toBe('access-3')
    await expect(fetchAfresh(acme)).rejects.toThrow(KeyUnavailableError)
    const row = await getConnection(world.ports, 'acme', acme.id)
    const { op, fence, version, status, grant, grants } = acme
    expect(row).toMatchObject({ op, fence, version, status, grant, grants })
    expect([row.attempt, row.failure]).toEqual([undefined, undefined])

    isAway = false
    expect(await sweep()).toBe(1)
    expect(sent.at(-1)).toBe('refresh-1')
    expect(await fetchAfresh(acme)).toBe('access-4')
  })

  it('changes nothing by a create that is refused, and takes the same one later', async () => {
    isAway = true
    await expect(create('acme')).rejects.toMatchObject({
      name: expect.stringMatching(/^(KeyUnavailable|Vault)Error$/),
    })
    expect(sent).toEqual([])
    isAway = false
    expect(await fetchAfresh(await create('acme'))).toBe('access-1')
  })
})
