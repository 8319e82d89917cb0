import type { JsonValue } from './json.ts'

/** JSON with the members of every object in code-unit order, so that equal values have equal texts (RFC 8785). */
export function canonicalJson(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const object = value as { readonly [name: string]: JsonValue | undefined }
    const members = Object.keys(object)
      .filter((name) => object[name] !== undefined)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name])}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value ?? null)
}
