import { outboxShard } from '../../../../shared/domain/keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { ItemStore } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { createFreeze } from '../../../../shared/use-cases/freezes/manage-freezes.ts'
import { findMark, markRestored } from '../../../../shared/use-cases/grants/restored-mark.ts'
import { createSubscription } from '../../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { findSubscription } from '../../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { giveUp } from '../../../../tools/aws/move/give-up.ts'
import type { MoveInput } from '../../../../tools/aws/move/move-input.ts'
import { copyVault, lookAtMove, switchOver } from '../../../../tools/aws/move/move-vault.ts'
import { beginFilling, sayGivenUp } from '../../../../tools/aws/move/moved-store.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const MINUTE_MS = 60_000
/** Ten seconds until every process has seen the mark, and thirty that a request may last. */
const CLOSED_MS = 40_000
const LATER_MS = Date.UTC(2030, 0, 1, 1)
const CLIENT = {
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}
const CODE_SETUP = {
  ...CLIENT,
  type: 'AUTHORIZATION_CODE',
  authorization_url: 'https://idp.example.test/authorize',
}
const MACHINE_SETUP = { ...CLIENT, type: 'CLIENT_CREDENTIALS' }
const BEARER = { type: 'BEARER', token: 'my-token-bearer-1234' }

let source: GrantsUnderTest
let target: GrantsUnderTest
let lines: string[]
/** What goes on at the target until it takes no change. */
let whileWaiting: () => Promise<void>

beforeEach(async () => {
  source = await startGrantsUnderTest()
  target = await startGrantsUnderTest({ deployment: 'stage1' })
  lines = []
  whileWaiting = async () => undefined
  let minted = 0
  for (const { provider } of [source, target])
    provider.answerWith(() => {
      minted++
      return {
        body: {
          access_token: `a${minted}`,
          refresh_token: `r${minted}`,
          token_type: 'Bearer',
          expires_in: 3600,
        },
      }
    })
})
afterEach(() => Promise.all([source.close(), target.close()]))

/** The move from one to the other, over these row stores; as of a folder whose server is stopped, unless told else. */
function move({
  isAlone = true,
  ...items
}: {
  isAlone?: boolean
  here?: ItemStore
  there?: ItemStore
} = {}): MoveInput {
  const close = async () => undefined
  return {
    source: {
      ...source.ports,
      items: items.here ?? source.ports.items,
      name: 'the folder data',
      isAlone,
      close,
    },
    target: {
      ...target.ports,
      items: items.there ?? target.ports.items,
      name: 'the stage prod',
      isAlone: false,
      close,
    },
    clock: {
      nowMs: () => source.clock.nowMs(),
      sleep: (ms) => (ms === CLOSED_MS ? whileWaiting() : source.clock.sleep(ms)),
    },
    say: (line) => lines.push(line),
  }
}

async function authorized(appId: string, setup: { type: string }): Promise<string> {
  const { id } = await source.create(appId, setup)
  await source.finish((await source.authorize(id)).searchParams.get('state'))
  return id
}

/** A row store whose process is killed before its n-th write: that one and all after it never happen. */
function killedAt(items: ItemStore, left: { writes: number }): ItemStore {
  return {
    get: (key, options) => items.get(key, options),
    query: (query) => items.query(query),
    queryDue: (query) => items.queryDue(query),
    scan: (query) => items.scan(query),
    transact: (writes) => {
      if (left.writes-- <= 0) return Promise.reject(new Error('killed'))
      return items.transact(writes)
    },
  }
}

/** A row store before whose first call of this name something else happens. */
function interrupted(items: ItemStore, name: 'scan', happens: () => Promise<unknown>): ItemStore {
  let first: Promise<unknown> | undefined
  return {
    get: (key, options) => items.get(key, options),
    query: (query) => items.query(query),
    queryDue: (query) => items.queryDue(query),
    transact: (writes) => items.transact(writes),
    [name]: async (query: Parameters<ItemStore['scan']>[0]) => {
      first ??= happens()
      await first
      return items.scan(query)
    },
  }
}

describe('a move of a vault', () => {
  it('brings everything under the keys of the target, and what a flow fetches is the same', async () => {
    await source.addApplication('GOOGLE_SHEETS')
    const ids = [
      (await source.create('HTTP', BEARER)).id,
      (await source.create('OAUTH2', MACHINE_SETUP)).id,
      await authorized('OAUTH2', CODE_SETUP),
      await authorized('GOOGLE_SHEETS', { type: 'OAUTH_CODE' }),
    ]
    const before = await Promise.all(ids.map((id) => source.fetch(id)))
    await switchOver(move())
    expect(await Promise.all(ids.map((id) => target.fetch(id)))).toEqual(before)
    const row = await target.row(ids[0]!)
    expect(row.secret?.secretId).toBe(`flow-vault/stage1/s/acme/${ids[0]}/g1`)
    // Its digests are by the target's key: the same setup again changes nothing there.
    const same = { tenant: 'acme', id: ids[2]!, setup: CODE_SETUP }
    expect(await updateConnection(target.ports, same)).toMatchObject({
      version: (await source.row(ids[2]!)).version,
    })
  })

  it('brings the keys of subscriptions, and whose an imported grant is', async () => {
    const webhook = { kind: 'webhook', url: 'https://hooks.example.test/x' } as const
    const input = { tenant: 'acme', clientId: 'test', target: webhook, filter: {} }
    const { subscription } = await createSubscription(source.ports, input)
    const brought = () => ({
      ...{ tenant: 'acme', clientId: 'test', name: 'Brought', appId: 'OAUTH2', setup: CODE_SETUP },
      grant: {
        accessToken: new SecretText('a0'),
        refreshToken: new SecretText('brought-000'),
        expiresAtMs: LATER_MS,
      },
    })
    const { row } = await createConnection(source.ports, brought())
    await switchOver(move())
    const { secret } = (await findSubscription(target.ports, 'acme', subscription.id))!
    const [here, there] = await Promise.all([
      source.ports.secrets.get(subscription.secret!.secretId, subscription.secret!.versionId),
      target.ports.secrets.get(secret!.secretId, secret!.versionId),
    ])
    expect(there.isSame(here)).toBe(true)
    await expect(createConnection(target.ports, brought())).rejects.toMatchObject({
      detail: { errorCode: 'grant_imported', headers: { location: expect.stringContaining(row.id) } },
    })
  })

  it('hands over what is still to be told with the switch, and not before', async () => {
    const { id } = await source.create('HTTP', BEARER)
    const waiting = ({ ports }: GrantsUnderTest) => {
      const shard = outboxShard(id)
      return ports.items.queryDue({ shard, dueAtMostMs: Number.MAX_SAFE_INTEGER, limit: 10 })
    }
    await copyVault(move())
    expect((await waiting(target)).items).toEqual([])
    await switchOver(move())
    expect((await waiting(target)).items).toEqual((await waiting(source)).items)
    expect((await waiting(target)).items).toHaveLength(1)
  })

  it('waits, where others work on the rows, until each of them has seen the mark and ended', async () => {
    await source.create('HTTP', BEARER)
    let isDone = false
    const copying = copyVault(move({ isAlone: false })).then(() => {
      isDone = true
    })
    await source.clock.advance(0)
    await source.clock.advance(95_000)
    expect([isDone, lines.at(-1)]).toEqual([false, 'waiting: until every function has seen it'])
    await source.clock.advance(15_000)
    await copying
    expect((await target.ports.items.scan({ limit: 100 })).items.length).toBeGreaterThan(3)
  })

  it('has one of the two renew a grant, never both', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await copyVault(move())
    const before = source.provider.requests.length
    await source.clock.advance(58 * MINUTE_MS)
    await target.clock.advance(58 * MINUTE_MS)
    for (const vault of [source, target]) await vault.sweep()
    // Copied and not switched: neither.
    expect([source.provider.requests.length, target.provider.requests.length]).toEqual([before, 0])
    await switchOver(move())
    await source.clock.advance(10 * MINUTE_MS)
    await target.clock.advance(10 * MINUTE_MS)
    for (const vault of [source, target]) await vault.sweep()
    expect(source.provider.requests.length).toBe(before)
    expect(target.provider.requests).toMatchObject([{ parameters: { refresh_token: 'r1' } }])
    expect(await target.row(id)).toMatchObject({ status: 'ready' })
  })

  it('leaves the rows of a target that is not in service as they are, so that nothing is in the way of theirs', async () => {
    const ids = [await authorized('OAUTH2', CODE_SETUP), (await source.create('OAUTH2', MACHINE_SETUP)).id]
    await source.fetch(ids[1]!)
    await copyVault(move())
    const rows = () => Promise.all(ids.map((id) => target.row(id)))
    const before = await rows()
    await target.clock.advance(100 * MINUTE_MS)
    await target.sweep()
    expect([await rows(), target.provider.requests.length]).toEqual([before, 0])
    await expect(target.fetch(ids[0]!)).rejects.toMatchObject({ detail: { errorCode: 'store_restored' } })
    await switchOver(move())
    await target.clock.advance(10_000)
    await target.sweep()
    expect(await rows()).toMatchObject([
      { status: 'ready', credentialVersion: before[0]!.credentialVersion + 1 },
      { status: 'ready', credentialVersion: before[1]!.credentialVersion + 1 },
    ])
  })

  it('has a source that is gone renew nothing and number no event, whatever that would take', async () => {
    const { id } = await source.create('OAUTH2', MACHINE_SETUP)
    await source.fetch(id)
    await switchOver(move())
    const [before, asked] = [await source.row(id), source.provider.requests.length]
    await source.clock.advance(58 * MINUTE_MS)
    await source.sweep()
    expect((await source.fetch(id)).fields).toMatchObject({ access_token: 'a1' })
    await source.clock.advance(10 * MINUTE_MS)
    await expect(source.fetch(id)).rejects.toMatchObject({
      code: 'credential-unavailable',
      detail: { errorCode: 'vault_moved' },
    })
    expect(await source.row(id)).toMatchObject({ sequence: before.sequence, version: before.version })
    expect(source.provider.requests.length).toBe(asked)
    await target.clock.advance(68 * MINUTE_MS)
    await target.fetch(id)
    expect(target.provider.requests.length).toBe(1)
  })

  it('only looks when it is asked to', async () => {
    await source.create('HTTP', BEARER)
    await lookAtMove(move())
    expect(lines[0]).toMatch(/^the folder data → the stage prod: .*1 connections/)
    expect([await findMark(source.ports.items), await findMark(target.ports.items)]).toEqual([
      undefined,
      undefined,
    ])
  })

  it.each([
    ['another move', 'the folder other'],
    ['this move', 'the folder data'],
  ])('tells of a target with the mark of %s what comes of it', async (_, other) => {
    const filled = await beginFilling(target.ports.items, other, 1000)
    await sayGivenUp(target.ports.items, filled!, 2000)
    await lookAtMove(move())
    const told = { refused: /^refused: the stage prod carries the mark/, givenUp: /^The move was given up/ }
    const found = Object.entries(told).filter(([, words]) => lines.some((line) => words.test(line)))
    expect(found.map(([which]) => which)).toEqual([other === 'the folder data' ? 'givenUp' : 'refused'])
  })

  it('brings what has changed since it was copied', async () => {
    const [kept, gone] = [await source.create('HTTP', BEARER), await source.create('HTTP', BEARER)]
    await copyVault(move())
    await updateConnection(source.ports, {
      tenant: 'acme',
      id: kept.id,
      setup: { ...BEARER, token: 'another-token-5678' },
    })
    await source.ports.items.transact([
      { op: 'delete', key: { partition: 'TENANT#acme#CONNECTIONS', sort: gone.id } },
    ])
    await switchOver(move())
    expect((await target.fetch(kept.id)).fields).toMatchObject({ token: 'another-token-5678' })
    await expect(target.row(gone.id)).rejects.toThrow('not found')
  })

  /** What a target has beside the vault's own marks. */
  const heldByTarget = async () => {
    const [{ items }, secrets] = await Promise.all([
      target.ports.items.scan({ limit: 1000 }),
      target.ports.secrets.list({ limit: 1000 }),
    ])
    return [...items.filter(({ key }) => key.partition !== 'VAULT'), ...secrets.items]
  }

  it('can be given up before the switch, and not after it', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await copyVault(move())
    expect(await heldByTarget()).not.toEqual([])
    await giveUp(move())
    expect(await heldByTarget()).toEqual([])
    expect(await findMark(source.ports.items)).toBeUndefined()
    expect(await findMark(target.ports.items)).toBeDefined()
    await source.clock.advance(58 * MINUTE_MS)
    await source.sweep()
    expect(await source.row(id)).toMatchObject({ status: 'ready', credentialVersion: 3 })
    await switchOver(move())
    await expect(giveUp(move())).rejects.toThrow('no way back')
  })

  /** A switch that the target's store ends once the source is gone, as often as it is tried. */
  const halfSwitched = async () => {
    await copyVault(move())
    const there = interrupted(target.ports.items, 'scan', async () => undefined)
    const cut: ItemStore = {
      ...there,
      transact: async (writes) => {
        if ((await findMark(source.ports.items))?.move?.goneAtMs !== undefined) throw new Error('away')
        await there.transact(writes)
      },
    }
    await expect(switchOver(move({ there: cut }))).rejects.toThrow('away')
  }

  it('can be given up between the end of its source and the service of its target', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await halfSwitched()
    await source.clock.advance(58 * MINUTE_MS)
    await source.sweep()
    expect(await source.row(id)).toMatchObject({ credentialVersion: 2 })
    await giveUp(move())
    expect(await heldByTarget()).toEqual([])
    expect(await findMark(source.ports.items)).toBeUndefined()
    await source.clock.advance(MINUTE_MS)
    await source.sweep()
    expect(await source.row(id)).toMatchObject({ status: 'ready', credentialVersion: 3 })
    await expect(giveUp(move())).resolves.toBeUndefined()
    await switchOver(move())
    expect((await target.fetch(id)).request).toEqual((await source.fetch(id)).request)
  })

  it('leaves a target alone that was made anew since, when it is given up', async () => {
    await authorized('OAUTH2', CODE_SETUP)
    await copyVault(move())
    const another = await startGrantsUnderTest({ deployment: 'stage2' })
    const { id } = await another.create('HTTP', BEARER)
    const { target: there, ...rest } = move()
    await giveUp({ ...rest, target: { ...there, ...another.ports, name: there.name } })
    expect((await another.fetch(id)).fields).toMatchObject({ token: BEARER.token })
    expect(await findMark(source.ports.items)).toBeUndefined()
    await another.close()
  })

  it('is given up after a kill at any write, and never leaves two that renew', async () => {
    await authorized('OAUTH2', CODE_SETUP)
    await halfSwitched()
    let stops = 0
    for (;;) {
      const left = { writes: stops }
      const [here, there] = [source, target].map(({ ports }) => killedAt(ports.items, left))
      try {
        await giveUp(move({ here: here!, there: there! }))
        break
      } catch (error) {
        expect(error).toMatchObject({ message: 'killed' })
        stops++
      }
      // Whichever way the operator turns now, the target is in no service.
      const ofTarget = (await findMark(target.ports.items))?.move
      expect(ofTarget?.side).toBe('target')
      if ((await findMark(source.ports.items)) === undefined) expect(ofTarget?.givenUpAtMs).toBeDefined()
      else if (stops > 1) await expect(switchOver(move())).rejects.toThrow('is being given up')
    }
    expect(stops).toBeGreaterThan(2)
    expect(await findMark(source.ports.items)).toBeUndefined()
    expect(await heldByTarget()).toEqual([])
  })

  it('takes nothing from a move that is begun again while one before is given up', async () => {
    const { id } = await source.create('HTTP', BEARER)
    await copyVault(move())
    const there = interrupted(target.ports.items, 'scan', () => copyVault(move()))
    await expect(giveUp(move({ there }))).rejects.toThrow('Another run goes on with the stage prod')
    await switchOver(move())
    expect((await target.fetch(id)).fields).toMatchObject({ token: BEARER.token })
  })

  it('puts nothing into service that is given up while it is switched', async () => {
    await authorized('OAUTH2', CODE_SETUP)
    await halfSwitched()
    // The run that is overtaken stands where it looks at the source for the last time.
    const here = interrupted(source.ports.items, 'scan', () => giveUp(move()))
    await expect(switchOver(move({ here }))).rejects.toThrow(
      /Another run (?:fills|goes on with) the stage prod/,
    )
    expect(await findMark(source.ports.items)).toBeUndefined()
    expect((await findMark(target.ports.items))?.move?.givenUpAtMs).toBeDefined()
  })

  it('has what narrows at the target before what it narrows, which is served as soon as it is there', async () => {
    const { id } = await source.create('HTTP', BEARER)
    const freeze = { tenant: 'acme', connectionId: id, reason: 'leak', revoke: false }
    await createFreeze(source.ports, freeze)
    await source.reconcile()
    const order: string[] = []
    const there: ItemStore = target.ports.items
    const noted: ItemStore = {
      get: (key, options) => there.get(key, options),
      query: (query) => there.query(query),
      queryDue: (query) => there.queryDue(query),
      scan: (query) => there.scan(query),
      transact: (writes) => {
        order.push(...writes.map(({ key }) => key.partition))
        return there.transact(writes)
      },
    }
    await copyVault(move({ there: noted }))
    const [freezes, connections] = ['FREEZES', 'CONNECTIONS'].map((kind) =>
      order.indexOf(`TENANT#acme#${kind}`),
    )
    expect(freezes).toBeGreaterThanOrEqual(0)
    expect(freezes).toBeLessThan(connections!)
    await expect(target.fetch(id)).rejects.toMatchObject({ code: 'connection-frozen' })
  })

  it('refuses a target that somebody used before all of it knew of the move, and keeps what they made', async () => {
    await source.create('HTTP', BEARER)
    let made: string | undefined
    whileWaiting = async () => {
      made = (await target.create('HTTP', BEARER)).id
    }
    await expect(copyVault(move())).rejects.toThrow('the stage prod holds data of its own')
    expect((await target.fetch(made!)).fields).toMatchObject({ token: BEARER.token })
    expect([await findMark(source.ports.items), await findMark(target.ports.items)]).toEqual([
      undefined,
      undefined,
    ])
  })

  it('refuses it also when the run that waited was killed, and keeps what they made meanwhile', async () => {
    await source.create('HTTP', BEARER)
    let made: string | undefined
    whileWaiting = async () => {
      made = (await target.create('HTTP', BEARER)).id
      throw new Error('killed')
    }
    await expect(copyVault(move())).rejects.toThrow('killed')
    whileWaiting = async () => undefined
    await expect(copyVault(move())).rejects.toThrow('the stage prod holds data of its own')
    expect((await target.fetch(made!)).fields).toMatchObject({ token: BEARER.token })
    expect(await findMark(target.ports.items)).toBeUndefined()
  })

  it('has a source that is gone exchange no code, also of an authorization that was begun before', async () => {
    const { id } = await source.create('OAUTH2', CODE_SETUP)
    const began = await source.authorize(id)
    await switchOver(move())
    const [before, asked] = [await source.row(id), source.provider.requests.length]
    await source.clock.advance(MINUTE_MS / 6)
    expect(await source.finish(began.searchParams.get('state'))).toMatchObject({
      kind: 'ended',
      end: { outcome: 'failed', code: 'vault_moved', words: expect.stringContaining('the stage prod') },
    })
    expect(source.provider.requests.length).toBe(asked)
    expect(await source.row(id)).toEqual(before)
  })

  it('brings what the source renewed between its comparison and its end, with the event', async () => {
    const { id } = await source.create('OAUTH2', MACHINE_SETUP)
    await source.fetch(id)
    await copyVault(move())
    const real: ItemStore = source.ports.items
    const here: ItemStore = {
      get: (key, options) => real.get(key, options),
      query: (query) => real.query(query),
      queryDue: (query) => real.queryDue(query),
      scan: (query) => real.scan(query),
      // All that is written to the source is that it is gone.
      transact: async (writes) => {
        await source.clock.advance(56 * MINUTE_MS)
        await source.sweep()
        return real.transact(writes)
      },
    }
    await switchOver(move({ here }))
    const [row, there] = [await source.row(id), await target.row(id)]
    expect([there.sequence, there.credentialVersion]).toEqual([row.sequence, row.credentialVersion])
    await target.clock.advance(112 * MINUTE_MS)
    expect(await target.fetch(id)).toEqual(await source.fetch(id))
    await target.clock.advance(56 * MINUTE_MS)
    await target.sweep()
    expect(await target.row(id)).toMatchObject({ sequence: row.sequence + 1 })
  })

  it('does not switch what another operator gives up meanwhile', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await copyVault(move())
    const there = interrupted(target.ports.items, 'scan', () => giveUp(move()))
    await expect(switchOver(move({ there }))).rejects.toThrow(
      /given up by somebody else meanwhile|gives the move up/,
    )
    expect(await findMark(source.ports.items)).toBeUndefined()
    expect(await findMark(target.ports.items)).toBeDefined()
    await source.clock.advance(58 * MINUTE_MS)
    await source.sweep()
    expect(await source.row(id)).toMatchObject({ status: 'ready', credentialVersion: 3 })
  })

  it('writes nothing more once another run has put the target into service', async () => {
    await source.create('HTTP', BEARER)
    await copyVault(move())
    let made: string | undefined
    // The run that is overtaken stands where it looks for what the source has no more.
    const there = interrupted(target.ports.items, 'scan', async () => {
      await switchOver(move())
      made = (await target.create('HTTP', BEARER)).id
    })
    await expect(copyVault(move({ there }))).rejects.toThrow('Another run fills the stage prod by now')
    expect((await target.fetch(made!)).fields).toMatchObject({ token: BEARER.token })
    expect(await findMark(target.ports.items)).toBeUndefined()
  })

  it('goes on after a kill at any write, and never leaves two that renew', async () => {
    const ids = [await authorized('OAUTH2', CODE_SETUP), (await source.create('HTTP', BEARER)).id]
    let stops = 0
    for (;;) {
      const left = { writes: stops }
      const here = killedAt(source.ports.items, left)
      try {
        await switchOver(move({ here, there: killedAt(target.ports.items, left) }))
        break
      } catch (error) {
        expect(error).toMatchObject({ message: 'killed' })
        stops++
      }
      const [ofSource, ofTarget] = [await findMark(source.ports.items), await findMark(target.ports.items)]
      const isTargetFilled = (await target.ports.items.scan({ limit: 10 })).items.length > 1
      if (isTargetFilled) expect(ofSource).toBeDefined()
      if (isTargetFilled && ofTarget === undefined) expect(ofSource?.move?.goneAtMs).toBeDefined()
    }
    expect(stops).toBeGreaterThan(3)
    expect((await findMark(source.ports.items))?.move?.goneAtMs).toBeDefined()
    expect(await findMark(target.ports.items)).toBeUndefined()
    for (const id of ids) expect(await target.fetch(id)).toEqual(await source.fetch(id))
  })

  it.each([
    ['a target in use', () => target.create('HTTP', BEARER), 'the stage prod holds data of its own'],
    ['a restored source', () => markRestored(source.ports, 1), 'mark of a restored vault'],
    [
      'a restored target',
      () => markRestored(target.ports, 1),
      'the mark of another move, or of a restored table',
    ],
  ])('refuses %s and changes nothing', async (_, before, words) => {
    await source.create('HTTP', BEARER)
    await before()
    const marks = () => Promise.all([source, target].map(({ ports }) => findMark(ports.items)))
    const found = await marks()
    await expect(copyVault(move())).rejects.toThrow(words)
    expect(await marks()).toEqual(found)
  })

  it('refuses another target, and a second move of what is gone', async () => {
    await source.create('HTTP', BEARER)
    await copyVault(move())
    const other = { ...move(), target: { ...move().target, name: 'the stage test' } }
    for (const act of [copyVault, switchOver, giveUp])
      await expect(act(other)).rejects.toThrow('part of a move with the stage prod')
    await switchOver(move())
    await expect(copyVault(move())).rejects.toThrow('was switched to the stage prod already')
    // Said twice it is done once.
    await switchOver(move())
  })
})
