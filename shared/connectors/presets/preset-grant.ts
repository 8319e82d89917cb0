import type { GrantProfile, RefreshRule, Template } from '../../domain/grant-profile.ts'
import type { Field, RequestPart, Setup, TestCall } from '../connector.ts'
import type { Preset, PresetOAuth } from './preset.ts'
import { commonParts, parametersWithDefaults, withDefaults } from './preset-template.ts'

/** What a person says in a general setup and the preset knows. */
const KNOWN: ReadonlySet<string> = new Set([
  'authorization_url',
  'token_url',
  'revocation_url',
  'userinfo_url',
  'issuer',
])

/** What a grant of the service looks like, by the general setup of its flow; undefined where it has no such flow. */
export function grantSetup(
  general: Setup,
  preset: Preset,
):
  | Pick<
      Setup,
      | 'scopeChoices'
      | 'fields'
      | 'request'
      | 'accountName'
      | 'credentialFields'
      | 'grant'
      | 'test'
      | 'example'
    >
  | undefined {
  const { oauth } = preset
  const { grant } = general
  if (oauth === undefined || grant === undefined || !oauth.flows.some((flow) => flow === general.presets)) {
    return undefined
  }
  const test = grant.kind === 'authorization-code' ? identityTest(preset, oauth) : undefined
  return {
    fields: general.fields.filter(({ name }) => !KNOWN.has(name)).map((field) => ownWords(field, oauth)),
    request: [tokenPart(oauth), ...commonParts(preset, { own: '{fill(base_url)}' })],
    accountName: `${preset.label} {mask(client_id)}`,
    credentialFields: { access_token: '{grant.access_token}', ...extraFields(oauth) },
    grant: profileOf(grant, preset, oauth),
    ...(test === undefined ? {} : { test }),
    example: exampleOf(general, oauth),
  }
}

function profileOf(general: GrantProfile, preset: Preset, oauth: PresetOAuth): GrantProfile {
  const {
    authorizationUrl: _url,
    issuer: _issuer,
    revocation: _revocation,
    identity: _identity,
    ...rest
  } = general
  const isCode = general.kind === 'authorization-code'
  const { grantType, tokenUrl, tokenParameters } = isCode ? {} : (oauth.clientCredentials ?? {})
  return {
    ...rest,
    tokenUrl: withDefaults(tokenUrl ?? oauth.tokenUrl, preset),
    ...(grantType !== undefined && { grantType }),
    ...(oauth.refreshUrl !== undefined && { refreshUrl: withDefaults(oauth.refreshUrl, preset) }),
    ...(isCode && codeMembers(general, preset, oauth)),
    clientAuthentication: oauth.clientAuthentication,
    ...(oauth.clientIdParameter !== undefined && { clientIdParameter: oauth.clientIdParameter }),
    ...(oauth.redirectUriParameter !== undefined && { redirectUriParameter: oauth.redirectUriParameter }),
    bodyFormat: oauth.bodyFormat ?? general.bodyFormat,
    scopes: {
      ...general.scopes,
      separator: oauth.separator ?? ' ',
      ...(oauth.scopesCovered !== undefined && { covers: oauth.scopesCovered }),
      ...(oauth.scopesAtRefresh === true && { atRefresh: true }),
    },
    tokenParameters: {
      ...general.tokenParameters,
      ...parametersWithDefaults({ ...oauth.tokenParameters, ...tokenParameters }, preset),
    },
    ...(oauth.refreshParameters !== undefined && {
      refreshParameters: parametersWithDefaults(oauth.refreshParameters, preset),
    }),
    expiry: expiryOf(general, preset, oauth),
    refresh: isCode ? refreshOf(preset, oauth) : general.refresh,
    ...(oauth.revocation !== undefined && {
      revocation: {
        style: oauth.revocation.style,
        url: withDefaults(oauth.revocation.url, preset),
        revokes: 'grant' as const,
        ...(oauth.revocation.ends !== undefined && { ends: oauth.revocation.ends }),
      },
    }),
    ...(isCode &&
      oauth.identity !== undefined && {
        identity: { ...oauth.identity, url: withDefaults(oauth.identity.url, preset) },
      }),
    ...(isCode && oauth.answer !== undefined && { answer: answerOf(preset, oauth.answer) }),
    sources: {},
  }
}

/** PKCE unless the service is known to refuse it: servers ignore what they do not know (RFC 6749 §3.1). */
function codeMembers(general: GrantProfile, preset: Preset, oauth: PresetOAuth): Partial<GrantProfile> {
  const own = parametersWithDefaults(oauth.authorizationParameters, preset)
  const authorizationParameters: Record<string, Template> = { ...general.authorizationParameters }
  for (const [name, template] of Object.entries(own)) {
    authorizationParameters[name] = [authorizationParameters[name] ?? [], template].flat()
  }
  return {
    authorizationUrl: withDefaults(oauth.authorizationUrl ?? '', preset),
    authorizationParameters,
    pkce: oauth.pkce === 'off' ? 'off' : 'S256',
    ...(oauth.nonce === true && { nonce: true }),
  }
}

/** A life from memory is worth no person's way: what could only be authorized anew is served until it is refused. */
function expiryOf(
  general: GrantProfile,
  preset: Preset,
  { accessSeconds }: PresetOAuth,
): GrantProfile['expiry'] {
  if (accessSeconds === undefined) return general.expiry
  if (accessSeconds === 'never') return { ...general.expiry, zeroMeans: 'never', whenAbsent: 'never' }
  const isSure = preset.assumed?.includes('accessSeconds') !== true
  const onlyIfRenewable = isSure ? {} : { onlyIfRenewable: true as const }
  return { ...general.expiry, whenAbsent: { assumedSeconds: accessSeconds, ...onlyIfRenewable } }
}

/** A refresh token counts as one that may be sent again only where a source says so, and not from memory. */
function refreshOf(preset: Preset, oauth: PresetOAuth): RefreshRule {
  const isSure = preset.assumed?.includes('rotation') !== true
  const stated = oauth.rotation === 'none' && isSure ? 'none' : undefined
  return {
    rotation: oauth.rotation === 'single-use' ? 'single-use' : (stated ?? 'optional'),
    ...(oauth.graceSeconds !== undefined && { graceSeconds: oauth.graceSeconds }),
    ...(oauth.refreshLife !== undefined && { life: oauth.refreshLife }),
  }
}

function answerOf(
  preset: Preset,
  answer: NonNullable<PresetOAuth['answer']>,
): NonNullable<GrantProfile['answer']> {
  const { metadataCall } = answer
  if (metadataCall === undefined) return answer
  return { ...answer, metadataCall: { ...metadataCall, url: withDefaults(metadataCall.url, preset) } }
}

function tokenPart({ send }: PresetOAuth): RequestPart {
  const prefix = send?.prefix ?? (send?.header === undefined ? 'Bearer ' : '')
  return {
    place: 'header',
    name: send?.header ?? 'Authorization',
    value: `${prefix}{grant.access_token}`,
  }
}

function extraFields({ answer }: PresetOAuth): Readonly<Record<string, Template>> {
  const names = [...(answer?.extra ?? []), ...(answer?.metadataCall?.members ?? [])]
  return Object.fromEntries(names.map((name) => [name, `{grant.extra.${name}}`]))
}

/** The identity call doubles as the test, where a source has it: from memory, a 404 would pass for success. */
function identityTest(preset: Preset, { identity }: PresetOAuth): TestCall | undefined {
  if (identity === undefined || identity.method !== undefined || identity.scheme !== undefined)
    return undefined
  if (preset.assumed?.includes('identity') === true) return undefined
  return {
    method: 'GET',
    url: withDefaults(identity.url, preset),
    refusedStatuses: [401],
    source: { text: preset.sources.filter((source) => source.includes('identity')).join('; ') },
  }
}

function ownWords(field: Field, oauth: PresetOAuth): Field {
  if (field.name === 'scope' && oauth.scopes.length > 0) return { ...field, example: oauth.scopes.join(' ') }
  if (field.name === 'base_url')
    return { ...field, help: 'In place of the address that the service has for all.' }
  if (field.name === 'token_endpoint_auth_method') {
    const label = field.optionLabels?.[oauth.clientAuthentication] ?? oauth.clientAuthentication
    return { ...field, help: field.help?.replace('Basic when left out.', `${label} when left out.`) }
  }
  return field
}

function exampleOf(general: Setup, oauth: PresetOAuth): Setup['example'] {
  const names = general.fields.filter(({ required, secret }) => required || secret).map(({ name }) => name)
  const shown = Object.entries(general.example).filter(([name]) => names.includes(name) && !KNOWN.has(name))
  return {
    ...Object.fromEntries(shown),
    ...(oauth.scopes.length > 0 && { scope: oauth.scopes.join(' ') }),
  }
}
