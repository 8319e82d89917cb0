import { allRoutes } from '../../../../functions/route-table.ts'
import { createRouteFinder } from '../../../../infra/embedded/http/match-path.ts'

const find = createRouteFinder([
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/things' },
  { method: 'POST', path: '/things' },
  { method: 'GET', path: '/things/{id}' },
  { method: 'GET', path: '/things/special' },
  { method: 'GET', path: '/things/{id}/parts' },
  { method: 'GET', path: '/things/{id}/parts/{part}' },
])

describe('createRouteFinder', () => {
  test.each([
    ['GET', '/', { routeKey: 'GET /' }],
    ['GET', '/things', { routeKey: 'GET /things' }],
    ['POST', '/things', { routeKey: 'POST /things' }],
    ['GET', '/things/7', { routeKey: 'GET /things/{id}', pathParameters: { id: '7' } }],
    ['GET', '/things/special', { routeKey: 'GET /things/special' }],
    ['GET', '/things/7/parts', { routeKey: 'GET /things/{id}/parts', pathParameters: { id: '7' } }],
    [
      'GET',
      '/things/7/parts/8',
      { routeKey: 'GET /things/{id}/parts/{part}', pathParameters: { id: '7', part: '8' } },
    ],
    ['GET', '/things/a%2Fb%20%C3%A9', { routeKey: 'GET /things/{id}', pathParameters: { id: 'a/b é' } }],
    ['GET', '/things/__proto__', { routeKey: 'GET /things/{id}', pathParameters: { id: '__proto__' } }],
  ])('finds %s %s', (method, path, match) => {
    expect(find(method, path)).toEqual(match)
  })

  test.each([
    ['PUT', '/things'],
    ['get', '/things'],
    ['GET', '/things/'],
    ['GET', '//things'],
    ['GET', '/Things'],
    ['GET', '/th%69ngs'],
    ['GET', '/things//parts'],
    ['GET', '/things/7/parts/8/more'],
    ['GET', '/things/%zz'],
    ['GET', '/things/%ff'],
    ['GET', '/nothing'],
    ['OPTIONS', '*'],
    ['GET', ''],
    ['constructor', '/things'],
  ])('finds nothing at %s %s', (method, path) => {
    expect(find(method, path)).toBeUndefined()
  })

  test('finds every route of the vault by a path of its own', () => {
    const findOurs = createRouteFinder(allRoutes())
    for (const { method, path } of allRoutes()) {
      const match = findOurs(method, path.replaceAll(/\{(\w+)\}/g, 'value-of-$1'))
      expect(match?.routeKey).toBe(`${method} ${path}`)
      for (const [name, value] of Object.entries(match?.pathParameters ?? {}))
        expect(value).toBe(`value-of-${name}`)
    }
  })
})
