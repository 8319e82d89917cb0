/** RFC 6749 §5.2: an error code is printable ASCII without the double quote and the back slash. */
const CODE = /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/
const MAX_DESCRIPTION_CHARS = 240
/** A text that quotes a whole page is cut before it is searched. */
const MAX_READ_CHARS = 2_000
/** What may be a key or a token that we do not know: a long run of its alphabet with letters and digits in it. */
const OPAQUE = /[A-Za-z0-9+/_=~.-]{20,}/g
/** Shorter values are words, and every other sentence has them. */
const MIN_SECRET_CHARS = 4
const REDACTED = '[redacted]'

/** A provider's error code as it may be shown to all who may read the connection; undefined for what is none. */
export function shownCode(code: string): string | undefined {
  const text = code.trim()
  return CODE.test(text) && !hasOpaque(text) ? text : undefined
}

/**
 * A provider's own words as they may be shown to those who may read the connection: on one line, cut, and free of
 * the given secrets and of whatever looks like one. Undefined when nothing is left to read.
 */
export function shownDescription(text: string, secrets: readonly string[] = []): string | undefined {
  let shown = text.slice(0, MAX_READ_CHARS)
  for (const spelling of secrets.flatMap((secret) => spellingsOf(secret))) {
    shown = shown.replaceAll(spelling, REDACTED)
  }
  shown = shown.replace(OPAQUE, (run) => (isOpaque(run) ? REDACTED : run))
  // Control, format and unpaired characters, and blanks of every width: the text is shown beside our own.
  shown = shown.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()
  if (!/[\p{L}\p{N}]/u.test(shown)) return undefined
  const characters = [...shown]
  if (characters.length <= MAX_DESCRIPTION_CHARS) return shown
  return `${characters.slice(0, MAX_DESCRIPTION_CHARS - 1).join('')}…`
}

function spellingsOf(secret: string): string[] {
  if (secret.length < MIN_SECRET_CHARS) return []
  const encoded = Buffer.from(secret, 'utf8')
  const base64 = encoded.toString('base64').replace(/=+$/, '')
  const form = new URLSearchParams({ '': secret }).toString().slice(1)
  return [secret, encodeURIComponent(secret), form, base64, encoded.toString('base64url')]
}

function hasOpaque(text: string): boolean {
  return (text.match(OPAQUE) ?? []).some((run) => isOpaque(run))
}

/** Words joined by underscores or dots have no digits; a date or a version has no letters. */
function isOpaque(run: string): boolean {
  return /\d/.test(run) && /[A-Za-z]/.test(run)
}
