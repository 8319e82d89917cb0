import { InvariantError } from '../domain/errors.ts'
import type { Template } from '../domain/grant-profile.ts'
import type { JsonObject, JsonValue } from '../domain/json.ts'

/** A minted grant as templates see it: plaintext, so it lives only as long as the rendering does. */
export interface GrantForTemplates {
  readonly access_token?: string
  readonly extra?: Readonly<Record<string, string>>
}

/** Grants by name: `main`, and the nested one's name. */
export type GrantsForTemplates = Readonly<Record<string, GrantForTemplates>>

/** Values shorter than this are masked whole, so that no short secret is shown in large part. */
const MIN_MASKED_CHARS = 16
const MASK_END_CHARS = 3
const MASK = '***'

/** How many names of a CUSTOM list a label shows; more would not fit on a line. */
const SHOWN_NAMES = 3

const PLACEHOLDER = /\{([^{}]*)\}/g

/**
 * The text of a template, or undefined when every alternative lacks a value. `values` are a setup's own, `grants`
 * what was minted. Throws `InvariantError` for a function that does not exist: templates are our own data.
 */
export function renderTemplate(
  template: Template,
  values: JsonObject,
  grants: GrantsForTemplates = {},
): string | undefined {
  if (typeof template !== 'string') {
    for (const alternative of template) {
      const text = renderText(alternative, values, grants)
      if (text !== undefined) return text
    }
    return undefined
  }
  return renderText(template, values, grants)
}

/** The first three characters, `***`, and the last three; only `***` for values of fewer than 16 characters. */
export function mask(value: string): string {
  const characters = [...value]
  if (characters.length < MIN_MASKED_CHARS) return MASK
  return characters.slice(0, MASK_END_CHARS).join('') + MASK + characters.slice(-MASK_END_CHARS).join('')
}

/** The names of the setup's fields that a template reads; what is minted is not among them. */
export function fieldsOf(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)]
    .flatMap(([, expression = '']) => expression.replace(/^[^(]*\(|\)$/g, '').split(','))
    .filter((name) => name !== '' && !/^grants?\./.test(name))
}

/** An own member's value; undefined for inherited ones, so that a name such as `constructor` finds nothing. */
export function ownValue(values: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/** A piece of a template as it is, or what its placeholder is filled with. */
type Piece = string | ((values: JsonObject, grants: GrantsForTemplates) => string | undefined)

/** Far more than the catalogue and its presets have; what is beyond is parsed anew each time. */
const MAX_PARSED = 10_000
const PARSED = new Map<string, readonly Piece[]>()

/**
 * Parses a template once; who loads the catalogue does it for all, so that a wrong one is found then and not by the
 * flow that needs it. Throws `InvariantError` for a function that does not exist.
 */
export function parseTemplate(template: Template): void {
  for (const text of typeof template === 'string' ? [template] : template) piecesOf(text)
}

function piecesOf(text: string): readonly Piece[] {
  const known = PARSED.get(text)
  if (known !== undefined) return known
  // Splitting at a pattern with a group keeps the group: literals and expressions alternate.
  const pieces = text
    .split(PLACEHOLDER)
    .map((piece, index) => (index % 2 === 0 ? piece : parseExpression(piece)))
  if (PARSED.size < MAX_PARSED) PARSED.set(text, pieces)
  return pieces
}

function renderText(text: string, values: JsonObject, grants: GrantsForTemplates): string | undefined {
  let rendered = ''
  for (const piece of piecesOf(text)) {
    const value = typeof piece === 'string' ? piece : piece(values, grants)
    if (value === undefined) return undefined
    rendered += value
  }
  return rendered
}

function parseExpression(expression: string): Exclude<Piece, string> {
  const opening = expression.indexOf('(')
  if (opening < 0) return (values, grants) => lookUp(expression, values, grants)
  const name = expression.slice(0, opening)
  const evaluator = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (evaluator === undefined || !expression.endsWith(')')) {
    throw new InvariantError(`a template calls the unknown function ${name}`)
  }
  const names = expression.slice(opening + 1, -1).split(',')
  return (values, grants) => evaluator(names, (operand) => lookUp(operand, values, grants), values)
}

function lookUp(name: string, values: JsonObject, grants: GrantsForTemplates): string | undefined {
  if (name.startsWith('grant.')) return lookUpGrant('main', name.slice('grant.'.length), grants)
  if (name.startsWith('grants.')) {
    const [grantName = '', ...member] = name.slice('grants.'.length).split('.')
    return lookUpGrant(grantName, member.join('.'), grants)
  }
  const value = ownValue(values, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function lookUpGrant(grantName: string, member: string, grants: GrantsForTemplates): string | undefined {
  const grant = Object.hasOwn(grants, grantName) ? grants[grantName] : undefined
  if (member === 'access_token') return grant?.access_token
  const extra = grant?.extra ?? {}
  const name = member.slice('extra.'.length)
  return member.startsWith('extra.') && Object.hasOwn(extra, name) ? extra[name] : undefined
}

type TemplateFunction = (
  names: readonly string[],
  get: (name: string) => string | undefined,
  values: JsonObject,
) => string | undefined

const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  mask: ([name = ''], get) => mapDefined(get(name), mask),
  label: ([name = ''], get) => mapDefined(get(name), toTitleCase),
  base: ([name = ''], get) => mapDefined(get(name), toBaseUrl),
  // JSON key files spell line breaks `\n`; what reads PEM wants real ones.
  pem: ([name = ''], get) => mapDefined(get(name), (text) => text.replaceAll('\\n', '\n')),
  fill: ([name = ''], get) => mapDefined(get(name), (text) => mapDefined(fillIn(text, get), toBaseUrl)),
  path: ([name = ''], get) => mapDefined(get(name), toPathSegment),
  // RFC 7617 §2: an absent password is an empty one; the user name has to be there.
  basic: ([user = '', password = ''], get) =>
    mapDefined(get(user), (text) => Buffer.from(`${text}:${get(password) ?? ''}`, 'utf8').toString('base64')),
  'after-last': ([separator = '', name = ''], get) =>
    mapDefined(get(name), (text) => labelAfter(text, separator)),
  when: ([name = '', text = ''], get) => (get(name) === text ? '' : undefined),
  names: ([name = ''], _get, values) => listNames(ownValue(values, name)),
}

function mapDefined(
  value: string | undefined,
  change: (text: string) => string | undefined,
): string | undefined {
  return value === undefined ? undefined : change(value)
}

function toTitleCase(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()
}

/** Origin and path, without query, fragment and trailing slashes, so that a path can be appended. */
function toBaseUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return undefined
  let end = url.pathname.length
  while (end > 0 && url.pathname[end - 1] === '/') end -= 1
  return url.origin + url.pathname.slice(0, end)
}

/** The members of the grant in their places: one at the start is a URL, every other a piece of one. */
function fillIn(text: string, get: (name: string) => string | undefined): string | undefined {
  let complete = true
  const filled = text.replace(PLACEHOLDER, (_, name: string, at: number) => {
    const value = get(`grant.extra.${name}`)
    if (value === undefined) complete = false
    return at === 0 ? (value ?? '').replace(/\/+$/, '') : encodeURIComponent(value ?? '')
  })
  return complete ? filled : undefined
}

/** RFC 3986 §3.3: a segment may carry `:` as it is, and Telegram's tokens have one. */
function toPathSegment(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':')
}

/** A part that becomes a host name has to be a single DNS label, or a key could name another host. */
function labelAfter(text: string, separator: string): string | undefined {
  const label = text.slice(text.lastIndexOf(separator) + separator.length)
  return text.includes(separator) && /^[a-z0-9]{1,63}$/.test(label) ? label : undefined
}

function listNames(list: JsonValue | undefined): string | undefined {
  if (!Array.isArray(list)) return undefined
  const names = list.map((entry: JsonValue) => nameOf(entry)).filter((name) => name !== undefined)
  const shown = names.slice(0, SHOWN_NAMES).join(', ')
  return names.length > SHOWN_NAMES ? `${shown} and ${names.length - SHOWN_NAMES} more` : shown
}

function nameOf(entry: JsonValue): string | undefined {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return undefined
  const name = (entry as JsonObject)['name']
  return typeof name === 'string' ? name : undefined
}
