import { openStream, SealedStreamError, sealStream } from '../../../../infra/embedded/copies/sealed-stream.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'

const CHUNK = 64 * 1024
const SEALED_CHUNK = CHUNK + 16
const HEADER = 27
const PASSPHRASE = new SecretText('correct horse battery staple')
const FAST = { random: new SystemRandom(), log2N: 4 }

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The bytes in pieces of odd sizes, as a disk or a pipe may hand them on. */
async function* pieces(bytes: Buffer, size = 10_007): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

const seal = (plain: Buffer, passphrase = PASSPHRASE) => collect(sealStream(pieces(plain), passphrase, FAST))
const open = (sealed: Buffer, passphrase = PASSPHRASE) =>
  collect(openStream(pieces(sealed, 9_973), passphrase))
const plainOf = (length: number) => Buffer.from(new SystemRandom().bytes(length))

describe('sealStream and openStream', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 500])(
    'give back %i bytes as they were',
    async (length) => {
      const plain = plainOf(length)
      const sealed = await seal(plain)
      expect((await open(sealed)).equals(plain)).toBe(true)
      expect(sealed.byteLength).toBe(HEADER + length + 16 * Math.max(1, Math.ceil(length / CHUNK)))
    },
  )

  it('use the costly derivation when nothing else is said', async () => {
    const sealed = await collect(sealStream(pieces(plainOf(10)), PASSPHRASE, { random: new SystemRandom() }))
    expect([...sealed.subarray(8, 11)]).toEqual([17, 8, 1])
    expect((await open(sealed)).byteLength).toBe(10)
  })

  it('show nothing of the plain text, and seal the same text differently each time', async () => {
    const plain = Buffer.from('planted-canary '.repeat(20))
    const [one, other] = [await seal(plain), await seal(plain)]
    expect(one.includes('canary')).toBe(false)
    expect(one.subarray(HEADER).equals(other.subarray(HEADER))).toBe(false)
  })

  it('take a passphrase for the same however its accents are composed', async () => {
    const sealed = await seal(plainOf(5), new SecretText('caf\u00e9 au lait, s\u2019il vous pla\u00eet'))
    const decomposed = new SecretText('cafe\u0301 au lait, s\u2019il vous plai\u0302t')
    expect((await open(sealed, decomposed)).byteLength).toBe(5)
  })

  it('refuse another passphrase', async () => {
    const sealed = await seal(plainOf(100))
    await expect(open(sealed, new SecretText('correct horse battery stapler'))).rejects.toThrow(
      'The passphrase is another one, or the backup is damaged.',
    )
  })

  it.each([
    ['its magic', 0],
    ['the cost of its derivation', 8],
    ['its salt', 12],
    ['its first chunk', HEADER + 5],
    ['the tag of its first chunk', HEADER + CHUNK + 3],
    ['a middle chunk', HEADER + SEALED_CHUNK + 5],
    ['its last byte', -1],
  ])('refuse a change of %s', async (_, at) => {
    const sealed = await seal(plainOf(2 * CHUNK + 10))
    const place = at < 0 ? sealed.byteLength + at : at
    sealed[place] = sealed[place]! ^ 1
    await expect(open(sealed)).rejects.toThrow(SealedStreamError)
  })

  it.each([
    ['inside its header', 10],
    ['after its header', HEADER],
    ['inside the first chunk', HEADER + 100],
    ['between two chunks', HEADER + SEALED_CHUNK],
    ['before its last chunk', HEADER + 2 * SEALED_CHUNK],
    ['one byte before its end', -1],
  ])('refuse a file that is cut off %s', async (_, end) => {
    const sealed = await seal(plainOf(2 * CHUNK + 10))
    await expect(open(sealed.subarray(0, end))).rejects.toThrow(SealedStreamError)
  })

  it('refuse chunks in another order, or one that is left out or repeated', async () => {
    const sealed = await seal(plainOf(3 * CHUNK))
    const header = sealed.subarray(0, HEADER)
    const chunk = (n: number) => sealed.subarray(HEADER + n * SEALED_CHUNK, HEADER + (n + 1) * SEALED_CHUNK)
    for (const order of [
      [1, 0, 2],
      [0, 2],
      [0, 0, 1, 2],
      [0, 1, 2, 2],
      [0, 2, 1],
    ]) {
      await expect(open(Buffer.concat([header, ...order.map(chunk)]))).rejects.toThrow(SealedStreamError)
    }
  })

  it('hand on nothing of a chunk that is not authentic', async () => {
    const sealed = await seal(plainOf(2 * CHUNK))
    sealed[HEADER + SEALED_CHUNK + 1] = sealed[HEADER + SEALED_CHUNK + 1]! ^ 1
    let length = 0
    const reading = (async () => {
      for await (const piece of openStream(pieces(sealed), PASSPHRASE)) length += piece.byteLength
    })()
    await expect(reading).rejects.toThrow('The backup is damaged or cut off, about 65536 bytes')
    expect(length).toBe(CHUNK)
  })

  it('refuse a file that asks for more memory than a backup ever does', async () => {
    const sealed = await seal(plainOf(10))
    sealed[8] = 40
    await expect(open(sealed)).rejects.toThrow('not a backup')
  })
})
