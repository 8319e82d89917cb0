import { accountLabel, accountText, mergedAccount, namesAccount } from '../../../shared/domain/account.ts'

describe('accountText', () => {
  it.each<[unknown, string | undefined]>([
    ['ada@acme.example', 'ada@acme.example'],
    [42, '42'],
    ['  Ada \t\r\n Lovelace\u0000\u2028 ', 'Ada Lovelace'],
    ['', undefined],
    [' \n\u200b', undefined],
    [undefined, undefined],
    [null, undefined],
    [true, undefined],
    [{ name: 'Ada' }, undefined],
    [['Ada'], undefined],
  ])('of %j is %j', (value, text) => {
    expect(accountText(value)).toBe(text)
  })

  it('is cut at 255 characters, and never within one', () => {
    expect(accountText('a'.repeat(255))).toHaveLength(255)
    expect(accountText('a'.repeat(256))).toBe('a'.repeat(255))
    expect(accountText(`${'a'.repeat(254)}😀b`)).toBe(`${'a'.repeat(254)}😀`)
  })
})

describe('accountLabel', () => {
  it.each([
    [{}, undefined],
    [{ id: '7' }, '7'],
    [{ team: 'Acme' }, 'Acme'],
    [{ id: '7', team: 'Acme' }, '7 (Acme)'],
    [{ id: '7', email: 'ada@acme.example' }, 'ada@acme.example'],
    [{ id: '7', email: 'ada@acme.example', team: 'Acme' }, 'ada@acme.example (Acme)'],
  ])('of %j is %j', (account, label) => {
    expect(accountLabel(account)).toBe(label)
  })
})

describe('namesAccount', () => {
  it.each([
    ['an id', 'Ab7', { id: 'Ab7', email: 'x@acme.example' }, true],
    ['an id in another case', 'ab7', { id: 'Ab7' }, false],
    ['an address in any case', 'ADA@acme.example', { id: '7', email: 'Ada@Acme.example' }, true],
    ['another address', 'bob@acme.example', { id: '7', email: 'ada@acme.example' }, false],
    ['a team', 'Acme', { id: '7', team: 'Acme' }, false],
    ['anything, where nothing is known', 'ada@acme.example', {}, false],
  ])('answers for %s', (_, text, account, isNamed) => {
    expect(namesAccount(text, account)).toBe(isNamed)
  })
})

describe('mergedAccount', () => {
  it('takes each member from the first that has it', () => {
    const merged = mergedAccount(
      undefined,
      { id: '7' },
      { id: '8', email: 'ada@acme.example' },
      { team: 'Acme' },
    )
    expect(merged).toEqual({ id: '7', email: 'ada@acme.example', team: 'Acme' })
  })

  it('is undefined where nobody has anything to say', () => {
    expect(mergedAccount()).toBeUndefined()
    expect(mergedAccount(undefined, {})).toBeUndefined()
  })
})
