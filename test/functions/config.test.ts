import { ENV, present, readConfig } from '../../functions/config.ts'
import { SettingsError } from '../../shared/settings/read-environment.ts'

const LEAST = { FLOW_VAULT_DEPLOYMENT: 'prod', FLOW_VAULT_TABLE: 'connections' }
const TOKENS = {
  FLOW_VAULT_ISSUER: 'https://tenant.example.com/',
  FLOW_VAULT_AUDIENCE: 'https://vault.example.com/api/v2/',
  FLOW_VAULT_TENANT_CLAIM: 'https://vault.example.com/tenant',
}
const LOOPBACK = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }

describe('readConfig', () => {
  it('needs a deployment and a table, and has a default for the rest', () => {
    expect(readConfig(LEAST)).toEqual({
      deployment: 'prod',
      tableName: 'connections',
      secretStore: 'secrets-manager',
      tenantKeys: [],
      secretWriters: 1,
      instances: 10,
      logLevel: 'INFO',
      rateLimitPerSecond: 500,
      returnTo: [],
      headless: false,
      rotationsPerMinute: 1000,
      allowHosts: [],
      corsOrigins: [],
    })
  })

  it('names every variable that is missing, in one error', () => {
    expect(() => readConfig({})).toThrow(SettingsError)
    expect(() => readConfig({ FLOW_VAULT_DEPLOYMENT: ' ' })).toThrow(
      /^FLOW_VAULT_DEPLOYMENT is not set\. Allowed: .*\nFLOW_VAULT_TABLE is not set\. Allowed: /,
    )
  })

  it('takes the address of the issuer’s keys when it is set, and leaves it to discovery otherwise', () => {
    const tokens = (env: Record<string, string>) => readConfig({ ...LEAST, ...TOKENS, ...env }).tokens
    expect(tokens({})).toEqual({
      issuer: 'https://tenant.example.com/',
      audience: 'https://vault.example.com/api/v2/',
      tenantClaim: 'https://vault.example.com/tenant',
    })
    const jwksUrl = 'https://id.example.com/keys'
    expect(tokens({ FLOW_VAULT_JWKS_URL: jwksUrl })).toMatchObject({ jwksUrl })
    const shapes = { FLOW_VAULT_TENANT_MAPPING: 'escape', FLOW_VAULT_SCOPE_CLAIM: 'may' }
    expect(tokens(shapes)).toMatchObject({ tenantMapping: 'escape', scopeClaim: 'may' })
  })

  it.each(['FLOW_VAULT_ISSUER', 'FLOW_VAULT_AUDIENCE', 'FLOW_VAULT_TENANT_CLAIM'])(
    'does not take tokens by halves: without %s it does not start',
    (name) => {
      expect(() => readConfig({ ...LEAST, ...TOKENS, [name]: '' })).toThrow(`${name} is not set`)
    },
  )

  it.each([
    ['FLOW_VAULT_DEPLOYMENT', 'Prod', '1 to 32 of a-z, 0-9 and -'],
    ['FLOW_VAULT_TABLE', 'a b', 'the name of a DynamoDB table'],
    ['FLOW_VAULT_SECRET_STORE', 'vault', 'secrets-manager, sealed'],
    ['FLOW_VAULT_WRAPPING_KEY', 'alias/vault', 'the ARN of a KMS key'],
    ['FLOW_VAULT_DIGEST_KEY', 'arn:aws:kms:us-east-1:1:key/a', 'the ARN of a KMS key'],
    ['FLOW_VAULT_SECRET_WRITERS', '0', 'a whole number from 1 to 1000'],
    ['FLOW_VAULT_SECRET_WRITERS', '1001', 'a whole number from 1 to 1000'],
    ['FLOW_VAULT_INSTANCES', '9', 'a whole number from 10 to 100000'],
    ['FLOW_VAULT_SECRET_WRITERS', '1.5', 'a whole number from 1 to 1000'],
    ['FLOW_VAULT_RATE_LIMIT', '-1', 'a whole number from 1 to 1000000'],
    ['FLOW_VAULT_ISSUER', 'http://tenant.example.com/', 'an https URL'],
    ['FLOW_VAULT_ISSUER', 'https://tenant.example.com/?a', 'an https URL'],
    ['FLOW_VAULT_JWKS_URL', 'keys', 'an https URL'],
    ['FLOW_VAULT_TENANT_MAPPING', 'hash', 'exact, escape'],
    ['FLOW_VAULT_SCOPE_CLAIM', 'a b', 'the name of the claim that holds the scopes'],
    ['FLOW_VAULT_PUBLIC_URL', 'https://vault.example.com/?path', 'an https URL without query'],
    ['FLOW_VAULT_RETURN_TO', 'https://a.example.com,nowhere', 'https origins separated by commas'],
    ['FLOW_VAULT_WORK_QUEUE', 'queue', 'an https URL'],
    ['FLOW_VAULT_FREEZE_QUEUE', 'queue', 'an https URL'],
    ['FLOW_VAULT_LOG_LEVEL', 'LOUD', 'DEBUG, INFO, WARN, ERROR'],
  ])('refuses %s=%s and says what is allowed', (name, value, allowed) => {
    const read = () => readConfig({ ...LEAST, ...TOKENS, [name]: value })
    expect(read).toThrow(`${name}=${JSON.stringify(value)} is not valid. Allowed: ${allowed}`)
  })

  it('refuses an address with a user in it, whom it does not show', () => {
    const issuer = { FLOW_VAULT_ISSUER: 'https://user:canary@tenant.example.com/' }
    expect(() => readConfig({ ...LEAST, ...TOKENS, ...issuer })).toThrow(
      'FLOW_VAULT_ISSUER="https://…@tenant.example.com/" is not valid. Allowed: an https URL',
    )
  })

  it('takes plain http on loopback, where there is no network to listen on', () => {
    for (const issuer of ['http://127.0.0.1:9000/', 'http://localhost:9000/', 'http://[::1]:9000/']) {
      expect(readConfig({ ...LEAST, ...TOKENS, FLOW_VAULT_ISSUER: issuer }).tokens?.issuer).toBe(issuer)
    }
    const publicUrl = 'http://abc.execute-api.localhost:4566'
    expect(readConfig({ ...LEAST, FLOW_VAULT_PUBLIC_URL: publicUrl }).publicUrl).toBe(publicUrl)
  })

  it('lets hosts be private only where AWS itself is on loopback', () => {
    const allowHosts = { FLOW_VAULT_ALLOW_HOSTS: 'localhost:9000, 127.0.0.1:9001' }
    expect(readConfig({ ...LEAST, ...LOOPBACK, ...allowHosts }).allowHosts).toEqual([
      'localhost:9000',
      '127.0.0.1:9001',
    ])
    const refused = /FLOW_VAULT_ALLOW_HOSTS=.* Allowed: nothing, unless AWS_ENDPOINT_URL is on loopback/
    expect(() => readConfig({ ...LEAST, ...allowHosts })).toThrow(refused)
    for (const endpoint of [
      'https://dynamodb.us-east-1.amazonaws.com',
      'http://127.0.0.1.example.com',
      'nowhere',
    ]) {
      expect(() => readConfig({ ...LEAST, ...allowHosts, AWS_ENDPOINT_URL: endpoint })).toThrow(refused)
    }
    expect(() => readConfig({ ...LEAST, ...LOOPBACK, FLOW_VAULT_ALLOW_HOSTS: 'localhost' })).toThrow(
      'host:port',
    )
  })
})

describe('present', () => {
  it('names the variable that a function needs', () => {
    expect(present('value', ENV.workQueueUrl)).toBe('value')
    expect(() => present(undefined, ENV.workQueueUrl)).toThrow(/^FLOW_VAULT_WORK_QUEUE is not set/)
  })
})
