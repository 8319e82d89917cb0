import { defineRoute, type Route } from '../../functions/route.ts'
import { transportSecurity } from '../../functions/transport-security.ts'
import { httpFunction } from '../support/http-function.ts'

describe('transportSecurity', () => {
  it.each([
    ['https://vault.example.com', true],
    ['https://vault.example.com/base', true],
    ['https://abc.execute-api.eu-central-1.amazonaws.com', true],
    ['http://127.0.0.1:8787', false],
    ['https://localhost:8788', false],
    ['https://vault.localhost', false],
    [undefined, false],
  ])('of a vault at %s: %s', (publicUrl, binds) => {
    expect(transportSecurity(publicUrl)).toEqual(
      binds ? { 'strict-transport-security': 'max-age=31536000' } : {},
    )
  })

  it('is on every answer of a function, errors too', async () => {
    const route = defineRoute({
      name: 'get-thing',
      method: 'GET',
      path: '/things',
      function: 'api',
      tag: 't',
      summary: 's',
      responses: {},
      handle: async () => ({ status: 204 }),
    }) as Route<never>
    const commonHeaders = transportSecurity('https://vault.example.com')
    const target = httpFunction([route], 1_000, { commonHeaders })
    for (const at of ['GET /things', '$default']) {
      expect((await target.call({ route: at })).headers).toMatchObject(commonHeaders)
    }
  })
})
