import { defined } from '../../../shared/domain/defined.ts'

describe('defined', () => {
  it('leaves out what has no value, and nothing else', () => {
    const members = defined({ a: undefined, b: null, c: 0, d: '', e: false })
    expect(Object.entries(members)).toEqual([
      ['b', null],
      ['c', 0],
      ['d', ''],
      ['e', false],
    ])
  })
})
