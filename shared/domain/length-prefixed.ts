/**
 * The parts one after the other, each led by its length in bytes (4 bytes, big-endian), so that no two lists
 * give the same bytes: `['ab', 'c']` and `['a', 'bc']` differ. For associated data and keyed digests.
 */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = parts.flatMap((part) => {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.byteLength)
    return [length, bytes]
  })
  return Buffer.concat(pieces)
}
