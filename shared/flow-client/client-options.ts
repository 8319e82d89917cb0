import { FlowVaultError } from './flow-vault-error.ts'

/** Refuses what is no object of options, and names that do not exist, with the one that was probably meant. */
export function refuseUnknownOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw invalidOptions(where, `pass an object with options of these: ${known.join(', ')}`)
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = known.find((other) => distance(name.toLowerCase(), other.toLowerCase()) <= 2)
    throw invalidOptions(
      where,
      `there is no option "${name}"${near === undefined ? `. Allowed: ${known.join(', ')}` : `; did you mean "${near}"?`}`,
    )
  }
}

/** What the vault takes for a flow's id, wherever one is named. */
export const FLOW_ID = /^[A-Za-z0-9_.:-]{1,100}$/

/** Throws unless the value may name a flow. */
export function requireFlowId(where: string, value: unknown): void {
  if (typeof value !== 'string' || !FLOW_ID.test(value))
    throw invalidOptions(where, 'flowId is up to 100 letters, digits and _ . : -, such as "orders-nightly"')
}

/** The ids of the vault, and nothing that would be another path. */
const CONNECTION_ID = /^[A-Za-z0-9_-]{1,100}$/

/** Throws unless the value may be a connection's id. */
export function requireConnectionId(id: unknown): asserts id is string {
  if (typeof id === 'string' && CONNECTION_ID.test(id)) return
  const got = typeof id === 'string' ? `"${id.slice(0, 40)}"` : id === null ? 'null' : typeof id
  throw invalidOptions(
    'credentials, fetch, use',
    `the first argument, id, is that of a connection, such as "ac_…", and not ${got}`,
  )
}

/** Throws unless the value, where there is one, is a function. */
export function requireFunction(where: string, name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalidOptions(where, `${name} is a function`)
}

/** An address of http or https; the vault's own has no query, and no name and password, which would be lost. */
export function isAddress(value: unknown, { withQuery = false } = {}): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, search, hash, username, password } = new URL(value)
  return /^https?:$/.test(protocol) && `${withQuery ? '' : search}${hash}${username}${password}` === ''
}

/** What a timer takes (HTML, "timers": a signed 32-bit number of ms). */
const MAX_TIMER_MS = 2_147_483_647

/** Throws unless the value is a time that a timer can wait. */
export function requireTimeout(where: string, name: string, value: unknown): void {
  requireNumber(where, name, value, 1)
  if ((value as number) > MAX_TIMER_MS) throw invalidOptions(where, `${name} is at most ${MAX_TIMER_MS}`)
}

/** Throws unless the value is a number of at least `least`. */
export function requireNumber(where: string, name: string, value: unknown, least: number): void {
  if (typeof value !== 'number' || Number.isNaN(value) || value < least)
    throw invalidOptions(where, `${name} is a number of at least ${least}`)
}

/** The error that says which function was called how, and what it takes. */
export function invalidOptions(where: string, why: string): FlowVaultError {
  return new FlowVaultError('invalid_options', `${where}: ${why}${why.endsWith('?') ? '' : '.'}`)
}

/** How many letters one name is from another (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 0; index < one.length; index += 1) {
    const next = [index + 1]
    for (let column = 0; column < other.length; column += 1) {
      const replaced = row[column]! + (one[index] === other[column] ? 0 : 1)
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1))
    }
    row = next
  }
  return row[other.length]!
}
