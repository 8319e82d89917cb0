import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import type { VaultFunctionName } from '../../infra/function-table.ts'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { newId, newUuid } from '../../shared/domain/ids.ts'
import {
  connectionKey,
  freezeKey,
  intentKey,
  rescueKey,
  rotationShard,
  workShard,
} from '../../shared/domain/keys.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import type { Rescue } from '../../shared/rows/rescue-row.ts'
import { openIntent } from '../../shared/use-cases/commit/intent.ts'
import { rescueWrite } from '../../shared/use-cases/commit/rescue-item.ts'
import { findTombstone, putTombstone } from '../../shared/use-cases/commit/tombstones.ts'
import type { GrantsPlace } from '../e2e/grants-suite.ts'
import { newTenant } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { CONNECTIONS, type GrantCalls, grantCalls } from '../support/grant-calls.ts'
import { until } from '../support/until.ts'

const FREEZES = '/api/v2/flows/vault/freezes'
/** From the queue to the function that works it, MiniStack takes about a second. */
const WORKED_WITHIN_MS = 30_000
const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** A deployed vault, with the table that its functions share. */
export interface WokenPlace extends GrantsPlace {
  readonly stage: string
  readonly tableName: string
  readonly deploymentId: string
}

/**
 * What the schedules of a deployed vault wake, with something to do: each test leaves a row as time or a crash would
 * have left it, and wakes the function as its schedule does.
 */
export function wokenSuite(place: () => WokenPlace): void {
  describe('the function that a schedule wakes', () => {
    const [clock, random] = [new SystemClock(), new SystemRandom()]
    const ministack = () => emulatorClientConfig('ministack')
    let world: GrantCalls
    let items: DynamoItemStore
    let tenant: string
    beforeAll(() => {
      tenant = newTenant()
      const { tableName, token, ...target } = place()
      world = grantCalls({ ...target, tenant, token })
      const client = new DynamoDBClient({ ...ministack(), ...DYNAMO_CLIENT_SETTINGS })
      items = new DynamoItemStore({ client, tableName, clock, random })
    })

    async function wake(name: VaultFunctionName, event: object): Promise<void> {
      const FunctionName = functionNameOf(place().stage, name)
      const Payload = Buffer.from(JSON.stringify(event))
      const command = new InvokeCommand({ FunctionName, Payload })
      const { FunctionError } = await new LambdaClient(ministack()).send(command)
      expect([name, FunctionError]).toEqual([name, undefined])
    }
    const aSecondAgo = () => clock.nowMs() - SECOND_MS

    it('sweep: what is due is renewed by way of the queue', async () => {
      const id = await world.authorized()
      const old = (await world.fetchCredential(id)).body.fields.access_token
      const key = connectionKey(tenant, id)
      const row = (await items.get(key)) as unknown as ConnectionRow
      const nowMs = clock.nowMs()
      const almostOver = { issuedAtMs: nowMs - 59 * MINUTE_MS, accessExpiresAtMs: nowMs + MINUTE_MS }
      const main = { ...row.grants!['main']!, ...almostOver }
      const due = { due_shard: rotationShard(id), due_at: aSecondAgo() }
      await items.transact([{ op: 'update', key, set: { grants: { main: { ...main } }, ...due } }])
      await wake('sweep', {})
      const view = await until(
        () => world.view(id),
        ({ credential_version: version }) => version === 3,
        WORKED_WITHIN_MS,
      )
      expect(view).toMatchObject({ status: 'ready', credential_version: 3 })
      const renewed = (await world.fetchCredential(id)).body.fields.access_token
      expect(renewed).not.toBe(old)
      await expect(world.provider.isActive(renewed)).resolves.toBe(true)
    })

    it('reconcile: what was begun and not committed is undone', async () => {
      const ownerId = newId('ac_', { nowMs: clock.nowMs(), random })
      const op = newUuid(random)
      const secretId = secretIdOf({
        deployment: place().deploymentId,
        kind: 's',
        tenant,
        ownerId,
        generation: 1,
      })
      const begun = { kind: 'create', tenant, ownerId, op, secretId, newSecret: true } as const
      await items.transact([openIntent({ ...begun, deadlineAtMs: aSecondAgo() })])
      await wake('reconcile', { task: 'work' })
      expect(await items.get(intentKey(tenant, op))).toMatchObject({ undoneAtMs: expect.any(Number) })
    })

    it('reconcile: a deletion is finished, and ended when its window is over', async () => {
      const id = await world.authorized()
      expect((await world.call('DELETE', `${CONNECTIONS}/${id}`)).status).toBe(204)
      const { revocations, ...deleted } = (await findTombstone({ items }, tenant, id))!
      // Kept where another connection of this tenant has the same client's grant.
      expect(revocations).toEqual({ main: expect.stringMatching(/^(revoked|kept)$/) })
      await items.transact([putTombstone({ ...deleted, state: 'deleting' }, aSecondAgo())])
      await wake('reconcile', { task: 'work' })
      const finished = (await findTombstone({ items }, tenant, id))!
      expect(finished).toMatchObject({ state: 'deleted', revocations: { main: expect.any(String) } })
      await items.transact([putTombstone(finished, aSecondAgo())])
      await wake('reconcile', { task: 'work' })
      expect(await findTombstone({ items }, tenant, id)).toBeUndefined()
    })

    it('reconcile: a grant left to be rescued, and never stored, is let go', async () => {
      const id = await world.authorized()
      const row = (await items.get(connectionKey(tenant, id))) as unknown as ConnectionRow
      const op = newUuid(random)
      const rescue: Rescue = {
        of: 'renewal',
        op,
        tenant,
        id,
        appId: row.appId,
        setupType: row.setupType!,
        setupDigest: row.setupDigest!,
        grant: { access: 'nothing0' },
        grants: {},
        requiredScopes: [],
        replaces: {},
        createdAtMs: clock.nowMs(),
      }
      await items.transact([rescueWrite(rescue, clock.nowMs() - 20 * MINUTE_MS)])
      await wake('reconcile', { task: 'work' })
      const left = () => items.get(rescueKey(tenant, id, op))
      expect(await until(left, (item) => item === undefined, WORKED_WITHIN_MS)).toBeUndefined()
      expect(await world.view(id)).toMatchObject({ status: 'ready', credential_version: 2 })
    })

    it('reconcile: the job of a freeze that lost its worker is started again', async () => {
      const id = await world.authorized()
      const body = { connection_id: id, reason: 'a leaked token' }
      const frozen: string = (await world.call('POST', FREEZES, body)).body.id
      const finished = () =>
        until(
          () => world.call('GET', `${FREEZES}/${frozen}`),
          (answer) => answer.body.progress.state === 'done',
          WORKED_WITHIN_MS,
        )
      expect((await finished()).body.progress.state).toBe('done')
      const key = freezeKey(tenant, frozen)
      const { job } = (await items.get(key))!
      const running = { ...(job as object), state: 'running' }
      const due = { due_shard: workShard(frozen), due_at: aSecondAgo() }
      await items.transact([{ op: 'update', key, set: { job: running, ...due } }])
      await wake('reconcile', { task: 'work' })
      expect((await finished()).body.progress.state).toBe('done')
    })

    it('reconcile: both stores are compared', () => wake('reconcile', { task: 'compare' }))
  })
}
