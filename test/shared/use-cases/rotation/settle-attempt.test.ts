import { connectionKey } from '../../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import type { ItemStore, Write } from '../../../../shared/ports/item-store.ts'
import type { OAuthClient } from '../../../../shared/ports/oauth-client.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { AttemptWatch } from '../../../../shared/use-cases/grants/attempt-watch.ts'
import type { GrantPorts } from '../../../../shared/use-cases/grants/grant-ports.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { GRANT, MACHINE_SETUP } from '../../../support/oauth2-setups.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const LEASE_MS = 90_000

type Cause = 'due' | 'fetch' | 'manual' | 'rejected'

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({ body: GRANT }))
})
afterEach(() => world.close())

const sent = () => world.provider.requests.length

const machine = async () => (await world.create('OAUTH2', MACHINE_SETUP)).id

/** A run of the program: with a `boot` it holds the lock which proves that those before it are gone. */
function run(boot?: string): GrantPorts {
  const attempts = new AttemptWatch(world.clock, boot)
  return boot === undefined ? { ...world.ports, attempts } : { ...world.ports, attempts, boot }
}

/** The run with what it does before each of its transactions. */
function beforeWrites(ports: GrantPorts, act: (writes: readonly Write[]) => Promise<void>): GrantPorts {
  const items = new Proxy<ItemStore>(ports.items, {
    get(target, name: keyof ItemStore) {
      if (name !== 'transact') return target[name].bind(target)
      return async (writes: readonly Write[]) => {
        await act(writes)
        return target.transact(writes)
      }
    },
  })
  return { ...ports, items }
}

const rotate = (ports: GrantPorts, id: string, cause: Cause, credentialVersion?: number) =>
  rotateConnection(ports, {
    ...{ tenant: world.tenant, id, cause },
    ...(credentialVersion === undefined ? {} : { credentialVersion }),
  })

/** A run that has the permission to send, and is never heard of again. */
async function dieSending(id: string, boot?: string): Promise<void> {
  const asked = Promise.withResolvers<void>()
  const requestToken = () => {
    asked.resolve()
    return new Promise<never>(() => {})
  }
  const oauth = { requestToken } as Partial<OAuthClient> as OAuthClient
  void rotate({ ...run(boot), oauth }, id, 'manual')
  await asked.promise
}

/** Somebody else settles what stands on the row. */
async function overtake(id: string): Promise<void> {
  const { fence } = await world.row(id)
  const key = connectionKey(world.tenant, id)
  const set = { fence: fence + 1, op: 'another' }
  await world.ports.items.transact([{ op: 'update', key, set, remove: ['attempt'] }])
}

describe('an attempt of a run that is known to be gone', () => {
  it('is over at once: its token is kept for the end of the access token, or for the complaint of a flow', async () => {
    const id = await world.authorized()
    await dieSending(id, 'first')
    const { credentialVersion, fence, grants } = await world.row(id)
    const second = run('second')
    const before = sent()
    expect(await rotate(second, id, 'manual')).toMatchObject({
      kind: 'failed',
      row: { status: 'degraded', failure: { code: 'outcome_unknown' } },
    })
    const row = await world.row(id)
    expect([row.fence, row.due_at]).toEqual([fence + 1, grants!['main']!.accessExpiresAtMs])
    expect(row.attempt).toMatchObject({ isOver: true, unknownAtMs: world.clock.nowMs() })
    expect(sent()).toBe(before)
    expect(await rotate(second, id, 'rejected', credentialVersion)).toMatchObject({ kind: 'rotated' })
    expect(sent()).toBe(before + 1)
  })

  it('is followed by another in the same run, where the access token has ended', async () => {
    const id = await world.authorized()
    await world.clock.advance(2 * HOUR_MS)
    await dieSending(id, 'first')
    const before = sent()
    expect(await rotate(run('second'), id, 'fetch')).toMatchObject({
      kind: 'rotated',
      row: { status: 'ready' },
    })
    expect(sent()).toBe(before + 1)
  })

  it('leaves its answer beside the row, which is found before anything is called unknown', async () => {
    const id = await world.authorized()
    let renames = 0
    // People change the row each time that its commit is about to come: it gives up, and leaves the answer beside it.
    const first = beforeWrites(run('first'), async (writes) => {
      if (writes.some((write) => write.op === 'update' && write.set?.['grant'] !== undefined))
        await updateConnection(world.ports, { tenant: world.tenant, id, name: `Renamed ${renames++}` })
    })
    expect(await rotate(first, id, 'manual')).toMatchObject({
      kind: 'busy',
      row: { attempt: { boot: 'first' } },
    })
    const { credentialVersion } = await world.row(id)
    const before = sent()
    expect(await rotate(run('second'), id, 'manual')).toMatchObject({
      kind: 'rotated',
      row: { status: 'ready', credentialVersion: credentialVersion + 1 },
    })
    expect([sent(), (await world.row(id)).failure]).toEqual([before, undefined])
  })
})

describe('an attempt of which nobody knows whether its sender waits still', () => {
  /** Two runs without a lock: the first has died, and the second has watched its attempt for as long as it lasts. */
  async function calledUnknown(): Promise<string> {
    const id = await world.authorized()
    await world.clock.advance(55 * MINUTE_MS)
    await dieSending(id)
    const second = run()
    expect(await rotate(second, id, 'manual')).toMatchObject({ kind: 'busy' })
    await world.clock.advance(LEASE_MS)
    expect(await rotate(second, id, 'manual')).toMatchObject({ kind: 'failed' })
    expect((await world.row(id)).attempt?.isOver).toBeUndefined()
    return id
  }

  it('is put off by a lease when it is due, and then followed by another', async () => {
    const id = await calledUnknown()
    const dueAtMs = (await world.row(id)).due_at!
    const third = run()
    const before = sent()
    await world.clock.advance(dueAtMs - 1 - world.clock.nowMs())
    expect(await rotate(run(), id, 'due')).toMatchObject({ kind: 'failed' })
    expect((await world.row(id)).due_at).toBe(dueAtMs)
    await world.clock.advance(1)
    expect(await rotate(third, id, 'manual')).toMatchObject({ kind: 'failed', row: { id } })
    expect((await world.row(id)).due_at).toBe(dueAtMs)
    expect(await rotate(third, id, 'due')).toMatchObject({ kind: 'failed', row: { id } })
    expect((await world.row(id)).due_at).toBe(dueAtMs + LEASE_MS)
    expect(sent()).toBe(before)
    await world.clock.advance(LEASE_MS)
    expect(await rotate(third, id, 'due')).toMatchObject({ kind: 'rotated' })
    expect(sent()).toBe(before + 1)
  })
})

describe('an attempt that used up nothing', () => {
  it('is taken away once its run is gone, although nothing is to be renewed', async () => {
    const id = await machine()
    await dieSending(id, 'first')
    const { fence } = await world.row(id)
    expect(await rotate(run('second'), id, 'fetch')).toMatchObject({ kind: 'nothing' })
    const row = await world.row(id)
    expect([row.attempt, row.fence, row.status]).toEqual([undefined, fence + 1, 'ready'])
  })
})

describe('an attempt that somebody else settles meanwhile', () => {
  it.each([
    ['one that used up nothing', machine],
    ['one that may have used up its token', () => world.authorized()],
  ])('is left to them: %s', async (_, connected) => {
    const id = await connected()
    await dieSending(id, 'first')
    let isFirst = true
    const second = beforeWrites(run('second'), async () => {
      if (isFirst) await overtake(id)
      isFirst = false
    })
    const sentBefore = sent()
    expect(await rotate(second, id, 'manual')).toMatchObject({ kind: 'busy', row: { op: 'another' } })
    const row = await world.row(id)
    expect([row.status, row.failure, sent()]).toEqual(['ready', undefined, sentBefore])
  })

  it('is left to them when it was fenced already', async () => {
    const id = await world.authorized()
    await dieSending(id, 'first')
    const second = beforeWrites(run('second'), async (writes) => {
      if (writes.some((write) => write.op === 'update' && write.set?.['failure'] !== undefined))
        await overtake(id)
    })
    const { status } = await world.row(id)
    expect(await rotate(second, id, 'manual')).toMatchObject({ kind: 'failed', row: { op: 'another' } })
    const row = await world.row(id)
    expect([row.status, row.failure, row.attempt]).toEqual([status, undefined, undefined])
  })
})

describe('a token of unknown outcome', () => {
  const drop = () => world.provider.answerWith(() => ({ drop: true }))

  it.each<[string, Cause, number, number]>([
    ['when a flow reports its access token refused', 'rejected', 0, 1],
    ['not when a flow reports one refused that was replaced', 'rejected', -1, 0],
    ['not when a person asks', 'manual', 0, 0],
    ['not when a flow fetches', 'fetch', 0, 0],
    ['not when a sweep comes', 'due', 0, 0],
  ])('is sent once more before the access token ends: %s', async (_, cause, versions, more) => {
    const id = await world.authorized()
    drop()
    await rotate(world.ports, id, 'manual')
    const { credentialVersion } = await world.row(id)
    const sentBefore = sent()
    await rotate(world.ports, id, cause, credentialVersion + versions)
    expect(sent() - sentBefore).toBe(more)
  })

  it('is not sent a third time, however often a flow reports that', async () => {
    const id = await world.authorized()
    drop()
    await rotate(world.ports, id, 'manual')
    const { credentialVersion } = await world.row(id)
    const sentBefore = sent()
    for (let time = 0; time < 3; time++) await rotate(world.ports, id, 'rejected', credentialVersion)
    expect(sent()).toBe(sentBefore + 1)
  })

  it('is left alone when nobody can say whether its access token is refused', async () => {
    await world.addApplication('DOCUSIGN')
    const id = await world.authorized('DOCUSIGN', { type: 'OAUTH_CODE' })
    drop()
    await rotate(world.ports, id, 'manual')
    const tokens = () => world.provider.requests.filter(({ path }) => path.includes('token')).length
    const [all, before] = [sent(), tokens()]
    expect(await rotate(world.ports, id, 'rejected', (await world.row(id)).credentialVersion)).toMatchObject({
      kind: 'failed',
    })
    expect([sent() > all, tokens()]).toEqual([true, before])
  })

  it('is asked of no test call where the tokens are gone that it would try', async () => {
    await world.addApplication('DOCUSIGN')
    const id = await world.authorized('DOCUSIGN', { type: 'OAUTH_CODE' })
    drop()
    await rotate(world.ports, id, 'manual')
    const { credentialVersion, grant } = await world.row(id)
    const place = { tenant: world.tenant, ownerId: id, part: 'access', mark: grant!.access } as const
    await world.ports.items.transact([{ op: 'delete', key: sealedGrantKey(place) }])
    const { secrets, sealer } = world.ports
    const afresh = { ...world.ports, opened: new OpenedSecrets(secrets, sealer) }
    const all = sent()
    expect(await rotate(afresh, id, 'rejected', credentialVersion)).toMatchObject({
      kind: 'failed',
      row: { status: 'reauthorization_required', failure: { code: 'grant_missing' } },
    })
    expect(sent()).toBe(all)
  })
})
