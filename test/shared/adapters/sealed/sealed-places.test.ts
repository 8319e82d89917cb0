import { placeOf, placeOfGrant } from '../../../../shared/adapters/sealed/sealed-places.ts'

const GRANT = { tenant: 't1', ownerId: 'ac_1', mark: 'abcd1234' } as const

describe('the context of a data key', () => {
  it.each([
    ['a setup', placeOf('flow-vault/local/s/t1/ac_1/g1', 'v1'), 'secretId'],
    ['access tokens', placeOfGrant({ ...GRANT, part: 'access' }), 'part'],
    ['refresh tokens', placeOfGrant({ ...GRANT, part: 'refresh' }), 'part'],
  ])('of %s has exactly one of part and secretId, so that a role can be held to either', (_, place, name) => {
    const named = Object.keys(place.context).filter((key) => key === 'part' || key === 'secretId')
    expect(named).toEqual([name])
  })

  it('binds a version to every part of its name, the kind among them', () => {
    const bound = (secretId: string) => JSON.stringify(placeOf(secretId, 'v1').boundTo)
    const names = ['local/s/t1/ac_1/g1', 'local/m/t1/ac_1/g1', 'other/s/t1/ac_1/g1', 'local/s/t1/ac_1/g2']
    expect(new Set(names.map((name) => bound(`flow-vault/${name}`))).size).toBe(names.length)
  })
})
