import { gzipSync } from 'node:zlib'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const BODY = JSON.stringify({ name: 'Orders', app_id: 'HTTP' })

describe('a body that is dressed unusually', () => {
  let vault: RunningVault
  beforeAll(async () => {
    vault = await startRunningVault()
  })
  afterAll(() => vault.stop())

  async function send(body: string | Buffer, headers: Record<string, string>) {
    const authorization = `Bearer ${await vault.token({ tenant: 'acme' })}`
    const init = {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers: { authorization, ...headers },
    }
    const answer = await fetch(`${vault.url}${CONNECTIONS}`, init)
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as { message: string },
    }
  }

  it.each([
    'application/json;',
    'Application/JSON ; charset=utf8',
    'application/json; charset="UTF-8";',
    'application/json; odata=verbose',
    'application/json; v=2',
  ])('is taken as %s', async (type) => {
    expect((await send(BODY, { 'content-type': type })).status).toBe(201)
  })

  it.each([
    'application/json; charset=utf-16',
    'application/jsonp',
    'text/json',
    'application/x; application/json',
  ])('is refused as %s', async (type) => {
    expect((await send(BODY, { 'content-type': type })).status).toBe(415)
  })

  it('is taken with a byte order mark before it', async () => {
    expect((await send(`\uFEFF${BODY}`, { 'content-type': 'application/json' })).status).toBe(201)
  })

  it.each([
    ['gzip', gzipSync(BODY)],
    ['gzip', BODY],
    ['br', BODY],
  ])('is refused in %s, with what is taken', async (coding, body) => {
    const answer = await send(body, { 'content-type': 'application/json', 'content-encoding': coding })
    expect(answer.status).toBe(415)
    expect(answer.headers.get('accept-encoding')).toBe('identity')
    expect(answer.body.message).toContain('Content-Encoding')
  })

  it('is taken with the coding that is none', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'identity' }
    expect((await send(BODY, headers)).status).toBe(201)
  })
})

describe('ten updates of one connection at once', () => {
  let vault: RunningVault
  beforeAll(async () => {
    vault = await startRunningVault()
  })
  afterAll(() => vault.stop())

  it('all come through, one after the other', async () => {
    const caller = { tenant: 'acme' }
    const created = await vault.request(caller, 'POST', CONNECTIONS, { name: 'Orders', app_id: 'HTTP' })
    const { id } = (await created.json()) as { id: string }
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, {
          name: `Orders ${n}`,
          setup: { type: 'BEARER', token: `token-number-${n}` },
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    const view = (await (
      await vault.request(caller, 'GET', `${CONNECTIONS}/${id}?view=full`)
    ).json()) as object
    expect(view).toMatchObject({ version: 11, credential_version: 10 })
  })
})
