import type { Source } from '../domain/grant-profile.ts'
import type { Field, RequestPart } from './connector.ts'
import {
  MAX_CODE_VERIFIER_CHARS,
  MAX_IDENTIFIER_CHARS,
  MAX_SCOPE_LIST_CHARS,
  MIN_CODE_VERIFIER_CHARS,
} from './setup-limits.ts'

/** A secret that travels in a header as one token: an API key or an access token. */
export function secretToken(name: string, label: string, help: string): Field {
  return { name, label, help, secret: true, required: true, format: 'visible-ascii' }
}

/** An optional identifier that is no secret. */
export function optionalIdentifier(name: string, label: string, help: string): Field {
  return {
    name,
    label,
    help,
    secret: false,
    required: false,
    format: 'single-line',
    maxLength: MAX_IDENTIFIER_CHARS,
    trimmed: true,
  }
}

/** Which of a provider's separate systems the account lives in. */
export function environmentField(help: string, values: readonly string[]): Field {
  return {
    name: 'environment',
    label: 'Environment',
    help,
    secret: false,
    required: false,
    format: 'single-line',
    enum: values,
    optionLabels: Object.fromEntries(values.map((value) => [value, toTitle(value)])),
  }
}

/** The scopes a person asks for in place of the usual ones. */
export const SCOPE_FIELD: Field = {
  name: 'scope',
  label: 'Scopes',
  help: 'The permissions to ask for, separated by spaces. Leave it out for the usual ones.',
  secret: false,
  required: false,
  format: 'scope-list',
  maxLength: MAX_SCOPE_LIST_CHARS,
}

/** The fields of a code that was obtained elsewhere and is exchanged here, once (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export const CODE_FIELDS: readonly Field[] = [
  {
    name: 'code',
    label: 'Authorization code',
    help: 'A code you already obtained from the provider. It works once. Leave it out to authorize in the browser.',
    headless: true,
    secret: true,
    required: false,
    format: 'single-line',
  },
  {
    name: 'redirect_uri',
    label: 'Redirect URI',
    help: 'The redirect URI the code was issued for, exactly as it was sent.',
    headless: true,
    secret: false,
    required: false,
    format: 'visible-ascii',
    maxLength: 2_048,
  },
  {
    name: 'code_verifier',
    label: 'Code verifier',
    help: 'The PKCE verifier, if the code was asked for with a challenge.',
    headless: true,
    secret: true,
    required: false,
    format: 'visible-ascii',
    minLength: MIN_CODE_VERIFIER_CHARS,
    maxLength: MAX_CODE_VERIFIER_CHARS,
  },
]

/** Their names: how a grant was once asked for, and no part of what the setup is. */
export const CODE_MEMBERS: ReadonlySet<string> = new Set(CODE_FIELDS.map(({ name }) => name))

/** The minted access token as a bearer token (RFC 6750 §2.1). */
export const BEARER_GRANT: RequestPart = {
  place: 'header',
  name: 'Authorization',
  value: 'Bearer {grant.access_token}',
}

/** A part that hands over a fixed or derived base URL. */
export function baseUrl(value: RequestPart['value'], hosts?: readonly string[]): RequestPart {
  return { place: 'base_url', value, ...(hosts !== undefined && { hosts }) }
}

/** A fact from a page or a standard. */
export function stated(text: string): Source {
  return { text }
}

/** A fact from general knowledge of the vendor, confirmed by no page we read. */
export function assumed(text: string): Source {
  return { text, assumed: true }
}

function toTitle(value: string): string {
  return value.slice(0, 1).toUpperCase() + value.slice(1)
}
