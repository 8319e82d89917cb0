import { createUrlCheck } from '../../../../shared/adapters/oauth/outgoing-target.ts'

describe('createUrlCheck', () => {
  it.each([
    ['https://idp.example.com/token', undefined],
    ['https://idp.example.com:443/token', undefined],
    ['https://idp.example.com:8443/token', 'forbidden_port'],
    ['https://127.0.0.1/token', 'forbidden_address'],
    ['https://[::1]/token', 'forbidden_address'],
    ['http://idp.example.com/token', 'forbidden_scheme'],
    ['https://localhost./token', 'forbidden_host'],
    ['https://user@idp.example.com/token', 'invalid_url'],
    ['not a url', 'invalid_url'],
    // Whether there is such an inner name is told to nobody; what others stand for is only known when resolved.
    ['https://localhost/token', 'forbidden_address'],
    ['https://vault/token', 'forbidden_address'],
    ['https://db.internal/token', 'forbidden_address'],
    ['https://printer.local/token', 'forbidden_address'],
    ['https://idp.onion/token', 'forbidden_address'],
    ['https://idp.alt/token', 'forbidden_address'],
    ['https://idp.example.com/token', undefined],
  ])('says of %s: %s', (url, code) => {
    expect(createUrlCheck([])(url)?.code).toBe(code)
  })

  it.each([
    ['idp.internal:8443', 'https://idp.internal:8443/token'],
    ['IDP.Internal:8443', 'https://idp.internal:8443/token'],
    [' idp.internal:8443', 'https://idp.internal:8443/token'],
    ['idp.internal:443', 'https://idp.internal/token'],
    ['127.0.0.1:443', 'https://127.0.0.1/token'],
    ['0x7f.1:9000', 'https://127.0.0.1:9000/token'],
    ['[0:0:0:0:0:0:0:1]:9000', 'https://[::1]:9000/token'],
    ['localhost:80', 'http://localhost/token'],
  ])('lets the listed %s through, however it is spelled', (entry, url) => {
    expect(createUrlCheck([entry])(url)).toBeUndefined()
    expect(
      createUrlCheck([entry])(url.replace('/token', ':9999/token').replace(/:\d+(:9999)/, '$1')),
    ).toEqual(expect.objectContaining({ kind: 'not-sent' }))
  })
})
