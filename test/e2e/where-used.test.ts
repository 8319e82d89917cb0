import { createFlowVault } from '../../shared/flow-client/client.ts'
import { type Caller, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { fetchToken } from '../support/vault-token.ts'

const BASE = '/api/v2/flows/vault/connections'
const ACME: Caller = { tenant: 'acme' }

let vault: RunningVault
let id: string

beforeAll(async () => {
  vault = await startRunningVault()
})

afterAll(async () => {
  await vault.stop()
})

beforeEach(async () => {
  const setup = { type: 'BEARER', token: 'a-token-0123456789' }
  id = (await ask('POST', '', { name: 'one', app_id: 'HTTP', setup })).body.id
})

async function ask(method: string, path: string, body?: unknown) {
  const response = await vault.request(ACME, method, `${BASE}${path}`, body)
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

describe('the flows of a connection', () => {
  test('are listed, replaced and taken out', async () => {
    await ask('PUT', `/${id}/flows/f-2`, { name: 'two' })
    await ask('PUT', `/${id}/flows/f-1`, { name: 'one', action: 'sms_1' })
    const put = await ask('PUT', `/${id}/flows/f-2`, { name: 'second', action: null })
    expect([put.status, put.body.name]).toEqual([200, 'second'])
    expect((await ask('GET', `/${id}/flows`)).body).toMatchObject([
      { id: 'f-1', name: 'one', action: 'sms_1' },
      { id: 'f-2', name: 'second', action: null },
    ])
    expect((await ask('DELETE', `/${id}/flows/f-1`)).status).toBe(204)
    expect((await ask('DELETE', `/${id}/flows/f-1`)).status).toBe(404)
    expect((await ask('GET', `/${id}/flows`)).body).toHaveLength(1)
  })

  test('say where they are opened', async () => {
    const url = 'https://editor.example.test/flows/f-1?step=2#sms'
    expect((await ask('PUT', `/${id}/flows/f-1`, { name: 'n', url })).body).toMatchObject({ url })
    const local = 'http://127.0.0.1:8790/#f-2'
    await ask('PUT', `/${id}/flows/f-2`, { name: 'n', url: local })
    expect((await ask('GET', `/${id}/flows`)).body).toMatchObject([{ url }, { url: local }])
    expect((await ask('PUT', `/${id}/flows/f-1`, { name: 'n', url: null })).body).toMatchObject({ url: null })
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'http://editor.example.test/',
    'https://ada:secret@editor.example.test/',
    'https://@editor.example.test/',
    'https://:@editor.example.test/',
    'https://editor.example.test/a b',
    'https:\\\\editor.example.test',
    'https:editor.example.test',
    'java\tscript:alert(1)',
    '//editor.example.test/',
    `https://editor.example.test/${'x'.repeat(2049)}`,
    '',
    7,
  ])('are opened at no address like %j', async (url) => {
    const { status, body } = await ask('PUT', `/${id}/flows/f-1`, { name: 'n', url })
    expect([status, body.errors[0].path]).toEqual([400, 'url'])
    expect((await ask('GET', `/${id}/flows`)).body).toEqual([])
  })

  test('stop a delete that asks for that, and no other', async () => {
    await ask('PUT', `/${id}/flows/f-1`, { name: 'Send SMS' })
    const refused = await ask('DELETE', `/${id}?unless_used=true`)
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ errorCode: 'connection_used' })
    expect(refused.body.message).toContain('Send SMS (f-1)')
    expect((await ask('GET', `/${id}`)).status).toBe(200)
    expect((await ask('DELETE', `/${id}`)).status).toBe(204)
  })

  test('let a delete go that asks for that when there are none', async () => {
    expect((await ask('DELETE', `/${id}?unless_used=true`)).status).toBe(204)
  })

  test.each(['a%20b', 'a%2Fb', 'ü', 'x'.repeat(101)])('have no id like %s', async (flow) => {
    const { status } = await ask('PUT', `/${id}/flows/${flow}`, { name: 'n' })
    expect([400, 404]).toContain(status)
    expect((await ask('GET', `/${id}/flows`)).body).toEqual([])
  })
})

describe('usage', () => {
  test('counts the fetches of each client once it is written down', async () => {
    const client = vault.client(ACME)
    const headers = { authorization: `Bearer ${await fetchToken(vault.url, client)}` }
    for (let times = 0; times < 3; times++) await fetch(`${vault.url}${BASE}/${id}/credentials`, { headers })
    expect((await ask('GET', `/${id}/usage`)).body).toEqual({ last_used_at: null, clients: [], flows: [] })
    await vault.server.vault.usage.flush()
    expect((await ask('GET', `/${id}/usage`)).body).toEqual({
      last_used_at: expect.any(String),
      clients: [{ client: client.clientId, count: 3, last_used_at: expect.any(String) }],
      flows: [],
    })
  })

  test('names the flows that name themselves, as they are named where it is used', async () => {
    const flowVaultOf = (flowId: string) =>
      createFlowVault({ url: vault.url, getToken: () => vault.token(ACME), flowId })
    await ask('PUT', `/${id}/flows/f-2`, { name: 'two' })
    for (const flow of ['f-1', 'f-2', 'f-2']) await flowVaultOf(flow).credentials(id)
    await fetchCredential('f-1')
    expect((await fetchCredential('no flow')).status).toBe(400)
    await vault.server.vault.usage.flush()
    const { clients, flows } = (await ask('GET', `/${id}/usage`)).body
    expect(clients).toMatchObject([{ count: 4 }])
    const counts = flows.map(({ flow, count }: { flow: string; count: number }) => [flow, count])
    expect(counts.sort()).toEqual([
      ['f-1', 2],
      ['f-2', 2],
    ])
  })

  test('counts flows above fifty a minute as their client’s own', async () => {
    for (let flow = 0; flow < 52; flow++) await fetchCredential(`f-${flow}`)
    await fetchCredential('f-7')
    await vault.server.vault.usage.flush()
    const { clients, flows } = (await ask('GET', `/${id}/usage`)).body
    expect([clients[0].count, flows.length]).toEqual([53, 50])
    const seventh = flows.find(({ flow }: { flow: string }) => flow === 'f-7')
    expect(seventh.count).toBe(2)
  })

  async function fetchCredential(flow: string) {
    const headers = { authorization: `Bearer ${await vault.token(ACME)}`, 'x-flow-id': flow }
    return fetch(`${vault.url}${BASE}/${id}/credentials`, { headers })
  }
})

describe('the actor of an event', () => {
  test('is the client who asked', async () => {
    const events = (await ask('GET', `/${id}/events`)).body
    const { clientId } = JSON.parse(
      Buffer.from((await vault.token(ACME)).split('.')[1]!, 'base64url').toString(),
    ) as { clientId?: string }
    expect(events[0].actor.id).toEqual(clientId ?? expect.any(String))
    await ask('PATCH', `/${id}`, { name: 'new' })
    expect((await ask('GET', `/${id}/events?after=1`)).body[0].actor).toEqual(events[0].actor)
  })
})
