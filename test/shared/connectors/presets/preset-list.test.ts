import * as z from 'zod/mini'
import { CATEGORIES } from '../../../../shared/connectors/categories.ts'
import collections from '../../../../shared/connectors/presets/collections.json' with { type: 'json' }
import type { Preset } from '../../../../shared/connectors/presets/preset.ts'
import { allPresets, findPreset } from '../../../../shared/connectors/presets/preset-list.ts'

const text = () => z.string().check(z.minLength(1))
const texts = () => z.array(text())
const template = () => z.string().check(z.regex(/^(?:https:\/\/[^\s@]+|\{base\(grant\.extra\.\w+\)\}\S*)$/))
const address = () => z.string().check(z.regex(/^https:\/\/[^\s@/]+(?:\/\S*)?$/))
const parameters = () => z.record(text(), text())
const seconds = () => z.int().check(z.positive())
const clientAuthentication = () => z.enum(['client_secret_post', 'client_secret_basic', 'none'])

const input = z.strictObject({
  label: text(),
  help: z.optional(text()),
  example: text(),
  pattern: z.optional(z.string().check(z.regex(/^\^.*\$$/))),
  format: z.optional(z.enum(['hostname', 'email'])),
  options: z.optional(texts()),
  hosts: z.optional(texts()),
  default: z.optional(text()),
  secret: z.optional(z.literal(true)),
})

const oauth = z.strictObject({
  flows: z.array(z.enum(['authorization-code', 'client-credentials'])),
  authorizationUrl: z.optional(address()),
  tokenUrl: address(),
  refreshUrl: z.optional(address()),
  revocation: z.optional(
    z.strictObject({
      style: z.enum(['rfc7009', 'google', 'slack', 'stripe-deauthorize']),
      url: address(),
      ends: z.optional(z.enum(['token', 'consent'])),
    }),
  ),
  identity: z.optional(
    z.strictObject({
      url: address(),
      member: text(),
      method: z.optional(z.literal('POST')),
      body: z.optional(text()),
      scheme: z.optional(text()),
    }),
  ),
  separator: z.optional(z.literal(',')),
  scopes: texts(),
  scopesCovered: z.optional(z.record(text(), texts())),
  clientAuthentication: clientAuthentication(),
  bodyFormat: z.optional(z.literal('json')),
  clientIdParameter: z.optional(text()),
  redirectUriParameter: z.optional(text()),
  pkce: z.enum(['required', 'supported', 'unknown', 'off']),
  nonce: z.optional(z.literal(true)),
  authorizationParameters: z.optional(parameters()),
  tokenParameters: z.optional(parameters()),
  refreshParameters: z.optional(parameters()),
  scopesAtRefresh: z.optional(z.literal(true)),
  clientCredentials: z.optional(
    z.strictObject({
      grantType: z.optional(text()),
      tokenUrl: z.optional(address()),
      tokenParameters: z.optional(parameters()),
    }),
  ),
  accessSeconds: z.optional(z.union([seconds(), z.literal('never')])),
  rotation: z.enum(['none', 'single-use', 'no-refresh', 'unknown']),
  graceSeconds: z.optional(seconds()),
  refreshLife: z.optional(z.strictObject({ seconds: seconds(), kind: z.enum(['rolling', 'absolute']) })),
  send: z.optional(z.strictObject({ header: z.optional(text()), prefix: z.optional(text()) })),
  answer: z.optional(z.looseObject({ extra: z.optional(texts()) })),
})

const key = z.union([
  z.strictObject({
    in: z.enum(['header', 'query']),
    name: text(),
    prefix: z.optional(text()),
    with: z.optional(parameters()),
  }),
  z.strictObject({ in: z.literal('basic'), pair: z.string().check(z.includes('{value}'), z.includes(':')) }),
  z.strictObject({ in: z.literal('basic'), userLabel: text(), passwordLabel: text() }),
  z.strictObject({ in: z.literal('path'), baseUrl: address() }),
])

const preset = z.strictObject({
  id: z.string().check(z.regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)),
  label: text(),
  category: z.enum(Object.keys(CATEGORIES) as [string, ...string[]]),
  documentation: address(),
  inputs: z.optional(z.record(z.string().check(z.regex(/^[a-z][a-z_]*$/)), input)),
  baseUrl: z.optional(z.union([template(), z.array(template())])),
  baseUrlHosts: z.optional(texts()),
  headers: z.optional(parameters()),
  oauth: z.optional(oauth),
  key: z.optional(key),
  notes: z.optional(texts()),
  differences: z.optional(
    z.array(
      z.strictObject({
        sources: texts(),
        authorizationUrl: z.optional(text()),
        tokenUrl: z.optional(text()),
        separator: z.optional(text()),
        clientAuthentication: z.optional(clientAuthentication()),
        reason: text(),
      }),
    ),
  ),
  sources: texts(),
  assumed: z.optional(texts()),
})

const EVERY = allPresets().map((each) => [each.id, each] as const)

describe('allPresets', () => {
  it('are more than two hundred services, each once, in the order of their labels', () => {
    expect(allPresets().length).toBeGreaterThanOrEqual(200)
    expect(new Set(allPresets().map(({ id }) => id)).size).toBe(allPresets().length)
    expect(allPresets().filter((each) => each.oauth !== undefined).length).toBeGreaterThanOrEqual(180)
    expect(allPresets().filter((each) => each.key !== undefined).length).toBeGreaterThanOrEqual(130)
    const labels = allPresets().map(({ label }) => label)
    expect(labels).toEqual(labels.toSorted((a, b) => a.localeCompare(b, 'en')))
  })

  it.each(EVERY)('%s has the members of a preset and no others', (_, each) => {
    expect(z.safeParse(preset, each).error?.issues ?? []).toEqual([])
    expect(each.oauth ?? each.key).toBeDefined()
  })

  it.each(EVERY)(
    '%s has placeholders that stand for something, and nothing that stands for none',
    (_, each) => {
      const { inputs, notes: _notes, differences: _differences, ...templates } = each
      const used = new Set(placeholdersOf(JSON.stringify(templates)))
      const minted = ['grant.access_token', ...extraOf(each).map((name) => `grant.extra.${name}`)]
      const known = [...Object.keys(inputs ?? {}), 'value', 'client_id', ...minted]
      for (const name of used) expect(known).toContain(name)
      for (const name of Object.keys(inputs ?? {})) expect(used).toContain(name)
    },
  )

  it.each(EVERY)('%s has inputs whose example and default are allowed', (_, { inputs }) => {
    for (const { example, default: usual, pattern, options, format } of Object.values(inputs ?? {})) {
      expect([pattern, options, format].filter((rule) => rule !== undefined)).toHaveLength(1)
      for (const value of [example, usual].filter((each) => each !== undefined)) {
        if (pattern !== undefined) expect(value).toMatch(new RegExp(pattern))
        if (options !== undefined) expect(options).toContain(value)
      }
    }
  })

  it.each(EVERY)(
    '%s says where each of its endpoints comes from, and marks what no source says',
    (_, each) => {
      const members = ['authorizationUrl', 'tokenUrl', 'identity', 'clientAuthentication', 'rotation', 'key']
      const present = members.filter((name) => Object.hasOwn({ ...each, ...each.oauth }, name))
      const sourced = new Set(each.sources.flatMap(membersOf))
      const said = [
        ...sourced,
        ...(each.assumed ?? []),
        ...(each.oauth?.rotation === 'unknown' ? ['rotation'] : []),
      ]
      const unsourced = present.filter((name) => !said.includes(name))
      expect(unsourced).toEqual([])
      expect(each.assumed ?? []).not.toEqual(expect.arrayContaining(['tokenUrl']))
    },
  )

  it.each(EVERY)('%s names sources that are pages or collections we know', (_, each) => {
    const sources = [...each.sources, ...(each.differences ?? []).flatMap((other) => other.sources)]
    const unknown = sources.filter((source) => {
      const kind = source.split(' ')[0] ?? ''
      return (
        !source.startsWith('https://') && !Object.hasOwn(collections, kind) && !OTHER_SOURCES.test(source)
      )
    })
    expect(unknown).toEqual([])
  })
})

const OTHER_SOURCES = /^(?:public code|vendor documentation) \(/

describe('findPreset', () => {
  it('finds a service by its name', () => {
    expect(findPreset('github')).toMatchObject({ label: 'GitHub (OAuth app)', category: 'developer-tools' })
  })

  it.each(['GitHub', '', 'constructor', '__proto__'])('finds nothing for %p', (id) => {
    expect(findPreset(id)).toBeUndefined()
  })
})

function placeholdersOf(json: string): string[] {
  return [...json.matchAll(/\{(?:\w+\()?([a-z][\w.]*)\)?\}/g)].map((match) => match[1]!)
}

function extraOf({ oauth: grant }: Preset): readonly string[] {
  return [...(grant?.answer?.extra ?? []), ...(grant?.answer?.metadataCall?.members ?? [])]
}

/** The members in the brackets of a source; the two endpoints where there are none. */
function membersOf(source: string): string[] {
  const listed = / \((.*)\)$/.exec(source)?.[1]
  if (listed === undefined) return ['authorizationUrl', 'tokenUrl']
  return listed.split(', ').map((name) => name.replace(/ \(.*$/, ''))
}
