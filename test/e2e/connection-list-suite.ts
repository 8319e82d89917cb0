import { type Management, ManagementError } from 'auth0'
import { type ApiTarget, call, newTenant, sdkConnections } from '../support/api-target.ts'

interface Listed {
  readonly id: string
  readonly name: string
  readonly app_id: string
  readonly created_at: string
}

interface PageWithTotals {
  readonly start: number
  readonly limit: number
  readonly total: number
  readonly connections: readonly Listed[]
}

const COUNT = 120
/** Created this many at a time: a deployed vault takes a while for each. */
const AT_A_TIME = 8
const BEARER = { type: 'BEARER', token: 'list-bearer-token-000' }
/** 120 creates at 0.3 s on an emulator, eight at a time, with room. */
const FILL_WITHIN_MS = 120_000

/** Pages, totals and filters over the 120 connections of one tenant, beside another tenant's three. */
export function connectionListSuite(open: () => ApiTarget): void {
  describe('a list of 120 connections', () => {
    let token: string
    let otherToken: string
    let all: readonly Listed[]

    beforeAll(async () => {
      const target = open()
      token = await target.token(newTenant())
      otherToken = await target.token(newTenant())
      await fill(target, otherToken, 3)
      // Ids are in creation order, which for connections of the same instant only the id tells.
      all = (await fill(target, token, COUNT)).sort((a, b) => (a.id < b.id ? -1 : 1))
    }, FILL_WITHIN_MS)

    const list = async (query: string, as = token): Promise<{ status: number; body: unknown }> =>
      call(open(), as, { method: 'GET', path: `/connections${query}` })
    const ids = (body: unknown): string[] => (body as Listed[]).map((item) => item.id)
    const idsOf = (chosen: readonly Listed[]): string[] => chosen.map((item) => item.id)

    test.each([undefined, 1, 7, 50, 60, 100])(
      'is walked to its end by the official pager, %s a page',
      async (perPage) => {
        const connections = sdkConnections(open(), token)
        const seen: Management.FlowsVaultConnectionSummary[] = []
        for await (const item of await connections.list(perPage === undefined ? {} : { per_page: perPage }))
          seen.push(item)
        expect(idsOf(seen)).toEqual(idsOf(all))
      },
    )

    test('is in the order of creation', async () => {
      const created = all.map((item) => item.created_at)
      expect(created).toEqual(created.toSorted())
      expect(ids((await list('?per_page=100')).body)).toEqual(idsOf(all.slice(0, 100)))
    })

    test('is a bare array unless totals are asked for, 50 a page unless told', async () => {
      for (const query of ['', '?include_totals=false', '?page=0', '?per_page=50']) {
        const { status, body } = await list(query)
        expect(status).toBe(200)
        expect(ids(body)).toEqual(idsOf(all.slice(0, 50)))
      }
    })

    test('has start, limit and total beside its page when totals are asked for', async () => {
      const { body } = await list('?include_totals=true&page=2&per_page=50')
      const { connections, ...totals } = body as PageWithTotals
      expect(totals).toEqual({ start: 100, limit: 50, total: 120 })
      expect(idsOf(connections)).toEqual(idsOf(all.slice(100)))
      // Terraform's client sends no page at all.
      const first = (await list('?include_totals=true&per_page=50')).body as PageWithTotals
      expect(first).toMatchObject({ start: 0, limit: 50, total: 120 })
      expect(idsOf(first.connections)).toEqual(idsOf(all.slice(0, 50)))
    })

    test('ends with an empty page, and has one for every page after', async () => {
      for (const page of [3, 4, 1000]) {
        expect((await list(`?page=${page}&per_page=40`)).body).toEqual([])
        const withTotals = (await list(`?page=${page}&per_page=40&include_totals=true`)).body
        expect(withTotals).toEqual({ start: page * 40, limit: 40, total: 120, connections: [] })
      }
      expect(ids((await list('?page=2&per_page=40')).body)).toEqual(idsOf(all.slice(80)))
    })

    test('holds nothing of another tenant', async () => {
      const { body } = await list('?include_totals=true', otherToken)
      expect(body).toMatchObject({ total: 3 })
      expect((body as PageWithTotals).connections.filter(({ id }) => idsOf(all).includes(id))).toEqual([])
    })

    test.each([
      'page=-1',
      'page=1001',
      'page=1.5',
      'page=x',
      'page=',
      'per_page=0',
      'per_page=101',
      'per_page=1e1',
      'include_totals=1',
      'include_totals=TRUE',
      'view=all',
      'app_id=NOPE',
      'app_id=http',
      'status=broken',
      'q=',
      `q=${'x'.repeat(151)}`,
      'sort=color',
      'sort=',
      'per_page=1&per_page=2',
    ])('is refused with invalid_query_string for ?%s', async (query) => {
      const { status, body } = await list(`?${query}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({ statusCode: 400, error: 'Bad Request', errorCode: 'invalid_query_string' })
      expect((body as { message: string }).message).toMatch(
        /^Query validation error: '.+' on property [a-z_]+/,
      )
    })

    test('is filtered by app, status and text, alone and together, with the total of what fits', async () => {
      const slack = all.filter((item) => item.app_id === 'SLACK')
      const ready = all.filter((item) => item.app_id === 'HTTP')
      expect(ids((await list('?app_id=SLACK&per_page=100')).body)).toEqual(idsOf(slack))
      expect(ids((await list('?status=ready&per_page=100')).body)).toEqual(idsOf(ready))
      expect(ids((await list('?status=empty&per_page=100')).body)).toEqual(idsOf(slack))
      expect((await list('?status=pending')).body).toEqual([])
      const third = (await list('?app_id=HTTP&status=ready&page=2&per_page=25&include_totals=true')).body
      expect(third).toMatchObject({ start: 50, limit: 25, total: 80 })
      expect(idsOf((third as PageWithTotals).connections)).toEqual(idsOf(ready.slice(50, 75)))
      expect((await list('?app_id=SLACK&status=ready&include_totals=true')).body).toEqual({
        start: 0,
        limit: 50,
        total: 0,
        connections: [],
      })
      expect((await list('?app_id=HTTP&page=4&per_page=25')).body).toEqual([])
    })

    test('is searched in names and account names, whatever the case, and by a whole id', async () => {
      const named = all.filter((item) => item.name.includes('-07'))
      expect(named).toHaveLength(10)
      expect(ids((await list('?q=CONNECTION-07')).body)).toEqual(idsOf(named))
      expect((await list('?q=bearer%20lis&include_totals=true&per_page=1')).body).toMatchObject({ total: 80 })
      expect(ids((await list(`?q=${all[17]!.id}`)).body)).toEqual([all[17]!.id])
      expect((await list(`?q=${all[17]!.id.slice(0, -1)}`)).body).toEqual([])
      expect((await list(`?q=${all[17]!.id}`, otherToken)).body).toEqual([])
      expect((await list('?q=nobody-is-called-so')).body).toEqual([])
    })

    test('shows our own fields only when asked for', async () => {
      const [basic] = (await list('?per_page=1&status=ready')).body as [Record<string, unknown>]
      const [full] = (await list('?per_page=1&status=ready&view=full')).body as [Record<string, unknown>]
      expect(full).toMatchObject({ ...basic, version: 1, credential_version: 1, status: 'ready' })
      expect(Object.keys(basic)).not.toContain('status')
    })

    test('refuses through the official client as its BadRequestError', async () => {
      const refused = sdkConnections(open(), token).list({ per_page: 101 })
      await expect(refused).rejects.toThrow(ManagementError)
      await expect(refused).rejects.toMatchObject({ name: 'BadRequestError', statusCode: 400 })
    })
  })
}

/** Two of three are HTTP connections with a setup, the third an empty one of SLACK. */
async function fill(target: ApiTarget, token: string, count: number): Promise<Listed[]> {
  const created: Listed[] = []
  const create = async (index: number): Promise<void> => {
    const name = `Connection-${String(index).padStart(3, '0')}`
    const body = index % 3 === 2 ? { name, app_id: 'SLACK' } : { name, app_id: 'HTTP', setup: BEARER }
    const answer = await call(target, token, { method: 'POST', path: '/connections', body })
    expect(answer.status).toBe(201)
    created.push(answer.body as Listed)
  }
  for (let next = 0; next < count; next += AT_A_TIME) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - next) }, (_, offset) =>
      create(next + offset),
    )
    await Promise.all(some)
  }
  return created
}
