import type { Field, Setup } from './connector.ts'
import { CODE_MEMBERS } from './shared-fields.ts'

/** What a connection says itself, also where an OAuth application says the rest: what it asks for and where it calls. */
const OWN: ReadonlySet<string> = new Set(['scope', 'audience', 'resource', 'base_url', 'extra_fields'])

/** Members of an application itself, beside its setup. */
const CLIENT: ReadonlySet<string> = new Set(['client_id', 'client_secret'])

/** The field by which a setup names the OAuth application that holds the rest. */
export const APPLICATION_FIELD: Field = {
  name: 'oauth_app_id',
  label: 'OAuth application',
  help: 'The application that holds client, addresses and all else that several connections share.',
  secret: false,
  required: true,
  format: 'single-line',
  maxLength: 30,
  pattern: '^oa_[0-9A-Za-z]{1,27}$',
  example: 'oa_0VbwMKyWMqjvQfMGfef7f5',
}

/** Whether connections with this setup can share an OAuth application that holds client and addresses. */
export function isShareable(setup: Setup): boolean {
  return setup.grant?.client.from === 'setup' && setup.grant.client.application !== undefined
}

/** What an OAuth application holds of a setup: all but its client, which it has anyway, and a code. */
export function applicationSetup(setup: Setup): Setup {
  return derived(setup, 'application', () => {
    // A code is one connection's: an application never holds it.
    const fields = setup.fields
      .filter(({ name }) => !CLIENT.has(name) && !CODE_MEMBERS.has(name))
      .map((field) => (isOpenInput(setup, field) ? { ...field, required: false } : field))
    return withFields(setup, fields)
  })
}

/**
 * What is left to a connection that names an application: what it asks for, and what the application leaves open.
 * `held` are the fields that the application has.
 */
export function sharedSetup(setup: Setup, held: readonly string[]): Setup {
  return derived(setup, held.toSorted().join(' '), () => {
    const fields = setup.fields.filter((field) => {
      if (OWN.has(field.name) || CODE_MEMBERS.has(field.name)) return true
      return isOpenInput(setup, field) && !held.includes(field.name)
    })
    const provider = setup.fields.filter(({ name }) => name === 'provider')
    const named = provider.map((field): Field => ({ ...field, required: false }))
    return withFields(setup, [APPLICATION_FIELD, ...named, ...fields])
  })
}

/** The fields of an application that say which client of whom it is: another one is another application. */
export function fixedFields(setup: Setup): readonly string[] {
  const urls = setup.fields.filter(({ format }) => format === 'https-url' || format === 'hostname')
  const inputs = setup.fields.filter((field) => isInput(setup, field))
  return ['type', 'provider', ...new Set([...urls, ...inputs].map(({ name }) => name))]
}

/** What a service wants to know besides, such as a shop or a region. */
function isInput({ preset, grant }: Setup, { name }: Field): boolean {
  if (preset === undefined || OWN.has(name) || name === 'provider') return false
  return [grant?.tokenUrl, grant?.authorizationUrl, grant?.revocation?.url, grant?.identity?.url]
    .flat()
    .some((template) => template?.includes(`{${name}}`) === true)
}

/**
 * Of these a connection may say its own, such as the shop of an application that serves many. One that may be any host
 * belongs to the application: whoever makes a connection could have its client secret sent there.
 */
function isOpenInput(setup: Setup, field: Field): boolean {
  if (!isInput(setup, field)) return false
  const isAnyHost = field.format === 'hostname' && field.hosts === undefined
  return !isAnyHost && !field.secret && (field.pattern ?? field.enum ?? field.hosts) !== undefined
}

function withFields(setup: Setup, fields: readonly Field[]): Setup {
  const names = new Set(fields.map(({ name }) => name))
  const example = Object.entries(setup.example).filter(([name]) => name === 'type' || names.has(name))
  return {
    ...setup,
    // The application says which it is.
    typeRequired: setup.typeRequired && !names.has(APPLICATION_FIELD.name),
    fields,
    rules: (setup.rules ?? []).filter(({ field }) => names.has(field)),
    example: {
      ...(names.has(APPLICATION_FIELD.name) && { [APPLICATION_FIELD.name]: APPLICATION_FIELD.example! }),
      ...Object.fromEntries(example),
    },
  }
}

// Made on first use and kept, so that a setup's schema is built once: as many as setups times what applications leave open.
const made = new WeakMap<Setup, Map<string, Setup>>()

function derived(setup: Setup, key: string, make: () => Setup): Setup {
  const ofSetup = made.get(setup) ?? new Map<string, Setup>()
  made.set(setup, ofSetup)
  const known = ofSetup.get(key)
  if (known !== undefined) return known
  const fresh = make()
  ofSetup.set(key, fresh)
  return fresh
}
