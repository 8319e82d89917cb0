import type { JsonObject, JsonValue } from './json.ts'

/** One entry of a list whose entries are told apart by their names. */
type Named = JsonObject & { readonly name: string }

/**
 * The object with the patch laid over it (RFC 7396): null removes a member, objects are merged, all else is replaced.
 * Lists whose entries all have a name, in a member that `byName` names, are merged by it: a value of null removes the
 * entry, and a new one comes last.
 */
export function mergePatch(
  target: JsonObject,
  patch: JsonObject,
  byName: ReadonlySet<string> = new Set(),
): JsonObject {
  const merged = new Map(Object.entries(target))
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue
    const old = merged.get(name)
    if (value === null) merged.delete(name)
    else if (byName.has(name) && isNamedList(value)) merged.set(name, mergeByName(old, value))
    else if (isObject(value)) merged.set(name, mergePatch(isObject(old) ? old : {}, value))
    else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

function mergeByName(old: JsonValue | undefined, changes: readonly Named[]): JsonValue {
  const entries = new Map(
    (isNamedList(old) ? old : []).map((entry): [string, JsonObject] => [entry.name, entry]),
  )
  for (const change of changes) {
    if (change['value'] === null) entries.delete(change.name)
    else entries.set(change.name, mergePatch(entries.get(change.name) ?? {}, change))
  }
  return [...entries.values()]
}

function isNamedList(value: JsonValue | undefined): value is readonly Named[] {
  return (
    Array.isArray(value) &&
    value.every((entry: JsonValue) => isObject(entry) && typeof entry['name'] === 'string')
  )
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
