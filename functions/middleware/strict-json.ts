import { VaultError } from '../../shared/domain/errors.ts'
import type { JsonValue } from '../../shared/domain/json.ts'
import { shownName } from '../../shared/domain/schema-issue.ts'

/** The deepest body we define has 5 levels; 20 leaves room and stops nests that eat the parser's stack. */
export const MAX_JSON_DEPTH = 20
/** The largest body we define has some 300 members; checking ten thousand takes as long as a hundred requests. */
const MAX_JSON_MEMBERS = 2_000
/** A member of this name would change the prototype of whatever the object is copied into. */
const DANGEROUS_NAME = '__proto__'

/**
 * JSON text as a value. Beyond `JSON.parse` it refuses what parsers disagree about: a member name twice in one
 * object (RFC 8259 §4), the name `__proto__`, and nesting over 20; and more members than any body has. Throws
 * `invalid-body`; a message may hold a member's name, never a value, and never the parser's own words, which quote the
 * text.
 */
export function parseStrictJson(text: string): JsonValue {
  scanStructure(text)
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw invalidJson()
  }
}

function invalidJson(): VaultError {
  return new VaultError('invalid-body', 'Invalid JSON', {
    field: 'body',
    allowed: 'one JSON object in UTF-8',
  })
}

/** Walks over the text once, keeping the names seen in each open object; values are not looked at. */
function scanStructure(text: string): void {
  const open: (Set<string> | undefined)[] = []
  /** Those of the object that the next text would name a member of. */
  let names: Set<string> | undefined
  let members = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22 /* " */:
        {
          const end = endOfString(text, at)
          if (names !== undefined) {
            if (++members > MAX_JSON_MEMBERS) throw tooManyMembers()
            rememberName(names, text.slice(at, end + 1))
          }
          names = undefined
          at = end
          break
        }
      case 0x7b /* { */:
      case 0x5b /* [ */:
        {
          names = text.charCodeAt(at) === 0x7b ? new Set() : undefined
          open.push(names)
          if (open.length > MAX_JSON_DEPTH) throw tooDeep()
          break
        }
      case 0x7d /* } */:
      case 0x5d /* ] */:
        open.pop()
        break
      case 0x2c /* , */:
        names = open.at(-1)
        break
    }
  }
}

function tooDeep(): VaultError {
  return new VaultError('invalid-body', 'Nesting is too deep', {
    field: 'body',
    allowed: `at most ${MAX_JSON_DEPTH} levels`,
  })
}

function tooManyMembers(): VaultError {
  return new VaultError('invalid-body', 'Too many properties', {
    field: 'body',
    allowed: `at most ${MAX_JSON_MEMBERS}`,
  })
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c /* \ */) at++
    else if (code === 0x22 /* " */) return at
  }
  throw invalidJson()
}

function rememberName(names: Set<string>, quoted: string): void {
  const name = quoted.includes('\\') ? unescaped(quoted) : quoted.slice(1, -1)
  if (name === DANGEROUS_NAME) {
    throw new VaultError('invalid-body', `Additional properties not allowed: ${DANGEROUS_NAME}`, {
      field: DANGEROUS_NAME,
    })
  }
  if (names.has(name)) {
    throw new VaultError('invalid-body', `Duplicate property: ${shownName(name)}`, {
      field: shownName(name),
      allowed: 'each property once',
    })
  }
  names.add(name)
}

function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw invalidJson()
  }
}
