import type { JsonObject } from '../../../../shared/domain/json.ts'
import { connectionKey, eventSortPrefix, eventsPartition } from '../../../../shared/domain/keys.ts'
import type { ItemStore, Write } from '../../../../shared/ports/item-store.ts'
import { createFreeze, getFreeze, liftFreeze } from '../../../../shared/use-cases/freezes/manage-freezes.ts'
import { runFreezeJob } from '../../../../shared/use-cases/freezes/run-freeze-job.ts'
import { reconcileWork } from '../../../../shared/use-cases/reconcile/reconcile-work.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { doWorkItem } from '../../../../shared/use-cases/rotation/work-item.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const TENANT = 'acme'
const HOUR_MS = 3_600_000
const TELEGRAM: JsonObject = { type: 'TOKEN', token: '123456789:AAExample_ExampleExampleExampleExampleE' }
const CODE_SETUP: JsonObject = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
  revocation_url: 'https://idp.example.com/revoke',
}
const MACHINE_SETUP: JsonObject = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.com/token',
}

class Crash extends Error {
  override readonly name = 'Crash'
}

describe('runFreezeJob', () => {
  let world: GrantsUnderTest
  let revocation: () => { status: number; body?: unknown }
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    revocation = () => ({ status: 200 })
    world.provider.answerWith(({ path }) =>
      path === '/revoke'
        ? revocation()
        : {
            body: {
              access_token: 'access-1',
              refresh_token: 'refresh-1',
              token_type: 'Bearer',
              expires_in: 3600,
            },
          },
    )
  })
  afterEach(() => world.close())

  const freeze = (
    which: { appId: string } | { connectionId: string },
    options: { revoke?: boolean; reason?: string } = {},
  ) =>
    createFreeze(world.ports, {
      tenant: TENANT,
      reason: options.reason ?? 'leak',
      revoke: options.revoke === true,
      ...which,
    })
  /** Waits for the work while time goes on. */
  async function done<T>(work: Promise<T>): Promise<T> {
    let over = false
    const watched = work.finally(() => {
      over = true
    })
    watched.catch(() => undefined)
    for (let steps = 0; !over && steps < 2000; steps++) {
      await world.clock.advance(500)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return watched
  }
  const run = (id: string, ports = world.ports) => done(runFreezeJob(ports, TENANT, id))
  async function authorized(setup: JsonObject = CODE_SETUP): Promise<string> {
    const { id } = await world.create('OAUTH2', setup)
    const url = await world.authorize(id)
    await world.finish(url.searchParams.get('state'))
    return id
  }
  const typesOf = async (id: string): Promise<string[]> => {
    const page = await world.ports.items.query({
      partition: eventsPartition(TENANT),
      sortPrefix: eventSortPrefix(id),
      limit: 100,
    })
    return page.items.map(({ attributes }) => String(attributes['type']))
  }
  const count = (types: readonly string[], type: string) => types.filter((one) => one === type).length
  const revocations = () => world.provider.requests.filter(({ path }) => path === '/revoke').length

  /** The ports of a process that dies at its nth write from now: nothing it does after that reaches the store. */
  function dyingAtWrite(nth: number): GrantsUnderTest['ports'] {
    let left = nth
    const { items } = world.ports
    const dying = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          left -= 1
          if (left <= 0) throw new Crash()
          return target.transact(writes)
        }
      },
    })
    return { ...world.ports, items: dying }
  }

  /** Reconcile finds the job once its worker is taken for lost, and a worker does it. */
  async function reconciled(id: string): Promise<void> {
    await world.clock.advance(3 * 60_000)
    const queued: string[] = []
    const work = {
      enqueue: async (items: readonly { kind: string; id: string }[]) => {
        queued.push(...items.filter(({ kind }) => kind === 'freeze').map((item) => item.id))
      },
    }
    await reconcileWork({ ...world.ports, work })
    expect(queued).toEqual([id])
    await done(doWorkItem(world.ports, { kind: 'freeze', tenant: TENANT, id }))
  }

  test('stops after half a minute, with its place noted, and the next run finishes it', async () => {
    for (let index = 0; index < 60; index++) await world.create('TELEGRAM', TELEGRAM)
    const { id } = await freeze({ appId: 'TELEGRAM' })
    const { items } = world.ports
    const slow = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          await world.clock.advance(1_000)
          return target.transact(writes)
        }
      },
    })
    await runFreezeJob({ ...world.ports, items: slow }, TENANT, id)
    expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ state: 'running', seen: 50 })
    await run(id)
    expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ state: 'done', seen: 60 })
  })

  test('tells each connection of the app once, over many pages, and of no other', async () => {
    const ids: string[] = []
    for (let index = 0; index < 60; index++) ids.push((await world.create('TELEGRAM', TELEGRAM)).id)
    const other = await world.create('OAUTH2', MACHINE_SETUP)
    const { id } = await freeze({ appId: 'TELEGRAM' })
    await run(id)
    for (const one of ids) expect(count(await typesOf(one), 'connection.frozen')).toBe(1)
    expect(await typesOf(other.id)).toEqual(['connection.created'])
    const { job } = await getFreeze(world.ports, TENANT, id)
    expect(job).toMatchObject({ state: 'done', seen: 60, revoked: 0, reauthorize: [], notRevocable: [] })
  })

  test('is not begun again by reconcile once it is done, while the freeze stands', async () => {
    await world.create('TELEGRAM', TELEGRAM)
    const { id } = await freeze({ appId: 'TELEGRAM' })
    await run(id)
    expect((await getFreeze(world.ports, TENANT, id)).job.state).toBe('done')
    await world.clock.advance(HOUR_MS)
    expect(await reconcileWork(world.ports)).toMatchObject({ freezeJobs: 0 })
  })

  test('says of a static key that it works on at the provider, and of what was never authorized nothing', async () => {
    const key = await world.create('TELEGRAM', TELEGRAM)
    const pending = await world.create('OAUTH2', CODE_SETUP)
    const empty = await world.create('OAUTH2')
    for (const [connectionId, notRevocable] of [
      [key.id, [key.id]],
      [pending.id, []],
      [empty.id, []],
    ] as const) {
      const { id } = await freeze({ connectionId }, { revoke: true })
      await run(id)
      expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ revoked: 0, notRevocable })
    }
  })

  test('revokes at the provider, and says whom a person must authorize again', async () => {
    const [first, second] = [await authorized(), await authorized()]
    const machine = (await world.create('OAUTH2', MACHINE_SETUP)).id
    const mute = await authorized({ ...CODE_SETUP, revocation_url: undefined })
    const { id } = await freeze({ appId: 'OAUTH2' }, { revoke: true })
    await run(id)
    const { job } = await getFreeze(world.ports, TENANT, id)
    expect(job).toMatchObject({ state: 'done', seen: 4, revoked: 2, failed: [] })
    expect([...job.reauthorize].sort()).toEqual([first, second].sort())
    expect([...job.notRevocable].sort()).toEqual([machine, mute].sort())
    expect(revocations()).toBe(2)
    const row = await world.row(first)
    expect(row.status).toBe('reauthorization_required')
    expect(row.due_at).toBeUndefined()
    expect((await typesOf(first)).slice(-2)).toEqual([
      'connection.frozen',
      'connection.reauthorization_required',
    ])
    expect((await world.row(mute)).status).toBe('ready')
  })

  test('revokes the newest grant, which waits beside a row that somebody has taken over', async () => {
    const id = await authorized()
    const newest = { access_token: 'access-2', refresh_token: 'refresh-2', token_type: 'Bearer' }
    world.provider.answerWith(({ path }) => (path === '/revoke' ? {} : { body: newest }))
    const { items } = world.ports
    let isTaken = false
    const taken = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          if (!isTaken && writes.some(({ key }) => key.partition.startsWith('ACCESS#'))) {
            isTaken = true
            const set = { fence: (await world.row(id)).fence + 1, op: 'another' }
            await target.transact([
              { op: 'update', key: connectionKey(TENANT, id), set, remove: ['attempt'] },
            ])
          }
          return target.transact(writes)
        }
      },
    })
    await rotateConnection({ ...world.ports, items: taken }, { tenant: TENANT, id, cause: 'manual' })
    const made = await freeze({ connectionId: id }, { revoke: true })
    await run(made.id)
    const revoked = world.provider.requests.filter(({ path }) => path === '/revoke')
    expect(revoked.map(({ parameters }) => parameters['token'])).toEqual(['refresh-2'])
    await world.clock.advance(HOUR_MS)
    await world.reconcile()
    expect((await world.row(id)).status).toBe('reauthorization_required')
  })

  test('names a connection whose provider does not revoke, and leaves its grant as it is', async () => {
    const id = await authorized()
    revocation = () => ({ status: 500 })
    const made = await freeze({ connectionId: id }, { revoke: true })
    await run(made.id)
    const { job } = await getFreeze(world.ports, TENANT, made.id)
    expect(job).toMatchObject({ state: 'done', revoked: 0, failed: [id], reauthorize: [] })
    expect((await world.row(id)).status).toBe('ready')
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('survives a kill at its write %i', async (nth) => {
    const ids = [await authorized(), await authorized(), await authorized()]
    const { id } = await freeze({ appId: 'OAUTH2' }, { revoke: true })
    await run(id, dyingAtWrite(nth)).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error
    })
    const { job: broken } = await getFreeze(world.ports, TENANT, id)
    // Three events, three states and the note of progress are seven writes: the eighth never comes.
    expect(broken.state).toBe(nth <= 7 ? 'running' : 'done')
    if (nth <= 7) await reconciled(id)
    const { job } = await getFreeze(world.ports, TENANT, id)
    expect(job).toMatchObject({ state: 'done', seen: 3, revoked: 3, failed: [] })
    expect([...job.reauthorize].sort()).toEqual(ids.sort())
    for (const one of ids) {
      const types = await typesOf(one)
      expect(count(types, 'connection.frozen')).toBeGreaterThanOrEqual(1)
      expect(count(types, 'connection.frozen')).toBeLessThanOrEqual(2)
      expect(count(types, 'connection.reauthorization_required')).toBe(1)
      expect((await world.row(one)).status).toBe('reauthorization_required')
    }
  })

  test('goes on after the page it had finished when its process died', async () => {
    const ids: string[] = []
    for (let index = 0; index < 60; index++) ids.push((await world.create('TELEGRAM', TELEGRAM)).id)
    const { id } = await freeze({ appId: 'TELEGRAM' })
    // 25 events and a note of progress are the first page.
    await expect(run(id, dyingAtWrite(30))).rejects.toThrow(Crash)
    expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ state: 'running', seen: 25 })
    await reconciled(id)
    expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ state: 'done', seen: 60 })
    // The walk goes by id; these were all made in one millisecond.
    ids.sort()
    const told = await Promise.all(ids.map(async (one) => count(await typesOf(one), 'connection.frozen')))
    expect(told.slice(0, 25)).toEqual(Array.from({ length: 25 }, () => 1))
    expect(Math.min(...told)).toBe(1)
    expect(Math.max(...told)).toBeLessThanOrEqual(2)
  })

  test('ends without a word when two workers had the same job', async () => {
    for (let index = 0; index < 30; index++) await world.create('TELEGRAM', TELEGRAM)
    const { id } = await freeze({ appId: 'TELEGRAM' })
    await done(Promise.all([runFreezeJob(world.ports, TENANT, id), runFreezeJob(world.ports, TENANT, id)]))
    expect((await getFreeze(world.ports, TENANT, id)).job).toMatchObject({ state: 'done', seen: 30 })
  })

  test('waits for a rotation under way, and revokes what it brought', async () => {
    const id = await authorized()
    let answer: (() => void) | undefined
    const { oauth } = world.ports
    const slow = {
      ...world.ports,
      oauth: {
        requestToken: async (request: Parameters<typeof oauth.requestToken>[0]) => {
          const outcome = await oauth.requestToken(request)
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          return outcome
        },
        revoke: oauth.revoke.bind(oauth),
        readImport: oauth.readImport.bind(oauth),
        probe: oauth.probe.bind(oauth),
      },
    }
    world.provider.answerWith(({ path }) =>
      path === '/revoke'
        ? { status: 200 }
        : {
            body: {
              access_token: 'access-2',
              refresh_token: 'refresh-2',
              token_type: 'Bearer',
              expires_in: 3600,
            },
          },
    )
    const row = await world.row(id)
    await world.clock.advance(Number(row.due_at) - world.clock.nowMs())
    const rotation = doWorkItem(slow, { kind: 'rotate', tenant: TENANT, id })
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
    const made = await freeze({ connectionId: id }, { revoke: true })
    const job = run(made.id)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(revocations()).toBe(0)
    answer()
    await rotation
    await job
    const revoked = world.provider.requests.filter(({ path }) => path === '/revoke')
    expect(revoked.map(({ parameters }) => parameters['token'])).toEqual(['refresh-2'])
    expect((await world.row(id)).status).toBe('reauthorization_required')
  })

  test('lets a revoked token of a machine count as expired, so that the next fetch brings another', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    const made = await freeze({ connectionId: id }, { revoke: true })
    const revoking = { ...world.ports.grants, revoke: async () => ({ main: 'revoked' as const }) }
    const grants = Object.setPrototypeOf(revoking, world.ports.grants)
    await run(made.id, { ...world.ports, grants })
    await liftFreeze(world.ports, TENANT, made.id)
    world.provider.answerWith(() => ({
      body: { access_token: 'access-2', token_type: 'Bearer', expires_in: 3600 },
    }))
    await world.clock.advance(1000)
    expect((await world.fetch(id)).fields.access_token).toBe('access-2')
  })
})
