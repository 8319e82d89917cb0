import {
  formatAllows,
  formatName,
  hasFormat,
  isCredentialHeaderName,
  isHeaderValue,
  isUnderHosts,
  type StringFormat,
} from '../../../shared/connectors/field-format.ts'

const FORMATS: readonly StringFormat[] = [
  'text',
  'single-line',
  'visible-ascii',
  'header-value',
  'https-url',
  'hostname',
  'email',
  'pem-private-key',
  'pem-public-key',
  'scope-list',
]

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIfake\n-----END PRIVATE KEY-----\n'

const ACCEPTED: Readonly<Record<StringFormat, readonly string[]>> = {
  text: ['a', 'a\tb\r\nc', 'ä 😀', ' '],
  'single-line': ['a', 'p@ss w0rd', 'ä 😀 Ċ'],
  'visible-ascii': ['a', '!~', 'SG.a-b_c/d+e='],
  'header-value': ['a', 'a b', 'a\tb'],
  'https-url': [
    'https://a',
    'https://acme.example.com',
    'HTTPS://EXAMPLE.COM/',
    'https://example.com:8443/a/b?c=d&e=%20@',
    'https://[2001:db8::1]/x',
    `https://example.com/${'a'.repeat(2028)}`,
  ],
  hostname: [
    'a',
    'acme.eu.auth0.com',
    'a_b._tcp.example',
    '127.0.0.1',
    'x'.repeat(63),
    `${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(61)}`,
  ],
  email: ['a@b', 'svc@acme-analytics.iam.gserviceaccount.com', "o'neil+tag@example.com"],
  'pem-private-key': [
    PEM,
    PEM.replaceAll('\n', '\r\n'),
    PEM.replaceAll('\n', '\\n'),
    '-----BEGIN RSA PRIVATE KEY-----\nAAAA\nBBB=\n-----END RSA PRIVATE KEY-----',
  ],
  'pem-public-key': ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
  'url-template': [
    'https://acme.example.com',
    '{instance_url}',
    '{instance_url}/services/data',
    'https://api.example.com/v3/company/{realmId}',
    'https://{api_domain}/v1',
  ],
  'scope-list': ['a', 'read:things write:things', 'chat:write,im:read', 'https://www.googleapis.com/auth/x'],
}

const REFUSED: Readonly<Record<StringFormat, readonly string[]>> = {
  text: ['\0', 'a\x1bb', '\x7f', '\u0080', '\ud800'],
  'single-line': ['a\nb', 'a\rb', 'a\tb', '\0', '\u0085', '\u2028', '\udc00'],
  'visible-ascii': ['a b', 'ä', 'a\n', '\u010a', '\u0080', '\0'],
  'header-value': ['', ' a', 'a ', '\ta', 'a\nb', 'a\rb', 'a\0b', 'Ċ', 'é'],
  'https-url': [
    '',
    'http://example.com',
    'https:/example.com',
    'https:example.com',
    'https://',
    'https:///a',
    'https://?a',
    'https://user@example.com',
    'https://user:pw@example.com',
    'https://@example.com',
    'https://example.com\\@evil.com',
    'https://example.com/#a',
    'https://example.com#',
    'https://exa mple.com',
    'https://example.com/\n',
    ' https://example.com',
    'https://example.com:99999',
    'https://exämple.com',
    'javascript:alert(1)//https://',
    `https://example.com/${'a'.repeat(2029)}`,
  ],
  hostname: [
    '',
    '.',
    'a..b',
    'a.',
    '.a',
    '-a',
    'a-',
    'https://a',
    'a:443',
    'a/b',
    'a b',
    'a@b',
    'exämple',
    'x'.repeat(64),
    `${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(62)}`,
  ],
  email: ['', '@b', 'a@', 'a', 'a b@c', 'a@b c', 'a@b..c', 'a@b@', `${'a'.repeat(65)}@b`, 'a@b\n', '"a"@b'],
  'pem-private-key': [
    '',
    'MIIfake',
    '-----BEGIN PRIVATE KEY-----',
    PEM.replace('END PRIVATE', 'END RSA PRIVATE'),
    PEM.replace('MIIfake', 'MII fake'),
    PEM.replaceAll('PRIVATE', 'PUBLIC'),
    PEM.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE'),
    `${PEM}x`,
  ],
  'pem-public-key': [PEM, ''],
  'url-template': [
    '',
    'http://{a}',
    '{a b}',
    '{}',
    'https://a/{b',
    'https://a/b}',
    '{a}@evil.example',
    'x{a}',
  ],
  'scope-list': ['', ' a', 'a ', 'a  b', 'a\nb', 'a"b', 'a\\b', 'ä'],
}

const TABLE = FORMATS.flatMap((format) => [
  ...ACCEPTED[format].map((text) => ({ format, text, accepted: true })),
  ...REFUSED[format].map((text) => ({ format, text, accepted: false })),
])

describe('hasFormat', () => {
  it.each(TABLE)('tells for $format and $text: $accepted', ({ format, text, accepted }) => {
    expect(hasFormat(format, text)).toBe(accepted)
  })

  // A backtracking expression would take minutes here: the bound only tells linear from quadratic.
  it.each(FORMATS)('takes linear time for %s', (format) => {
    const startedAtMs = performance.now()
    for (const unit of ['a', '-', ' ', '.', '@', 'a.', 'a ', '\n', 'a@', '-----BEGIN ', '\\n', '/', '&']) {
      for (const [head, tail] of [
        ['', ''],
        ['https://', '\0'],
        ['a', '\0'],
        ['-----BEGIN ', '!'],
      ]) {
        hasFormat(format, `${head}${unit.repeat(100_000 / unit.length)}${tail}`)
      }
    }
    expect(performance.now() - startedAtMs).toBeLessThan(5_000)
  })
})

describe('formatName and formatAllows', () => {
  it('use the names of Auth0’s own formats', () => {
    expect(formatName('https-url')).toBe('forms-url-https')
    expect(formatName('hostname')).toBe('hostname-rfc2181')
    expect(formatName('email')).toBe('email')
  })

  it.each(FORMATS)('say in words what %s accepts', (format) => {
    expect(formatAllows(format).length).toBeGreaterThan(8)
  })
})

describe('isHeaderValue', () => {
  it.each(['a\r\nb', 'a\nb', 'a\0b', 'Ċ', '\u0080', '', ' '])('refuses %p', (text) => {
    expect(isHeaderValue(text)).toBe(false)
  })
})

describe('isCredentialHeaderName', () => {
  it.each(['X-Api-Key', 'Authorization', 'a', "!#$%&'*+-.^_`|~"])('accepts %p', (name) => {
    expect(isCredentialHeaderName(name)).toBe(true)
  })

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'ä', 'Host', 'content-length', 'Transfer-Encoding', 'CONNECTION'])(
    'refuses %p',
    (name) => {
      expect(isCredentialHeaderName(name)).toBe(false)
    },
  )
})

describe('isUnderHosts', () => {
  const hosts = ['salesforce.com']

  it.each(['salesforce.com', 'acme.my.salesforce.com', 'ACME.SALESFORCE.COM', 'https://a.salesforce.com/x'])(
    'accepts %p',
    (text) => {
      expect(isUnderHosts(text, hosts)).toBe(true)
    },
  )

  it.each([
    'evilsalesforce.com',
    'salesforce.com.evil.com',
    'https://salesforce.com.evil.com',
    'https://evil.com/.salesforce.com',
    'https://salesforce.com@evil.com/',
    '',
    'https://',
  ])('refuses %p', (text) => {
    expect(isUnderHosts(text, hosts)).toBe(false)
  })
})
