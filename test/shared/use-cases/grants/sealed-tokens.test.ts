import { prepareSeals, type TokensByName } from '../../../../shared/use-cases/grants/sealed-tokens.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const OWNER = { tenant: 'acme', id: 'ac_1' }

/** The tokens of a grant of each name. */
function tokensOf(refreshTokens: Readonly<Record<string, string | undefined>>): TokensByName {
  const entries = Object.entries(refreshTokens).map(([name, token]) => [
    name,
    {
      access_token: `access of ${name}`,
      extra: {},
      ...(token === undefined ? {} : { refresh_token: token }),
    },
  ])
  return Object.fromEntries(entries)
}

describe('prepareSeals', () => {
  let world: GrantsUnderTest
  beforeAll(async () => {
    world = await startGrantsUnderTest()
  })
  afterAll(() => world.close())

  const OLD = { access: 'access-0', refresh: 'refresh0' }

  it.each([
    ['the provider kept it', { main: 'r1' }, { main: 'r1' }, true],
    ['of a bundle it kept all', { main: 'r1', user: 'u1' }, { main: 'r1', user: 'u1' }, true],
    ['it is another', { main: 'r1' }, { main: 'r2' }, false],
    ['of a bundle one is another', { main: 'r1', user: 'u1' }, { main: 'r1', user: 'u2' }, false],
    ['of a bundle one is new', { main: 'r1', user: undefined }, { main: 'r1', user: 'u1' }, false],
  ])('tells whether the item of the refresh token stays: %s', async (_, before, after, isKept) => {
    const seals = await prepareSeals(world.ports, OWNER)
    const sealed = seals.seal(tokensOf(after), { pointer: OLD, tokens: tokensOf(before) })
    expect(sealed.pointer).toEqual({ access: seals.mark, refresh: isKept ? OLD.refresh : seals.mark })
    const parts = sealed.writes.map(({ key }) => key.partition.split('#')[0])
    expect(parts).toEqual(isKept ? ['ACCESS'] : ['ACCESS', 'REFRESH'])
  })

  it('points at none where there is none', async () => {
    const seals = await prepareSeals(world.ports, OWNER)
    const sealed = seals.seal(tokensOf({ main: undefined }))
    expect(sealed.pointer).toEqual({ access: seals.mark })
    expect(sealed.writes).toHaveLength(1)
  })
})
