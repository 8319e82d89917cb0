import { refusedWhileMoved } from '../../../functions/api/refused-while-moved.ts'
import { API_ROUTES } from '../../../functions/api/routes.ts'
import type { Move } from '../../../shared/domain/restored-store.ts'

const SOURCE: Move = { side: 'source', other: 'the stage prod', startedAtMs: 1 }

/** What became of a call of every route that changes something, by its code; the routes themselves are not run. */
async function outcomes(move: Move | undefined): Promise<Set<string>> {
  const bare = API_ROUTES.map((route) => ({ ...route, handle: async () => ({ status: 200 }) }))
  const changing = refusedWhileMoved(bare, { move: async () => move }).filter(
    ({ method }) => method !== 'GET',
  )
  expect(changing.length).toBeGreaterThan(20)
  const input = {} as Parameters<(typeof changing)[number]['handle']>[0]
  const ports = {} as Parameters<(typeof changing)[number]['handle']>[1]
  const ends = changing.map(({ handle }) =>
    handle(input, ports).then(
      () => 'done',
      ({ code, detail }) => `${code} ${detail.errorCode}`,
    ),
  )
  return new Set(await Promise.all(ends))
}

describe('refusedWhileMoved', () => {
  it.each([
    ['lets all through without a move', undefined, 'done'],
    ['has the source ask for patience', SOURCE, 'store-unavailable vault_moving'],
    ['has the target ask for patience', { ...SOURCE, side: 'target' }, 'store-unavailable vault_moving'],
    ['sends clients away from a source that is gone', { ...SOURCE, goneAtMs: 2 }, 'conflict vault_moved'],
  ] as const)('%s', async (_, move, outcome) => {
    expect(await outcomes(move)).toEqual(new Set([outcome]))
  })

  it('leaves what only reads as it is', () => {
    const reading = API_ROUTES.filter(({ method }) => method === 'GET')
    const refused = refusedWhileMoved(API_ROUTES, { move: async () => SOURCE })
    for (const route of reading) expect(refused).toContain(route)
  })
})
