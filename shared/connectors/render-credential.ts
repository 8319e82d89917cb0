import { VaultError } from '../domain/errors.ts'
import type { JsonObject, JsonValue } from '../domain/json.ts'
import type { RequestPart, Setup } from './connector.ts'
import { isHeaderValue, isHttpsUrl, isUnderHosts } from './field-format.ts'
import { readNamedValues } from './named-values.ts'
import { APPLICATION_FIELD, isShareable } from './shared-setup.ts'
import { fieldsOf, type GrantsForTemplates, ownValue, renderTemplate } from './template.ts'

/** What a flow gets: plaintext, to be put straight into an answer or around a call, and never kept. */
export interface RenderedCredential {
  readonly request: {
    readonly headers: Readonly<Record<string, string>>
    readonly query: Readonly<Record<string, string>>
    /** Without a trailing slash. */
    readonly base_url?: string
    /** The whole address, where it is itself the credential (webhooks). */
    readonly url?: string
  }
  readonly fields: Readonly<Record<string, string>>
}

/**
 * The credential of a valid setup, with what was minted for it. Parts without a value are left out. Throws
 * `VaultError('credential-unavailable')` for a value that a header cannot carry: no CR, LF or NUL ever leaves.
 */
export function renderCredential(
  setup: Setup,
  values: JsonObject,
  grants: GrantsForTemplates = {},
): RenderedCredential {
  const credential = new CredentialParts()
  for (const part of setup.request) {
    if (part.when !== undefined && ownValue(values, part.when.field) !== part.when.equals) continue
    if (part.place === 'named-values') addNamedValues(credential, values, String(part.value))
    else addPart(credential, part, values, grants)
  }
  for (const [name, template] of Object.entries(setup.credentialFields)) {
    const text = renderTemplate(template, values, grants)
    if (text !== undefined) credential.fields.set(name, text)
  }
  if (setup.extraFields === true) addExtraFields(credential, grants)
  return credential.toCredential()
}

/** A field that the setup itself makes keeps its name. */
function addExtraFields(credential: CredentialParts, grants: GrantsForTemplates): void {
  for (const [name, text] of Object.entries(grants['main']?.extra ?? {})) {
    if (!credential.fields.has(name)) credential.fields.set(name, text)
  }
}

/**
 * What the credential of a minted setup takes from the setup itself: the row keeps it, so that whoever answers flows
 * opens no setup. Addresses go without user name, query and fragment, as templates use them.
 */
export function publicSetupOf(setup: Setup, values: JsonObject): JsonObject {
  const names = new Set<string>()
  const templates = [...setup.request.map(({ value }) => value), ...Object.values(setup.credentialFields)]
  for (const template of templates.flat()) {
    for (const name of fieldsOf(String(template))) names.add(name)
  }
  for (const { when } of setup.request) if (when !== undefined) names.add(when.field)
  const taken = [...names].flatMap((name) => {
    const value = ownValue(values, name)
    return value === undefined ? [] : [[name, withoutQuery(value)] as const]
  })
  return Object.fromEntries(taken)
}

/**
 * What was entered, for people to read again: the values of fields that are no secrets, and the names of those that
 * are. A member that no field describes counts as a secret; what is of use once alone, such as a code, is left out, and
 * so is the OAuth application that it names, which the row has. An address is shown without its query, which may hold
 * a key; `settingsWithoutQuery` are those that have one.
 */
export function enteredOf(
  setup: Setup,
  values: JsonObject,
): {
  readonly settings: JsonObject
  readonly settingsWithoutQuery: readonly string[]
  readonly secretFields: readonly string[]
} {
  const settings: [string, JsonValue][] = []
  const secretFields: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const field = setup.fields.find((each) => each.name === name)
    if (value === undefined || name === 'type' || name === 'provider' || field?.headless) continue
    if (name === APPLICATION_FIELD.name && isShareable(setup)) continue
    if (field?.secret === false) settings.push([name, withoutQuery(value)])
    else secretFields.push(name)
  }
  const settingsWithoutQuery = settings.flatMap(([name, shown]) => (shown === values[name] ? [] : [name]))
  return { settings: Object.fromEntries(settings), settingsWithoutQuery, secretFields }
}

/** By its text and not by its parts: an address may hold placeholders that a template fills. */
function withoutQuery(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || !/^https?:/i.test(value)) return value
  return value.replace(/[?#].*$/s, '').replace(/^(https?:\/\/)[^/]*@/i, '$1')
}

/** A label has to fit on a line of a list; the longest host name does. */
const MAX_ACCOUNT_NAME_CHARS = 255

/** The label a person recognizes the account by, or undefined for a setup without one. */
export function accountNameOf(setup: Setup, values: JsonObject): string | undefined {
  const name = setup.accountName === undefined ? undefined : renderTemplate(setup.accountName, values)
  return name === undefined ? undefined : [...name].slice(0, MAX_ACCOUNT_NAME_CHARS).join('')
}

/** The address of the setup's test call, or undefined when it has none or lacks a value. May hold a secret. */
export function testUrlOf(
  setup: Setup,
  values: JsonObject,
  grants: GrantsForTemplates = {},
): string | undefined {
  return setup.test === undefined ? undefined : renderTemplate(setup.test.url, values, grants)
}

// Maps, not objects: a CUSTOM value may carry any name.
class CredentialParts {
  readonly headers = new Map<string, string>()
  readonly query = new Map<string, string>()
  readonly fields = new Map<string, string>()
  readonly urls = new Map<'base_url' | 'url', string>()

  toCredential(): RenderedCredential {
    const request = {
      headers: Object.fromEntries(this.headers),
      query: Object.fromEntries(this.query),
      ...Object.fromEntries(this.urls),
    }
    return { request, fields: Object.fromEntries(this.fields) }
  }
}

function addPart(
  credential: CredentialParts,
  part: RequestPart,
  values: JsonObject,
  grants: GrantsForTemplates,
): void {
  const value = renderTemplate(part.value, values, grants)
  if (value === undefined) return
  if (part.place === 'base_url' || part.place === 'url') {
    const allowed = isHttpsUrl(value) && (part.hosts === undefined || isUnderHosts(value, part.hosts))
    if (allowed) credential.urls.set(part.place, value)
    return
  }
  const name = renderTemplate(part.name ?? '', values, grants)
  if (name === undefined) return
  const sent = part.encode === 'basic' ? `Basic ${Buffer.from(value, 'utf8').toString('base64')}` : value
  if (part.place === 'header') credential.headers.set(name, checkedHeaderValue(name, sent))
  else credential.query.set(name, value)
}

function addNamedValues(credential: CredentialParts, values: JsonObject, field: string): void {
  for (const entry of readNamedValues(ownValue(values, field))) {
    credential.fields.set(entry.name, entry.value)
    if (entry.in === 'HEADER') credential.headers.set(entry.as, checkedHeaderValue(entry.as, entry.value))
    if (entry.in === 'QUERY') credential.query.set(entry.as, entry.value)
    if (entry.in === 'BASE_URL') credential.urls.set('base_url', entry.value)
  }
}

/** A provider's token is checked here as well: nothing vouches for what it may hold. */
function checkedHeaderValue(name: string, value: string): string {
  if (isHeaderValue(value)) return value
  throw new VaultError('credential-unavailable', `The credential cannot travel in the header ${name}`)
}
