import type { GrantProfile } from './grant-profile.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** The words of a scope separator, by what stands between two scopes. */
export const SCOPE_SEPARATORS: Readonly<Record<string, GrantProfile['scopes']['separator']>> = {
  space: ' ',
  comma: ',',
  plus: '+',
}

/**
 * The profile as the setup chooses it: what a person may say of any provider takes the place of what the profile
 * has. Everything that asks a provider goes by this one; where the profile offers no choice it is the profile itself.
 */
export function chosenProfile(profile: GrantProfile, setup: JsonObject): GrantProfile {
  const { choices } = profile
  if (choices === undefined) return profile
  const chosen = (field: string | undefined) => (field === undefined ? undefined : setup[field])
  const bodyFormat = chosen(choices.bodyFormat)
  const pkce = chosen(choices.pkce)
  const grantType = chosen(choices.grantType)
  const lifeSeconds = chosen(choices.accessSeconds)
  const extra = [...(profile.answer?.extra ?? []), ...namedMembers(profile, setup)]
  return {
    ...profile,
    ...(bodyFormat === 'form' || bodyFormat === 'json' ? { bodyFormat } : {}),
    ...(pkce === 'S256' || pkce === 'off' ? { pkce } : {}),
    ...(typeof grantType === 'string' ? { grantType } : {}),
    ...(typeof lifeSeconds === 'number'
      ? { expiry: { ...profile.expiry, whenAbsent: lifeOf(lifeSeconds) } }
      : {}),
    scopes: chosenScopes(profile, setup),
    ...(extra.length === 0 ? {} : { answer: { ...profile.answer, extra: [...new Set(extra)] } }),
    literals: {
      authorization: textsOf(chosen(choices.authorizationParameters)),
      token: textsOf(chosen(choices.tokenParameters)),
    },
  }
}

/** The single scopes of a list as a person writes it. */
export function scopesOf(text: string, separator: GrantProfile['scopes']['separator']): string[] {
  const between = separator === ',' ? /[\s,]+/ : separator === '+' ? /[\s+]+/ : /\s+/
  return text.split(between).filter((scope) => scope !== '')
}

function chosenScopes(profile: GrantProfile, setup: JsonObject): GrantProfile['scopes'] {
  const { choices, scopes } = profile
  const word = choices?.scopeSeparator === undefined ? undefined : setup[choices.scopeSeparator]
  const named = typeof word === 'string' ? SCOPE_SEPARATORS[word] : undefined
  const written = scopes.field === undefined ? undefined : setup[scopes.field]
  const separator =
    named ?? (typeof written === 'string' && isWrittenWithCommas(written) ? ',' : scopes.separator)
  const atRefresh = choices?.scopeAtRefresh !== undefined && setup[choices.scopeAtRefresh] === true
  return { ...scopes, separator, ...(atRefresh ? { atRefresh } : {}) }
}

/** Whoever writes commas and no blanks but behind them means commas. */
function isWrittenWithCommas(text: string): boolean {
  return text.includes(',') && !/[^,\s]\s+[^,\s]/.test(text)
}

/** Members of the answer or the callback that the setup names, and those that its base URL is made of. */
export function namedMembers({ choices }: GrantProfile, setup: JsonObject): string[] {
  const list = choices?.extra === undefined ? undefined : setup[choices.extra]
  const names = Array.isArray(list) ? list.filter((name) => typeof name === 'string') : []
  const template = choices?.baseUrl === undefined ? undefined : setup[choices.baseUrl]
  const used = typeof template === 'string' ? [...template.matchAll(/\{([^{}]+)\}/g)] : []
  return [...names, ...used.map(([, name = '']) => name)]
}

function lifeOf(seconds: number): GrantProfile['expiry']['whenAbsent'] {
  return seconds === 0 ? 'never' : { assumedSeconds: seconds }
}

function textsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {}
  const texts = Object.entries(value as JsonObject).filter(([, text]) => typeof text === 'string')
  return Object.fromEntries(texts) as Record<string, string>
}
