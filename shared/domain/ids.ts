/** The part of the `Random` port that ids need. */
interface Random {
  bytes(length: number): Uint8Array
}

// The ASCII order of these characters is their numeric order, so that ids sort by the time they carry.
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^8 ms last until the year 8888. */
const TIME_CHARACTERS = 8
/** 62^14 is 83 bits: ids of one millisecond neither collide nor can be guessed. */
const CHANCE_CHARACTERS = 14
/** The largest multiple of 62 in a byte: larger bytes are drawn again, so that no character is likelier. */
const UNBIASED_BYTE_LIMIT = 248

/** A flow's id at its own platform, wherever one is named: where used, audit, usage, and what a flow sends. */
export const FLOW_ID = /^[A-Za-z0-9_.:-]{1,100}$/

/** Auth0 refuses ids over 30 characters before it looks them up. */
export const MAX_ID_LENGTH = 30

/**
 * `prefix` and 22 alphanumeric characters, as Auth0's ids look (`ac_…`). The first eight carry the creation time,
 * so that ascending ids are in creation order and a list needs no second index.
 */
export function newId(
  prefix: 'ac_' | 'oa_' | 'fz_' | 'su_' | 'pm_',
  options: { nowMs: number; random: Random },
): string {
  let time = ''
  let rest = options.nowMs
  for (let i = 0; i < TIME_CHARACTERS; i++) {
    time = ALPHABET[rest % 62] + time
    rest = Math.floor(rest / 62)
  }
  return prefix + time + randomAlphanumeric(CHANCE_CHARACTERS, options.random)
}

/** `length` characters out of 62, each as likely as the others. */
export function randomAlphanumeric(length: number, random: Random): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) {
      if (byte < UNBIASED_BYTE_LIMIT) text += ALPHABET[byte % 62]
    }
  }
  return text
}

/** A random UUID (RFC 9562 version 4) from the given chance; Secrets Manager takes it as a request token. */
export function newUuid(random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A number in [0, buckets) that depends on the text alone (FNV-1a), for shards and per-id jitter. */
export function bucketOf(text: string, buckets: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193) >>> 0
  }
  // A final mix, because FNV's low bits follow the last characters too closely for ids that share a prefix.
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d) >>> 0
  hash ^= hash >>> 12
  return (hash >>> 0) % buckets
}
