import { shownCode, shownDescription } from '../../../shared/domain/provider-words.ts'

describe('shownCode', () => {
  it.each([
    ['invalid_grant', 'invalid_grant'],
    [' invalid_grant\n', 'invalid_grant'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['!#$[]~', '!#$[]~'],
    ['error_20300101_of_the_client.v2', undefined],
    ['the_client_is_not_allowed_to_ask', 'the_client_is_not_allowed_to_ask'],
    ['2030-01-01-00-00-00-000000', '2030-01-01-00-00-00-000000'],
    ['x'.repeat(65), undefined],
    ['', undefined],
    ['two words', undefined],
    ['a"b', undefined],
    ['a\\b', undefined],
    ['é', undefined],
  ])('of %j is %j', (code, shown) => {
    expect(shownCode(code)).toBe(shown)
  })
})

describe('shownDescription', () => {
  it.each([
    ['Token has been revoked.', 'Token has been revoked.'],
    [' a\t\r\n b\u2003c\u200bd\u0000 ', 'a b c d'],
    ['错误 5', '错误 5'],
    ['', undefined],
    [' \n ', undefined],
    ['—!…', undefined],
    ['7', '7'],
  ])('of %j is %j', (text, shown) => {
    expect(shownDescription(text)).toBe(shown)
  })

  it.each([
    ['as it is', 'key p@ss wörd! is wrong'],
    ['in a URL', 'key p%40ss%20w%C3%B6rd! is wrong'],
    ['in a form', 'key p%40ss+w%C3%B6rd%21 is wrong'],
    ['in base64', `key ${Buffer.from('p@ss wörd!').toString('base64').replace(/=+$/, '')} is wrong`],
    ['in base64url', `key ${Buffer.from('p@ss wörd!').toString('base64url')} is wrong`],
    ['more than once', 'key p@ss wörd!p@ss wörd! is wrong'],
  ])('shows no secret of ours that is quoted %s', (_, text) => {
    expect(shownDescription(text, ['other', 'p@ss wörd!'])).toMatch(/^key (?:\[redacted\])+ is wrong$/)
  })

  it('finds a secret in base64 without the padding, which stays', () => {
    expect(shownDescription(`key ${Buffer.from('secrets').toString('base64')}.`, ['secrets'])).toBe(
      'key [redacted]==.',
    )
  })

  it('takes secrets of three characters for words, and of four for secrets', () => {
    expect(shownDescription('the abc of abcd', ['abc'])).toBe('the abc of abcd')
    expect(shownDescription('the abc of abcd', ['abcd'])).toBe('the abc of [redacted]')
  })

  it.each([
    ['a run of twenty letters and digits', 'code abcdefghijklmnopqrs1', 'code [redacted]'],
    ['one with what tokens have besides', 'code ab+/_=~.-1234567890xy', 'code [redacted]'],
    ['a run of nineteen', 'code abcdefghijklmnopqr1', 'code abcdefghijklmnopqr1'],
    ['letters alone', 'code abcdefghijklmnopqrstuvwxyz', 'code abcdefghijklmnopqrstuvwxyz'],
    ['digits alone', 'code 12345678901234567890', 'code 12345678901234567890'],
    ['each of several', 'abcdefghijklmnopqrs1 abcdefghijklmnopqrs2', '[redacted] [redacted]'],
  ])('shows %s as what it may be', (_, text, shown) => {
    expect(shownDescription(text)).toBe(shown)
  })

  it('is cut at 240 characters, and never within one', () => {
    const words = (length: number) => 'é '.repeat(length / 2 - 1).concat('éé')
    expect(shownDescription(words(240))).toBe(words(240))
    expect(shownDescription(`${words(240)}é`)).toBe(`${words(240).slice(0, 239)}…`)
    expect([...shownDescription('😀a'.repeat(200))!]).toHaveLength(240)
  })

  it('reads the first 2,000 characters alone', () => {
    expect(shownDescription(`${' '.repeat(1_999)}ab`)).toBe('a')
    expect(shownDescription(`${' '.repeat(2_000)}ab`)).toBeUndefined()
  })
})
