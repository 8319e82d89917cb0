import { APP_IDS, CONNECTORS, findConnector, findSetup } from '../../../shared/connectors/catalogue.ts'
import type { Connector, Field, Setup } from '../../../shared/connectors/connector.ts'
import { formatName, type StringFormat } from '../../../shared/connectors/field-format.ts'
import { AUTH0_SETUPS } from './auth0-schema.ts'

const SETUPS = CONNECTORS.flatMap((connector) => connector.setups.map((setup) => ({ connector, setup })))
const OURS = ['CUSTOM', 'OAUTH2']

describe('CONNECTORS', () => {
  it('are the 21 apps of Auth0 and two of ours, each once', () => {
    const auth0Apps = new Set(AUTH0_SETUPS.map((line) => line.split(' ')[0]))
    expect(auth0Apps.size).toBe(21)
    expect(new Set(APP_IDS)).toEqual(new Set([...auth0Apps, ...OURS]))
    expect(APP_IDS).toHaveLength(23)
  })

  it('declare the setups, fields, lengths, formats and enumerations of Auth0 exactly', () => {
    const declared = SETUPS.filter(({ connector }) => !OURS.includes(connector.appId)).map(
      ({ connector, setup }) => inShort(connector, setup),
    )
    expect(declared.sort()).toEqual([...AUTH0_SETUPS].sort())
  })

  it.each(SETUPS)('$connector.appId $setup.type declares nothing beside Auth0 that is required', (entry) => {
    const line = AUTH0_SETUPS.find((candidate) => candidate.startsWith(nameOf(entry.connector, entry.setup)))
    if (line === undefined) return expect(OURS).toContain(entry.connector.appId)
    const extra = entry.setup.fields.filter((field) => !line.includes(` ${field.name}`))
    expect(extra.filter((field) => field.required)).toEqual([])
    // A closed schema of Auth0's has no room for fields of ours.
    expect(extra.length === 0 || entry.setup.additionalProperties).toBe(true)
  })

  it.each(SETUPS)('$connector.appId $setup.type names each field once, with a label', ({ setup }) => {
    const names = setup.fields.map((field) => field.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('type')
    for (const field of setup.fields) expect(field.label).not.toBe('')
  })

  it.each(SETUPS)('$connector.appId $setup.type says where the credential is found', ({ setup }) => {
    expect(URL.parse(setup.findAt)?.protocol).toBe('https:')
  })

  it.each(SETUPS)('$connector.appId $setup.type hands over no client secret and no code', ({ setup }) => {
    const rendered = JSON.stringify([setup.request, setup.credentialFields, setup.accountName ?? ''])
    expect(rendered).not.toContain('{client_secret')
    expect(rendered).not.toContain('refresh_token')
    expect(rendered).not.toMatch(/\{code(_verifier)?\}/)
    if (setup.grant?.client.from === 'setup') expect(rendered).not.toContain(`{${setup.grant.client.secret}}`)
  })

  it.each(SETUPS)('$connector.appId $setup.type shows no secret whole in its label', ({ setup }) => {
    const secrets = setup.fields.filter((field) => field.secret).map((field) => field.name)
    for (const name of secrets) expect([setup.accountName].flat().join(' ')).not.toContain(`{${name}}`)
  })

  it.each(SETUPS)('$connector.appId $setup.type names only fields it declares', ({ setup }) => {
    const declared = new Set(['type', ...setup.fields.map((field) => field.name)])
    for (const name of fieldsNamedIn(setup)) expect(declared).toContain(name)
  })
})

describe('the grant profiles', () => {
  const grants = SETUPS.filter(({ setup }) => setup.grant !== undefined)

  it('exist for every setup whose credential a provider mints', () => {
    expect(grants.map(({ connector, setup }) => `${connector.appId} ${setup.type}`)).toEqual([
      'AUTH0 OAUTH_APP',
      'BIGQUERY OAUTH_JWT',
      'DOCUSIGN OAUTH_CODE',
      'GOOGLE_SHEETS OAUTH_CODE',
      'HTTP OAUTH_CLIENT_CREDENTIALS',
      'HUBSPOT OAUTH_CODE',
      'MAILCHIMP OAUTH_CODE',
      'OAUTH2 AUTHORIZATION_CODE',
      'OAUTH2 CLIENT_CREDENTIALS',
      'PIPEDRIVE OAUTH_CODE',
      'SALESFORCE OAUTH_CODE',
      'SLACK OAUTH_CODE',
      'STRIPE OAUTH_CODE',
    ])
  })

  it.each(grants)('of $connector.appId $setup.type name the source of each figure', ({ setup }) => {
    const grant = setup.grant!
    const sourced = Object.keys(grant.sources)
    const needed = [
      'tokenUrl',
      'clientAuthentication',
      'expiry.whenAbsent',
      'refresh.rotation',
      ...(grant.authorizationUrl ? ['authorizationUrl', 'pkce'] : []),
      ...(grant.scopes.default.length > 0 ? ['scopes.default'] : []),
      ...(grant.authorizationParameters ? ['authorizationParameters'] : []),
      ...(grant.tokenParameters ? ['tokenParameters'] : []),
      ...(grant.assertion ? ['assertion.audience', 'assertion.lifeSeconds'] : []),
      ...(grant.expiry.zeroMeans === 'never' ? ['expiry.zeroMeans'] : []),
      ...(grant.refresh.life ? ['refresh.life'] : []),
      ...(grant.refresh.graceSeconds ? ['refresh.graceSeconds'] : []),
      ...(grant.revocation ? ['revocation'] : []),
      ...Object.keys(grant.answer ?? {}).map((quirk) => `answer.${quirk}`),
    ]
    expect(sourced).toEqual(expect.arrayContaining(needed))
    for (const source of Object.values(grant.sources)) expect(source.text).not.toBe('')
  })

  it.each(grants)('of $connector.appId $setup.type let a person bring a code', ({ setup }) => {
    const names = setup.fields.map((field) => field.name)
    const expected = setup.grant?.kind === 'authorization-code'
    for (const name of ['code', 'redirect_uri', 'code_verifier']) expect(names.includes(name)).toBe(expected)
  })

  it.each(grants)('of $connector.appId $setup.type keep every member their templates use', ({ setup }) => {
    const used = [...JSON.stringify(setup).matchAll(/grant\.extra\.(\w+)/g)].map((match) => match[1])
    const kept = [
      ...(setup.grant?.answer?.extra ?? []),
      ...(setup.grant?.answer?.metadataCall?.members ?? []),
    ]
    for (const name of used) expect(kept).toContain(name)
  })

  it('asks for PKCE of every provider that is known to take it from a client with a secret', () => {
    const withPkce = CONNECTORS.filter(({ setups }) => setups.some(({ grant }) => grant?.pkce === 'S256'))
    expect(withPkce.map(({ appId }) => appId)).toEqual(['DOCUSIGN', 'GOOGLE_SHEETS', 'OAUTH2', 'SALESFORCE'])
  })
})

describe('findConnector', () => {
  it('finds an app by its id', () => {
    expect(findConnector('SLACK')?.label).toBe('Slack')
  })

  it.each(['slack', '', 'constructor', '__proto__'])('finds nothing for %p', (appId) => {
    expect(findConnector(appId)).toBeUndefined()
  })
})

describe('findSetup', () => {
  it('finds a setup by its type', () => {
    expect(findSetup(findConnector('SLACK')!, 'WEBHOOK')?.label).toBe('Incoming webhook')
    expect(findSetup(findConnector('SLACK')!, 'API_KEY')).toBeUndefined()
  })

  it('finds the only one whose type may be left out', () => {
    expect(findSetup(findConnector('SLACK')!, undefined)?.type).toBe('OAUTH_CODE')
  })

  it('finds the only one there is', () => {
    expect(findSetup(findConnector('TELEGRAM')!, undefined)?.type).toBe('TOKEN')
  })

  it('finds none where several want their type', () => {
    expect(findSetup(findConnector('HTTP')!, undefined)).toBeUndefined()
  })
})

function nameOf(connector: Connector, setup: Setup): string {
  return `${connector.appId} ${setup.type}${setup.typeRequired ? '!' : '?'}`
}

/** The setup in the words of AUTH0_SETUPS, only with the fields and limits that Auth0's schema states. */
function inShort(connector: Connector, setup: Setup): string {
  const name = nameOf(connector, setup)
  const line = AUTH0_SETUPS.find((candidate) => candidate.startsWith(name)) ?? ''
  const fields = setup.fields
    .filter((field) => line.includes(` ${field.name}`))
    .map((field) => {
      const stated = line.split(' ').find((part) => part.startsWith(field.name)) ?? ''
      return fieldInShort(field, stated)
    })
  return [name, setup.additionalProperties ? 'open' : 'closed', ...fields].join(' ')
}

function fieldInShort(field: Field, stated: string): string {
  const flags = `${field.required ? '!' : '?'}${field.secret ? '*' : ''}`
  const limits = stated.includes('..') ? `${field.minLength ?? ''}..${field.maxLength ?? ''}` : ''
  if (field.enum !== undefined) return `${field.name}${flags}${limits}=${field.enum.join('|')}`
  const format = stated.includes('=') ? `=${formatName(field.format as StringFormat)}` : ''
  return `${field.name}${flags}${limits}${format}`
}

/** Every setup field that a template, a rule or the grant profile names. */
function fieldsNamedIn(setup: Setup): string[] {
  const { sources: _sources, ...grant } = setup.grant ?? { sources: {} }
  const texts = JSON.stringify([
    setup.request,
    setup.credentialFields,
    setup.accountName ?? '',
    setup.test?.url,
    grant,
  ])
  const inTemplates = [...texts.matchAll(/\{([a-z][a-z0-9_(),.-]*)\}/gi)].flatMap((match) =>
    operandsOf(match[1]!),
  )
  const inRules = (setup.rules ?? []).flatMap((rule) => [
    rule.field,
    ...('other' in rule ? [rule.other] : []),
  ])
  const inGrant = [
    setup.grant?.scopes.field,
    setup.grant?.clientAuthenticationField,
    setup.grant?.assertion?.key,
    ...(setup.grant?.requires ?? []),
    ...(setup.grant?.client.from === 'setup' ? [setup.grant.client.id, setup.grant.client.secret] : []),
  ].filter((name) => name !== undefined)
  return [...inTemplates.filter((name) => !name.startsWith('grant')), ...inRules, ...inGrant]
}

function operandsOf(expression: string): string[] {
  const call = /^([a-z-]+)\((.*)\)$/.exec(expression)
  if (call === null) return [expression]
  const operands = call[2]!.split(',')
  if (call[1] === 'when') return operands.slice(0, 1)
  return call[1] === 'after-last' ? operands.slice(1) : operands
}
