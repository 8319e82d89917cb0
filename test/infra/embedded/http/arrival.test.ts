import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { markArrival, proxyList } from '../../../../infra/embedded/http/arrival.ts'

function marked(
  headers: Record<string, string>,
  options: { from?: string; tls?: boolean; proxies?: string[] } = {},
): APIGatewayProxyEventV2 {
  const event = {
    headers: { host: 'vault.example.com', ...headers },
    requestContext: { http: { sourceIp: options.from ?? '10.0.0.2' } },
  } as unknown as APIGatewayProxyEventV2
  markArrival(event, { tls: options.tls ?? false, proxies: proxyList(options.proxies ?? []) })
  return event
}

const SAID = {
  forwarded: 'for=1.2.3.4;proto=https;host=evil.example',
  'x-forwarded-for': '6.6.6.6, 203.0.113.9',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-real-ip': '6.6.6.6',
}

describe('markArrival', () => {
  it('takes nobody at their word who is not named', () => {
    const { headers, requestContext } = marked(SAID)
    expect(headers).toEqual({ host: 'vault.example.com', 'x-forwarded-proto': 'http', via: '1.1 unknown' })
    expect(requestContext.http.sourceIp).toBe('10.0.0.2')
  })

  it.each([
    ['10.0.0.2', '10.0.0.2'],
    ['10.0.0.2', '10.0.0.0/24'],
    ['::ffff:10.0.0.2', '10.0.0.2'],
    ['fd00::1', 'fd00::/8'],
  ])('believes %s as one of %s on scheme and client, and never on the host', (from, proxy) => {
    const { headers, requestContext } = marked(SAID, { from, proxies: [proxy] })
    expect(headers).toEqual({ host: 'vault.example.com', 'x-forwarded-proto': 'https', via: '1.1 proxy' })
    expect(requestContext.http.sourceIp).toBe('203.0.113.9')
  })

  it('looks behind a chain of proxies, and no further than the first that is not named', () => {
    const said = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.0.0.7' }
    const { requestContext } = marked(said, { proxies: ['10.0.0.0/24'] })
    expect(requestContext.http.sourceIp).toBe('203.0.113.9')
  })

  it('says the scheme of the listener when a proxy says none, or something odd', () => {
    const proxies = ['10.0.0.2']
    expect(marked({}, { proxies }).headers['x-forwarded-proto']).toBe('http')
    expect(
      marked({ 'x-forwarded-proto': 'gopher' }, { proxies, tls: true }).headers['x-forwarded-proto'],
    ).toBe('https')
  })
})
