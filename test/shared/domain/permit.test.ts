import { isPermitted, type Permit, permittedBy } from '../../../shared/domain/permit.ts'

const T0 = 1_893_456_000_000
const permit = (parts: Partial<Permit>): Permit => ({
  id: 'pm_1',
  tenant: 'acme',
  client: 'client',
  createdAtMs: T0,
  createdBy: 'ops',
  ...parts,
})

describe('permittedBy', () => {
  it('narrows nobody who has no permit', () => {
    expect(permittedBy([], T0)).toBeUndefined()
  })

  it('is all that the permits name together', () => {
    const permits = [
      permit({ connections: ['ac_1', 'ac_2'] }),
      permit({ apps: ['SLACK'] }),
      permit({ connections: ['ac_3'] }),
    ]
    expect(permittedBy(permits, T0)).toEqual({
      connections: new Set(['ac_1', 'ac_2', 'ac_3']),
      apps: new Set(['SLACK']),
    })
  })

  it.each([
    ['before its end', T0 - 1, ['ac_1', 'ac_2']],
    ['at its end', T0, ['ac_2']],
    ['after its end', T0 + 1, ['ac_2']],
  ])('counts one %s or not', (_, nowMs, connections) => {
    const permits = [permit({ connections: ['ac_1'], untilMs: T0 }), permit({ connections: ['ac_2'] })]
    expect(permittedBy(permits, nowMs)?.connections).toEqual(new Set(connections))
  })

  it('keeps a client narrowed to nothing when its only permit has ended', () => {
    const over = permittedBy([permit({ connections: ['ac_1'], apps: ['SLACK'], untilMs: T0 })], T0)
    expect(over).toEqual({ connections: new Set(), apps: new Set() })
  })
})

describe('isPermitted', () => {
  const permitted = { connections: new Set(['ac_1']), apps: new Set(['SLACK']) }

  it.each([
    ['a connection that is named', 'ac_1', 'OTHER', true],
    ['one of an app that is named', 'ac_9', 'SLACK', true],
    ['one of neither', 'ac_9', 'OTHER', false],
    ['one to be made, of an app that is named', undefined, 'SLACK', true],
    ['one to be made, of another app', undefined, 'OTHER', false],
    ['one whose app is not known, by its name', 'ac_1', undefined, true],
    ['one whose app is not known, of another name', 'ac_9', undefined, false],
    ['nothing in particular', undefined, undefined, false],
    ['a connection that has the name of an app', 'SLACK', undefined, false],
    ['an app that has the name of a connection', undefined, 'ac_1', false],
  ])('answers for %s', (_, id, appId, isAllowed) => {
    expect(isPermitted(permitted, { id, appId })).toBe(isAllowed)
  })
})
