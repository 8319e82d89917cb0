import fc from 'fast-check'
import { type JsonSchema, strangeValues, valuesOf } from './schema-values.ts'

/** What the pages of an authorization post. */
const FORM = 'application/x-www-form-urlencoded'

/** One operation of an OpenAPI document, as far as a fuzzer reads it. */
export interface Operation {
  readonly operationId: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly required: boolean
    readonly schema: JsonSchema
  }[]
  readonly requestBody?: {
    readonly content: Readonly<
      Partial<Record<'application/json' | typeof FORM, { readonly schema: JsonSchema }>>
    >
  }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>> }>
  >
}

/** A request as it goes out: text in every place. */
export interface FuzzedRequest {
  readonly method: string
  readonly pathAndQuery: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface FuzzedOperation {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  /** Values for parameters that a schema alone would never hit, such as ids of what there is. */
  readonly known: Readonly<Record<string, fc.Arbitrary<string>>>
}

/** Requests that the document allows, and the same with something wrong in one place or several. */
export function requestsOf(fuzzed: FuzzedOperation): fc.Arbitrary<FuzzedRequest> {
  const { method, path, operation } = fuzzed
  const content = operation.requestBody?.content
  const form = content?.[FORM]?.schema
  const schema = content?.['application/json']?.schema ?? form
  const usual = form === undefined ? 'application/json' : FORM
  return fc
    .record({
      parameters: parametersOf(fuzzed),
      body:
        schema === undefined
          ? fc.constant(undefined)
          : bodiesOf(schema).map((body) => (form === undefined ? body : asForm(body))),
      type: fc.oneof(
        { weight: 12, arbitrary: fc.constant(usual) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/json;'),
        },
      ),
    })
    .map(({ parameters, body, type }) => {
      const query = new URLSearchParams(parameters.query).toString()
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent((parameters.path[name] ?? 'x').toWellFormed()),
      )
      return {
        method: method.toUpperCase(),
        pathAndQuery: query === '' ? filled : `${filled}?${query}`,
        headers: { ...parameters.header, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
      }
    })
}

/** The members of a JSON object as a form; anything else goes as it is, which is no form. */
function asForm(body: string): string {
  try {
    const members: unknown = JSON.parse(body)
    if (typeof members !== 'object' || members === null || Array.isArray(members)) return body
    return new URLSearchParams(
      Object.entries(members).map(([name, value]): [string, string] => [
        name.toWellFormed(),
        String(value).toWellFormed(),
      ]),
    ).toString()
  } catch {
    return body
  }
}

type Parameters = Readonly<Record<'path' | 'query' | 'header', Readonly<Record<string, string>>>>

function parametersOf({ operation, known }: FuzzedOperation): fc.Arbitrary<Parameters> {
  const places = (['path', 'query', 'header'] as const).map((place) => {
    const parameters = operation.parameters.filter(({ in: at }) => at === place)
    const entries = parameters.map(({ name, schema }) => [
      name,
      place === 'header' ? headerValues(schema) : texts(schema, known[name]),
    ])
    const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name)
    return fc.record<Record<string, string>, string>(Object.fromEntries(entries), {
      requiredKeys,
      noNullPrototype: true,
    })
  })
  const unknown = fc.oneof(
    { weight: 12, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2, noNullPrototype: true }) },
  )
  return fc
    .tuple(...places, unknown)
    .map(([path, query, header, extra]) => ({ path: path!, query: { ...query, ...extra }, header: header! }))
}

function texts(schema: JsonSchema, known: fc.Arbitrary<string> | undefined): fc.Arbitrary<string> {
  const strange = strangeValues().map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  const nonEmpty = strange.map((text) => (text === '' ? 'x' : text.slice(0, 1000)))
  const fitting = known ?? valuesOf(schema).map(String)
  return fc.oneof({ weight: 10, arbitrary: fitting }, { weight: 1, arbitrary: nonEmpty })
}

/** What an HTTP client agrees to send; the rest is tried over a bare socket. */
function headerValues(schema: JsonSchema): fc.Arbitrary<string> {
  return fc.oneof(
    valuesOf(schema).map((value) => String(value).replaceAll(/[^\x21-\x7e]/g, '')),
    fc.constantFrom('', '*', '"v1"', 'W/"v1"', '"c1.1", "c1.2"', 'x'.repeat(600)),
  )
}

/** JSON texts: as the schema has it, changed in one place, and no JSON at all. */
function bodiesOf(schema: JsonSchema): fc.Arbitrary<string> {
  const valid = valuesOf(schema)
  return fc.oneof(
    { weight: 10, arbitrary: valid.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: mutated(valid).map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: strangeValues().map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: broken(valid.map((value) => JSON.stringify(value))) },
  )
}

function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const changes = fc.record({
    way: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
    at: fc.nat(),
    name: fc.oneof(fc.constantFrom('__proto__', 'constructor', 'tenant', 'id'), fc.string()),
    value: strangeValues(),
  })
  return fc.tuple(values, changes).map(([value, change]) => {
    const copy = structuredClone(value)
    const places = placesIn(copy)
    const place = places[change.at % places.length]
    if (place === undefined) return change.value
    if (change.way === 'remove') delete place.holder[place.name]
    else if (change.way === 'add' && Array.isArray(place.holder)) place.holder.push(change.value)
    else {
      const name = change.way === 'replace' ? place.name : change.name
      Object.defineProperty(place.holder, name, {
        value: change.value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    return copy
  })
}

interface Place {
  readonly holder: Record<string, unknown>
  readonly name: string
}

function placesIn(value: unknown): Place[] {
  if (value === null || typeof value !== 'object') return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((name) => [{ holder, name }, ...placesIn(holder[name])])
}

function broken(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(texts, fc.nat(), fc.constantFrom('', ',', '}', '"', '\\', '\0', '[[[['))
    .map(([text, at, inserted]) => {
      const cut = at % (text.length + 1)
      return `${text.slice(0, cut)}${inserted}${text.slice(cut + 1)}`
    })
}
