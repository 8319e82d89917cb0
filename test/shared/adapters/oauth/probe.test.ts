import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { ProbeRequest } from '../../../../shared/ports/oauth-client.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'
import { oauthClientFor } from '../../../support/oauth-client-under-test.ts'

const CANARY = 'canary-45c48cce2e2d7fbdea1afc51c7c6ad26'

describe('OAuth4WebApiClient.probe', () => {
  let server: LocalServer
  let answer: { status: number; body: string; length?: number }
  let authorization: string | undefined

  beforeAll(async () => {
    server = await startLocalServer((request, response) => {
      authorization = request.headers.authorization
      const headers = answer.length === undefined ? {} : { 'content-length': answer.length }
      response.writeHead(answer.status, headers).write(answer.body || ' ', () => {
        if (answer.length === undefined) response.end()
        else response.destroy()
      })
    })
  })
  afterAll(() => server.close())

  function probe(overrides: Partial<ProbeRequest> = {}) {
    return oauthClientFor(server.host).probe({
      tenant: 'acme',
      method: 'GET',
      url: `${server.url}/bot${CANARY}/me?fixed=1`,
      headers: { Authorization: new SecretText(`Bearer ${CANARY}`) },
      query: { key: new SecretText(`${CANARY}&x`) },
      refusedStatuses: [401, 403],
      timeoutMs: 5_000,
      ...overrides,
    })
  }

  it('lays headers and query over the call', async () => {
    answer = { status: 200, body: '{}' }
    await expect(probe()).resolves.toEqual({ kind: 'accepted' })
    expect(authorization).toBe(`Bearer ${CANARY}`)
    expect(server.requests.at(-1)).toBe(`GET /bot${CANARY}/me?fixed=1&key=${CANARY}%26x`)
  })

  it.each([
    [200, 'accepted'],
    [204, 'accepted'],
    [400, 'accepted'],
    [404, 'accepted'],
    [401, 'refused'],
    [403, 'refused'],
    [302, 'unreachable'],
    [429, 'unreachable'],
    [500, 'unreachable'],
    [503, 'unreachable'],
  ])('takes HTTP %i for %s', async (status, kind) => {
    answer = { status, body: CANARY }
    const outcome = await probe()
    expect(outcome.kind).toBe(kind)
    expect(JSON.stringify(outcome)).not.toContain(CANARY)
  })

  it.each([
    ['{"ok":true}', 'accepted'],
    ['{"ok":false}', 'refused'],
    ['{"ok":"true"}', 'refused'],
    ['{}', 'refused'],
    ['<html>', 'unreachable'],
    ['[]', 'unreachable'],
  ])('reads the flag of %s as %s', async (body, kind) => {
    answer = { status: 200, body }
    expect((await probe({ okMember: 'ok' })).kind).toBe(kind)
  })

  it('needs the status line only, unless there is a flag to read', async () => {
    answer = { status: 200, body: 'x'.repeat(100_000) }
    expect((await probe()).kind).toBe('accepted')
    expect((await probe({ okMember: 'ok' })).kind).toBe('unreachable')
    answer = { status: 401, body: 'cut', length: 1_000 }
    expect((await probe()).kind).toBe('refused')
  })

  it.each(['https://127.0.0.1/', `not a url ${CANARY}`, `https://127.0.0.1/bot${CANARY}`])(
    'cannot reach %s',
    async (url) => {
      const outcome = await probe({ url })
      expect(outcome.kind).toBe('unreachable')
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    },
  )
})
