import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readSettings } from '../../../infra/embedded/settings.ts'
import { SettingsError } from '../../../shared/settings/read-environment.ts'
import { SHARED_SETTINGS } from '../../../shared/settings/setting-table.ts'

function problemsOf(env: Record<string, string>): string[] {
  try {
    readSettings(env)
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n')
    throw error
  }
  return []
}

describe('readSettings', () => {
  test('needs nothing at all', () => {
    expect(readSettings({})).toMatchObject({
      port: 8787,
      tlsPort: 8788,
      host: '127.0.0.1',
      dataFolder: path.resolve('.flow-vault'),
      allowHosts: [],
      rateLimitPerSecond: 500,
      environment: 'local',
      returnTo: [],
    })
  })

  test('takes the page for a client of another issuer, and of none without one', () => {
    const issuer = {
      FLOW_VAULT_ISSUER: 'https://login.example.com/',
      FLOW_VAULT_AUDIENCE: 'vault',
      FLOW_VAULT_TENANT_CLAIM: 'tenant',
    }
    const page = { FLOW_VAULT_PAGE_CLIENT_ID: 'page', FLOW_VAULT_PAGE_AUDIENCE_IN: 'resource' }
    expect(readSettings({ ...issuer, ...page }).pageIssuer).toEqual({
      issuer: 'https://login.example.com/',
      audience: 'vault',
      clientId: 'page',
      scopes: undefined,
      audienceIn: 'resource',
      origins: [],
    })
    expect(readSettings(issuer).pageIssuer).toBeUndefined()
    expect(problemsOf(page)).toEqual([expect.stringContaining('FLOW_VAULT_PAGE_CLIENT_ID')])
    const alone = {
      FLOW_VAULT_PAGE_SCOPES: 'openid',
      FLOW_VAULT_PAGE_AUDIENCE_IN: 'resource',
      FLOW_VAULT_PAGE_ORIGINS: 'https://login.example.com',
    }
    expect(problemsOf({ ...issuer, ...alone })).toEqual(
      Object.entries(alone).map(([name, value]) =>
        expect.stringMatching(
          new RegExp(`^${name}="${value}" .* only together with FLOW_VAULT_PAGE_CLIENT_ID`),
        ),
      ),
    )
  })

  test('shows no password of an address that it refuses', () => {
    const url = 'https://me:planted-password@vault.example.com'
    const wrong = { FLOW_VAULT_PUBLIC_URL: url, FLOW_VAULT_RETURN_TO: `https://a.example,${url}` }
    expect(problemsOf(wrong)).toEqual([
      expect.stringMatching(/^FLOW_VAULT_PUBLIC_URL="https:\/\/…@vault\.example\.com" is not valid\./),
      expect.stringMatching(
        /^FLOW_VAULT_RETURN_TO="https:\/\/a\.example,https:\/\/…@vault\.example\.com" is not/,
      ),
    ])
  })

  test('goes through a proxy only when that is asked for, and says when it does not', () => {
    const proxy = { HTTPS_PROXY: 'http://me:pass@proxy.test:3128', NO_PROXY: 'a.test, .b.test' }
    expect(readSettings(proxy)).toMatchObject({ proxy: undefined, ignoredProxy: 'HTTPS_PROXY' })
    expect(readSettings({})).toMatchObject({ proxy: undefined, ignoredProxy: undefined })
    const used = readSettings({ ...proxy, FLOW_VAULT_USE_PROXY: 'true' })
    expect(used).toMatchObject({
      proxy: { host: 'proxy.test', port: 3128, secure: false, except: ['a.test', '.b.test'] },
      ignoredProxy: undefined,
    })
    expect(readSettings({ https_proxy: 'https://p.test', FLOW_VAULT_USE_PROXY: 'true' }).proxy?.port).toBe(
      443,
    )
    expect(problemsOf({ FLOW_VAULT_USE_PROXY: 'true' })).toEqual([
      expect.stringMatching(/^HTTPS_PROXY is not set\. Allowed: the http or https URL of a proxy/),
    ])
    // What curl would go through, and the vault does not, is not passed over.
    expect(readSettings({ all_proxy: 'socks5://proxy.test' }).ignoredProxy).toBe('all_proxy')
    expect(problemsOf({ FLOW_VAULT_USE_PROXY: 'true', ALL_PROXY: 'http://proxy.test:3128' })).toEqual([
      expect.stringMatching(/^HTTPS_PROXY is not set\..* ALL_PROXY is set, and is not read\.$/),
    ])
    const wrong = problemsOf({ FLOW_VAULT_USE_PROXY: 'true', HTTPS_PROXY: 'socks5://me:pass@proxy.test' })
    expect(wrong).toEqual([expect.stringMatching(/^HTTPS_PROXY is not valid\./)])
    expect(wrong.join()).not.toContain('pass')
  })

  test('takes an empty variable for one that is not set, and blanks around a value for none', () => {
    expect(readSettings({ PORT: '', FLOW_VAULT_ISSUER: ' ' })).toEqual(readSettings({}))
    expect(readSettings({ PORT: ' 9000 ' }).port).toBe(9000)
  })

  test.each([
    ['PORT', '65535', { port: 65_535 }],
    ['PORT', '0', { port: 0 }],
    ['HOST', '::1', { host: '::1' }],
    ['FLOW_VAULT_RATE_LIMIT', '1', { rateLimitPerSecond: 1 }],
    ['FLOW_VAULT_ALLOW_HOSTS', 'localhost:9000,', { allowHosts: ['localhost:9000'] }],
    ['FLOW_VAULT_PUBLIC_URL', 'http://vault.localhost:8787', { publicUrl: 'http://vault.localhost:8787' }],
    ['FLOW_VAULT_LOG_LEVEL', 'DEBUG', { logLevel: 'DEBUG' }],
    ['FLOW_VAULT_ALLOW_HOSTS', 'localhost:9000, [::1]:80', { allowHosts: ['localhost:9000', '[::1]:80'] }],
    ['FLOW_VAULT_PUBLIC_URL', 'https://vault.example/', { publicUrl: 'https://vault.example' }],
    ['FLOW_VAULT_PUBLIC_URL', 'https://a.example/vault/', { publicUrl: 'https://a.example/vault' }],
    [
      'FLOW_VAULT_RETURN_TO',
      'https://a.example,http://localhost:3000',
      { returnTo: ['https://a.example', 'http://localhost:3000'] },
    ],
    ['FLOW_VAULT_AUDIENCE', 'urn:vault', { audience: 'urn:vault' }],
    ['FLOW_VAULT_MAX_CONNECTIONS', '100000', { maxConnections: 100_000 }],
    ['FLOW_VAULT_CORS_ORIGINS', 'https://a.example/', { corsOrigins: ['https://a.example'] }],
  ])('takes %s=%s', (name, value, settings) => {
    expect(readSettings({ [name]: value })).toMatchObject(settings)
  })

  test.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '1e3'],
    ['PORT', '8788'],
    ['TLS_PORT', 'https'],
    ['HOST', 'a host'],
    ['HOST', 'http://localhost'],
    ['FLOW_VAULT_RATE_LIMIT', '0'],
    ['FLOW_VAULT_RATE_LIMIT', '1000001'],
    ['FLOW_VAULT_ALLOW_HOSTS', 'localhost'],
    ['FLOW_VAULT_ALLOW_HOSTS', 'localhost:0'],
    ['FLOW_VAULT_ALLOW_HOSTS', 'localhost:70000'],
    ['FLOW_VAULT_ALLOW_HOSTS', '*:443'],
    ['FLOW_VAULT_PUBLIC_URL', 'http://vault.example'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://vault.example/?path'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://vault.example/?'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://vault.example/#'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://user@vault.example'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://:word@vault.example'],
    ['FLOW_VAULT_PUBLIC_URL', 'vault.example'],
    ['FLOW_VAULT_RETURN_TO', 'javascript:alert(1)'],
    ['FLOW_VAULT_CORS_ORIGINS', '*'],
    ['FLOW_VAULT_ALLOW_HOSTS', '256.1.1.1:80'],
    ['FLOW_VAULT_ALLOW_HOSTS', '[::1]]:80'],
    ['FLOW_VAULT_MAX_CONNECTIONS', '0'],
    ['FLOW_VAULT_CORS_ORIGINS', 'https://a.example/path'],
    ['FLOW_VAULT_CORS_ORIGINS', 'null'],
    ['FLOW_VAULT_RETURN_TO', 'https://a.example,*'],
    ['FLOW_VAULT_RETURN_TO', 'https://a.example/?next='],
    ['FLOW_VAULT_TENANT_CLAIM', 'tenant'],
    ['FLOW_VAULT_JWKS_URL', 'https://idp.example/keys'],
    ['FLOW_VAULT_LOG_LEVEL', 'LOUD'],
  ])('refuses %s=%s, naming it and what is allowed', (name, value) => {
    const problems = problemsOf({ [name]: value })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(name === 'PORT' && value === '8788' ? 'TLS_PORT' : `^${name}=`))
    expect(problems[0]).toContain('Allowed: ')
  })

  test('refuses a setting that there is not, with the one that is meant', () => {
    expect(problemsOf({ FLOW_VAULT_CORS_ORIGIN: 'https://a.example', FLOW_VAULT_TABLE: 't' })).toEqual([
      'FLOW_VAULT_CORS_ORIGIN is no setting of Flow Vault. Is FLOW_VAULT_CORS_ORIGINS meant?',
      'FLOW_VAULT_TABLE is no setting of Flow Vault. The settings are listed in README.md.',
    ])
    expect(problemsOf({ FLOW_VAULT_SERVICE_HOST: '10.0.0.1', FLOW_VAULT_CLIENT_SECRET: 'x' })).toEqual([])
  })

  test('says everything that is wrong at once', () => {
    const problems = problemsOf({ PORT: 'x', FLOW_VAULT_RATE_LIMIT: 'y', HOST: '?' })
    expect(problems).toHaveLength(3)
  })

  test('takes a foreign issuer only whole', () => {
    const issuer = { FLOW_VAULT_ISSUER: 'https://idp.example/' }
    expect(problemsOf(issuer)).toEqual([
      expect.stringContaining('FLOW_VAULT_AUDIENCE is not set'),
      expect.stringContaining('FLOW_VAULT_TENANT_CLAIM is not set'),
    ])
    const whole = { ...issuer, FLOW_VAULT_AUDIENCE: 'api', FLOW_VAULT_TENANT_CLAIM: 'org_id' }
    expect(readSettings(whole).foreignIssuer).toEqual({
      issuer: 'https://idp.example/',
      audience: 'api',
      tenantClaim: 'org_id',
    })
    const mapped = { ...whole, FLOW_VAULT_TENANT_MAPPING: 'escape', FLOW_VAULT_SCOPE_CLAIM: 'may' }
    expect(readSettings(mapped).foreignIssuer).toMatchObject({ tenantMapping: 'escape', scopeClaim: 'may' })
    expect(problemsOf({ ...whole, FLOW_VAULT_TENANT_MAPPING: 'hash' })).toHaveLength(1)
    expect(problemsOf({ FLOW_VAULT_SCOPE_CLAIM: 'may' })).toHaveLength(1)
    for (const bad of ['http://idp.example/', 'https://idp.example/?a=b', 'idp']) {
      expect(problemsOf({ ...whole, FLOW_VAULT_ISSUER: bad })).toHaveLength(1)
    }
  })
})

describe('README', () => {
  const readme = readFileSync('README.md', 'utf8')

  test.each(Object.values(SHARED_SETTINGS).map(({ variable }) => variable))('names %s', (variable) => {
    expect(readme).toContain(`\`${variable}\``)
  })
})
