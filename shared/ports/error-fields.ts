import { VaultError } from '../domain/errors.ts'
import { ConditionFailedError, StoreUnavailableError } from './item-store.ts'
import { KeyUnavailableError } from './key-wrapper.ts'
import { SealBrokenError, SecretConflictError, SecretNotFoundError } from './secret-store.ts'

/** Errors whose messages we build ourselves, of fixed words, codes and ids; `test/tidy.test.ts` watches over that. */
const OWN_WORDS = [
  StoreUnavailableError,
  KeyUnavailableError,
  SealBrokenError,
  SecretNotFoundError,
  SecretConflictError,
  ConditionFailedError,
] as const

/** What a class of errors is named, and a code such as `ECONNRESET`; anything else may be data. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/
/** A frame as V8 prints it: a function's name, and a place by path, line and column. */
const FRAME = /^\s*at (?:([\w.<>#$ ]{1,80}) )?\(?(?:file:\/\/)?([\w@.:/\\-]{1,300}:\d+:\d+)\)?$/
/** Where our own code begins in a path: what lies before it is the machine's business. */
const MACHINE_PATH = /^.*\/(?=(?:functions|shared|infra|node_modules)\/)/
const FRAMES = 4

/** What a log line may say of an error. */
export type ErrorFields = {
  /** Its class. */
  readonly error: string
  /** Why, in our own words; of any other error no more than its code, when it has one. */
  readonly reason: string | undefined
  /** Where an error comes from that nobody expected: the innermost frames. */
  readonly at: string | undefined
}

/**
 * An error as log fields. The message of a library's error is never among them: it may hold a request with its
 * token, an excerpt of the text that did not parse, or the row that broke a constraint.
 */
export function errorFields(error: unknown): ErrorFields {
  if (error instanceof VaultError) return { error: error.name, reason: error.code, at: undefined }
  if (OWN_WORDS.some((kind) => error instanceof kind)) {
    const { name, message } = error as Error
    return { error: name, reason: message, at: undefined }
  }
  if (!(error instanceof Error)) return { error: typeof error, reason: undefined, at: undefined }
  const { code } = error as { code?: unknown }
  return {
    error: NAME.test(error.name) ? error.name : 'Error',
    reason: typeof code === 'string' && CODE.test(code) ? code : undefined,
    at: framesOf(error),
  }
}

/** The frames alone: a message, which comes first, may have lines that look like some. */
function framesOf({ message, stack = '' }: Error): string | undefined {
  const messageAt = stack.lastIndexOf(message)
  if (messageAt < 0) return undefined
  const trace = message === '' ? stack : stack.slice(messageAt + message.length)
  const frames = trace.split('\n').flatMap((line) => {
    const [, name, place] = FRAME.exec(line) ?? []
    if (place === undefined) return []
    const where = place.replace(MACHINE_PATH, '')
    return [name === undefined ? where : `${name} (${where})`]
  })
  return frames.length === 0 ? undefined : frames.slice(0, FRAMES).join(' < ')
}
