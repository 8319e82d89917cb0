import { Api } from '../../../web/api/api.ts'
import type { Connection, Identity } from '../../../web/api/types.ts'
import { findSameAccount } from '../../../web/list/same-account.ts'
import { startLocalServer } from '../../support/local-server.ts'

type Account = NonNullable<Connection['account']>

describe('findSameAccount', () => {
  const asked: string[] = []
  let listed: readonly Partial<Connection>[] = []
  let server: Awaited<ReturnType<typeof startLocalServer>>

  beforeAll(async () => {
    server = await startLocalServer((request, answer) => {
      asked.push(request.url ?? '')
      answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(listed))
    })
  })
  afterAll(() => server.close())
  beforeEach(() => {
    asked.length = 0
  })

  async function same(account: Account | null, others: readonly Account[]): Promise<string | undefined> {
    listed = [{ id: 'ac_own', account }, ...others.map((each, at) => ({ id: `ac_${at}`, account: each }))]
    const api = new Api({ base: server.url, token: async () => 'token' })
    const context = { api, identity: {} as Identity, say: () => undefined }
    const found = await findSameAccount(context, { id: 'ac_own', app_id: 'SLACK', account } as Connection)
    return found?.id
  }

  test('finds the same person, and not the connection itself', async () => {
    const ada = { id: 'u1', email: 'ada@acme.example' }
    expect(await same(ada, [])).toBeUndefined()
    expect(await same(ada, [{ id: 'u2', email: 'bob@acme.example' }, ada])).toBe('ac_1')
    expect(asked.at(-1)).toContain('q=ada%40acme.example')
    expect(asked.at(-1)).toContain('app_id=SLACK')
  })

  test('takes the same person in another team for another account', async () => {
    const inTeam = (team?: string): Account => ({ id: 'u1', ...(team === undefined ? {} : { team }) })
    expect(await same(inTeam('sales'), [inTeam('support'), inTeam()])).toBeUndefined()
    expect(await same(inTeam('sales'), [inTeam('support'), inTeam('sales')])).toBe('ac_1')
  })

  test('asks nothing where nobody knows whose account it is', async () => {
    expect(await same(null, [])).toBeUndefined()
    expect(await same({ team: 'sales' }, [{ team: 'sales' }])).toBeUndefined()
    expect(asked).toEqual([])
  })
})
