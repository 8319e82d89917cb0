import { mask, ownValue, parseTemplate, renderTemplate } from '../../../shared/connectors/template.ts'
import { InvariantError } from '../../../shared/domain/errors.ts'

describe('renderTemplate', () => {
  const values = {
    in: 'HEADER',
    name: 'X-Key',
    token: 'my-bearer-token-000',
    short: 'my-token',
    url: 'https://acme.example.com/api//?a=b',
    path: '1:a/b?c#d e',
    key: 'abc-def-us21',
    empty: '',
    number: 5,
    list: [{ name: 'A' }, { name: 'B' }, { name: 'C' }, { name: 'D' }],
    pem: 'a\\nb',
  }

  it.each([
    ['plain', 'plain'],
    ['{name}', 'X-Key'],
    ['{label(in)} {name} {mask(token)}', 'Header X-Key my-***000'],
    ['{mask(short)}', '***'],
    ['{basic(name,token)}', 'WC1LZXk6bXktYmVhcmVyLXRva2VuLTAwMA=='],
    ['{basic(name,absent)}', 'WC1LZXk6'],
    ['{base(url)}/v1', 'https://acme.example.com/api/v1'],
    ['{path(path)}', '1:a%2Fb%3Fc%23d%20e'],
    ['{after-last(-,key)}', 'us21'],
    ['{names(list)}', 'A, B, C and 1 more'],
    ['{pem(pem)}', 'a\nb'],
    ['{when(in,HEADER)}yes', 'yes'],
  ])('fills %p in as %p', (template, text) => {
    expect(renderTemplate(template, values)).toBe(text)
  })

  it.each([
    '{absent}',
    'x {absent} {name}',
    '{empty}',
    '{number}',
    '{mask(absent)}',
    '{basic(absent,token)}',
    '{base(name)}',
    '{when(in,QUERY)}yes',
    '{when(absent,QUERY)}yes',
    '{names(name)}',
    '{constructor}',
    '{toString}',
    '{grant.access_token}',
    '{grant.extra.constructor}',
    '{grants.user.access_token}',
  ])('is absent for %p', (template) => {
    expect(renderTemplate(template, values)).toBeUndefined()
  })

  it.each(['evil.com/x-', 'key-us21/', 'key-US21', 'key-a.b', 'nodash', 'key-@evil'])(
    'takes no host label from %p',
    (key) => {
      expect(renderTemplate('https://{after-last(-,key)}.api.example.com', { key })).toBeUndefined()
    },
  )

  it('takes the first alternative that has all its values', () => {
    const template = ['{audience}', 'https://{domain}/api/v2/', 'none']
    expect(renderTemplate(template, { domain: 'a.example', audience: 'urn:x' })).toBe('urn:x')
    expect(renderTemplate(template, { domain: 'a.example' })).toBe('https://a.example/api/v2/')
    expect(renderTemplate(template, {})).toBe('none')
    expect(renderTemplate(['{a}', '{b}'], {})).toBeUndefined()
  })

  it('reads grants by name, and what was kept beside them', () => {
    const grants = { main: { access_token: 'at', extra: { dc: 'us1' } }, user: { access_token: 'ut' } }
    expect(renderTemplate('{grant.access_token} {grant.extra.dc}', {}, grants)).toBe('at us1')
    expect(renderTemplate('{grants.user.access_token}', {}, grants)).toBe('ut')
  })

  it('does not read placeholders out of values', () => {
    expect(renderTemplate('{a}', { a: '{secret} $& $1', secret: 's' })).toBe('{secret} $& $1')
  })

  it('throws for a function that does not exist', () => {
    expect(() => renderTemplate('{shout(name)}', values)).toThrow(InvariantError)
    expect(() => renderTemplate('{toString(name)}', values)).toThrow(InvariantError)
  })
})

describe('parseTemplate', () => {
  it('finds what is wrong with a template before anybody renders it', () => {
    expect(() => parseTemplate('https://{domain}/{base(url)}')).not.toThrow()
    expect(() => parseTemplate(['{fine}', '{base(url}'])).toThrow(InvariantError)
    expect(() => parseTemplate('{shout(name)}')).toThrow(InvariantError)
  })
})

describe('mask', () => {
  it.each([
    ['', '***'],
    ['abcdefghijklmno', '***'],
    ['abcdefghijklmnop', 'abc***nop'],
    ['😀😀😀bcdefghijklm', '***'],
    ['😀😀😀bcdefghijklmno', '😀😀😀***mno'],
  ])('shows %p as %p', (value, masked) => {
    expect(mask(value)).toBe(masked)
  })
})

describe('ownValue', () => {
  it('finds own members only', () => {
    expect(ownValue({ a: 1 }, 'a')).toBe(1)
    expect(ownValue({ a: 1 }, 'toString')).toBeUndefined()
    expect(ownValue({ a: 1 }, '__proto__')).toBeUndefined()
  })
})
