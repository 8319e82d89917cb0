import { connectionKey, oauthAppKey } from '../../shared/domain/keys.ts'
import type { Attributes, Item } from '../../shared/ports/item-store.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'

/*
 * A hand in the database, or a bug of ours, has moved things from one tenant's rows to another's. Whatever was
 * moved: nobody is ever served what is not theirs.
 */

const BASE = '/api/v2/flows/vault'
const A: Caller = { tenant: 'alpha' }
const B: Caller = { tenant: 'bravo' }
const INTERNAL_ERROR = {
  statusCode: 500,
  error: 'Internal Server Error',
  message: 'An internal error occurred; the request id names it in the log.',
}

let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault()
})

afterAll(async () => {
  await vault.stop()
})

interface Owned {
  readonly caller: Caller
  readonly id: string
  readonly secret: string
  readonly row: Item
  /** The sealed version its row points at. */
  readonly version: Item
}

async function create(caller: Caller, secret: string): Promise<Owned> {
  const setup = { type: 'BEARER', token: secret }
  const body = { name: 'bearer', app_id: 'HTTP', setup }
  const created = await vault.request(caller, 'POST', `${BASE}/connections`, body)
  const { id } = (await created.json()) as { id: string }
  const row = await read(connectionKey(caller.tenant, id))
  const { secretId, versionId } = row.attributes['secret'] as { secretId: string; versionId: string }
  const version = await read({ partition: `SECRET#${secretId}`, sort: `v#${versionId}` })
  return { caller, id, secret, row, version }
}

async function read(key: Item['key']): Promise<Item> {
  const attributes = await vault.server.vault.items.get(key)
  if (attributes === undefined) throw new Error(`no item ${key.partition} ${key.sort}`)
  return { key, attributes }
}

async function write(item: Item, changes: Attributes = {}): Promise<void> {
  const attributes = { ...item.attributes, ...changes }
  await vault.server.vault.items.transact([{ op: 'put', key: item.key, attributes }])
}

async function fetchCredential(owned: Owned) {
  const answer = await vault.request(owned.caller, 'GET', `${BASE}/connections/${owned.id}/credentials`)
  return { status: answer.status, requestId: answer.headers.get('x-request-id')!, text: await answer.text() }
}

function sealed(item: Item, ...names: string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, item.attributes[name]]))
}

describe('a credential', () => {
  test.each<[string, (mine: Owned, theirs: Owned) => Promise<void>]>([
    ['the whole sealed version', (mine, theirs) => write(mine.version, theirs.version.attributes)],
    [
      'the ciphertext and its nonce',
      (mine, theirs) => write(mine.version, sealed(theirs.version, 'ciphertext', 'iv')),
    ],
    [
      'the wrapped data key',
      (mine, theirs) => write(mine.version, sealed(theirs.version, 'keyId', 'wrapped')),
    ],
    ['the row’s pointer', (mine, theirs) => write(mine.row, sealed(theirs.row, 'secret'))],
    ['the whole row', (mine, theirs) => write(mine.row, theirs.row.attributes)],
  ])('does not open after %s came from another tenant', async (_what, swap) => {
    const mine = await create(A, 'alpha-canary-0123456789')
    const theirs = await create(B, 'bravo-canary-0123456789')
    await swap(mine, theirs)
    const refused = await fetchCredential(mine)
    expect(refused.status).toBe(500)
    expect(JSON.parse(refused.text)).toEqual(INTERNAL_ERROR)
    const line = vault.log().find((text) => text.includes(refused.requestId) && text.includes('"ERROR"'))
    expect(JSON.parse(line!)).toMatchObject({ message: 'a request failed unexpectedly' })
    expect(vault.log().join('\n')).not.toMatch(/-canary-/)
    // Put back, it opens: the swap was why it did not.
    await write(mine.row)
    await write(mine.version)
    expect((await fetchCredential(mine)).text).toContain(mine.secret)
    expect((await fetchCredential(theirs)).text).toContain(theirs.secret)
  })

  test.each<[string, (mine: Owned, theirs: Owned) => Promise<void>]>([
    ['the sealed version', (mine, theirs) => write(mine.version, theirs.version.attributes)],
    ['the row’s pointer', (mine, theirs) => write(mine.row, sealed(theirs.row, 'secret'))],
  ])('does not open after %s came from another connection of the tenant', async (_what, swap) => {
    const mine = await create(A, 'first-canary-0123456789')
    const theirs = await create(A, 'second-canary-0123456789')
    // The other one is in memory, so that only the check of the place can refuse it.
    expect((await fetchCredential(theirs)).text).toContain(theirs.secret)
    await swap(mine, theirs)
    const refused = await fetchCredential(mine)
    expect(refused.status).toBe(500)
    expect(JSON.parse(refused.text)).toEqual(INTERNAL_ERROR)
  })

  test('does not open after one byte of it changed', async () => {
    const mine = await create(A, 'alpha-canary-0123456789')
    const ciphertext = String(mine.version.attributes['ciphertext'])
    const flipped = (ciphertext.startsWith('A') ? 'B' : 'A') + ciphertext.slice(1)
    await write(mine.version, { ciphertext: flipped })
    expect((await fetchCredential(mine)).status).toBe(500)
  })
})

describe('a client secret of an OAuth application', () => {
  test('is not sent with an authorization after its pointer came from another tenant', async () => {
    const made = []
    for (const caller of [A, B]) {
      const answer = await vault.request(caller, 'POST', `${BASE}/oauth-apps`, {
        app_id: 'SLACK',
        name: 'slack',
        client_id: `client-of-${caller.tenant}`,
        client_secret: `${caller.tenant}-canary-0123456789`,
      })
      const { id } = (await answer.json()) as { id: string }
      made.push(await read(oauthAppKey(caller.tenant, id)))
    }
    await write(made[0]!, sealed(made[1]!, 'secret'))
    const connection = await vault.request(A, 'POST', `${BASE}/connections`, { name: 's', app_id: 'SLACK' })
    const { id } = (await connection.json()) as { id: string }
    const answer = await vault.request(A, 'POST', `${BASE}/connections/${id}/authorize`, {})
    expect(answer.status).toBe(500)
    expect(await answer.json()).toEqual(INTERNAL_ERROR)
  })
})

describe('an OAuth application', () => {
  test.each([
    ['of another app', async () => application('HUBSPOT')],
    ['that is the record of the default', async () => `default#${await appWithDefault('SLACK')}`],
    ['that has no id', async () => ''],
  ])('%s is none of this app’s: its client secret stays where it is', async (_which, find) => {
    const connection = await vault.request(B, 'POST', `${BASE}/connections`, { name: 's', app_id: 'SLACK' })
    const { id } = (await connection.json()) as { id: string }
    const oauth_app_id = await find()
    const answer = await vault.request(B, 'POST', `${BASE}/connections/${id}/authorize`, { oauth_app_id })
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ errorCode: 'no_oauth_application' })
  })
})

async function appWithDefault(appId: string): Promise<string> {
  await application(appId)
  return appId
}

async function application(appId: string): Promise<string> {
  const client = { client_id: 'client', client_secret: 'client-canary-0123456789' }
  const body = { app_id: appId, name: appId, ...client }
  const answer = await vault.request(B, 'POST', `${BASE}/oauth-apps`, body)
  return ((await answer.json()) as { id: string }).id
}
