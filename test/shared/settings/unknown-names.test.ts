import { unknownNames } from '../../../shared/settings/unknown-names.ts'

const KNOWN = ['PORT', 'FLOW_VAULT_CORS_ORIGINS', 'FLOW_VAULT_RATE_LIMIT', 'FLOW_VAULT_TRUSTED_PROXIES']

describe('unknownNames', () => {
  it.each([
    ['FLOW_VAULT_CORS_ORIGNS', 'FLOW_VAULT_CORS_ORIGINS'],
    ['FLOW_VAULT_CORS_ORIGIN', 'FLOW_VAULT_CORS_ORIGINS'],
    ['FLOW_VAULT_TRUSTED_PROXY', 'FLOW_VAULT_TRUSTED_PROXIES'],
    ['FLOW_VAULT_RATELIMIT', 'FLOW_VAULT_RATE_LIMIT'],
    ['FLOW_VAULT_RATE_LIMIT_', 'FLOW_VAULT_RATE_LIMIT'],
    ['flow_vault_rate_limit', 'FLOW_VAULT_RATE_LIMIT'],
  ])('says of %s that %s may be meant', (name, meant) => {
    expect(unknownNames({ [name]: '' }, KNOWN)).toEqual([
      `${name} is no setting of Flow Vault. Is ${meant} meant?`,
    ])
  })

  it.each(['FLOW_VAULT_COLOUR', 'FLOW_VAULT_', `FLOW_VAULT_${'X'.repeat(5_000)}`])(
    'guesses nothing for %.40s',
    (name) => {
      const [sentence, ...others] = unknownNames({ [name]: 'x' }, KNOWN)
      expect(sentence).toMatch(/^FLOW_VAULT_\w* is no setting of Flow Vault\. The settings are listed/)
      expect(sentence!.length).toBeLessThan(200)
      expect(others).toEqual([])
    },
  )

  it('names each of several, in their order', () => {
    const sentences = unknownNames({ FLOW_VAULT_Z: '1', PATH: '/', FLOW_VAULT_A: '2' }, KNOWN)
    expect(sentences.map((sentence) => sentence.split(' ')[0])).toEqual(['FLOW_VAULT_A', 'FLOW_VAULT_Z'])
  })

  it.each<[string, string]>([
    ['a setting', 'FLOW_VAULT_RATE_LIMIT'],
    ['what the command line reads', 'FLOW_VAULT_TOKEN'],
    ['what a backup reads', 'FLOW_VAULT_BACKUP_PASSPHRASE'],
    ['what tests read', 'FLOW_VAULT_TEST_ANYTHING'],
    ['another program', 'VAULT_ADDR'],
    ...[
      'SERVICE_HOST',
      'SERVICE_PORT',
      'SERVICE_PORT_HTTP',
      'PORT',
      'PORT_8787_TCP',
      'PORT_8787_TCP_ADDR',
      'PORT_8787_TCP_PROTO',
    ].map((name): [string, string] => [
      'what Kubernetes says of a service of the name',
      `FLOW_VAULT_${name}`,
    ]),
  ])('says nothing of %s: %s', (_, name) => {
    expect(unknownNames({ [name]: 'tcp://10.0.0.1:8787' }, KNOWN)).toEqual([])
  })
})
