import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import {
  lockOf,
  openStream,
  requireRecipient,
  type SealedFor,
  SealedStreamError,
  sealStream,
} from '../../../../infra/embedded/copies/sealed-stream.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'

const CHUNK = 64 * 1024
const SEALED_CHUNK = CHUNK + 16
const TEXT = 'correct horse battery staple'
const PASSPHRASE = new SecretText(TEXT)
const WORK_FACTOR = 4

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The bytes in pieces of odd sizes, as a disk or a pipe may hand them on. */
async function* pieces(bytes: Buffer, size = 10_007): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

const seal = (plain: Buffer, passphrase = PASSPHRASE) =>
  sealFor(plain, { passphrase, workFactor: WORK_FACTOR })
const sealFor = (plain: Buffer, sealedFor: SealedFor) => collect(sealStream(pieces(plain), sealedFor))
const open = (sealed: Buffer, passphrase = PASSPHRASE) =>
  collect(openStream(pieces(sealed, 9_973), { passphrase }))
const plainOf = (length: number) => Buffer.from(new SystemRandom().bytes(length))
/** Where the first chunk begins: after the text header, which ends with `--- <mac>`, and 16 bytes of nonce. */
const headerLength = (sealed: Buffer) => sealed.indexOf('\n', sealed.indexOf('\n--- ') + 1) + 1 + 16

describe('sealStream and openStream', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 500])(
    'give back %i bytes as they were',
    async (length) => {
      const plain = plainOf(length)
      expect((await open(await seal(plain))).equals(plain)).toBe(true)
    },
  )

  it('write what another program of age-encryption.org/v1 opens', async () => {
    const decrypter = new Decrypter()
    decrypter.addPassphrase(TEXT)
    expect(await decrypter.decrypt(await seal(Buffer.from('whole')), 'text')).toBe('whole')
  })

  it('seal for the holders of keys, each of whom opens it with theirs', async () => {
    const identities = [await generateIdentity(), await generateIdentity(), await generateIdentity()]
    const recipients = await Promise.all(identities.slice(0, 2).map(identityToRecipient))
    const sealed = await sealFor(Buffer.from('whole'), { recipients })
    const openAs = (identity: string) =>
      collect(openStream(pieces(sealed), { identities: [new SecretText(identity)] }))
    expect((await openAs(identities[0]!)).toString()).toBe('whole')
    expect((await openAs(identities[1]!)).toString()).toBe('whole')
    await expect(openAs(identities[2]!)).rejects.toThrow('It was made for other keys')
    await expect(open(sealed)).rejects.toThrow(SealedStreamError)
  })

  it('show nothing of a key that is none', async () => {
    const opening = collect(
      openStream(pieces(await seal(plainOf(1))), { identities: [new SecretText('planted')] }),
    )
    await expect(opening).rejects.toThrow('A key in the identity file is none.')
    await expect(opening).rejects.not.toThrow('planted')
  })

  it('use the costly derivation when nothing else is said', async () => {
    const sealed = await sealFor(plainOf(10), { passphrase: PASSPHRASE })
    expect(sealed.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 17\n/)
  })

  it('show nothing of the plain text, and seal the same text differently each time', async () => {
    const plain = Buffer.from('planted-canary '.repeat(20))
    const [one, other] = [await seal(plain), await seal(plain)]
    expect(one.includes('canary')).toBe(false)
    expect(one.subarray(headerLength(one)).equals(other.subarray(headerLength(other)))).toBe(false)
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
    ['its version', () => 5],
    ['its salt', () => 40],
    ['the tag of its header', (header: number) => header - 30],
    ['its first chunk', (header: number) => header + 5],
    ['the tag of its first chunk', (header: number) => header + CHUNK + 3],
    ['a middle chunk', (header: number) => header + SEALED_CHUNK + 5],
    ['its last byte', (_: number, length: number) => length - 1],
  ])('refuse a change of %s', async (_, placeOf) => {
    const sealed = await seal(plainOf(2 * CHUNK + 10))
    const place = placeOf(headerLength(sealed), sealed.byteLength)
    sealed[place] = sealed[place]! ^ 1
    await expect(open(sealed)).rejects.toThrow(SealedStreamError)
  })

  it.each([
    ['inside its header', () => 10],
    ['after its header', (header: number) => header],
    ['inside the first chunk', (header: number) => header + 100],
    ['between two chunks', (header: number) => header + SEALED_CHUNK],
    ['before its last chunk', (header: number) => header + 2 * SEALED_CHUNK],
    ['one byte before its end', () => -1],
  ])('refuse a file that is cut off %s', async (_, endOf) => {
    const sealed = await seal(plainOf(2 * CHUNK + 10))
    await expect(open(sealed.subarray(0, endOf(headerLength(sealed))))).rejects.toThrow(SealedStreamError)
  })

  it('refuse chunks in another order, or one that is left out or repeated', async () => {
    const sealed = await seal(plainOf(3 * CHUNK))
    const length = headerLength(sealed)
    const chunk = (n: number) => sealed.subarray(length + n * SEALED_CHUNK, length + (n + 1) * SEALED_CHUNK)
    for (const order of [
      [1, 0, 2],
      [0, 2],
      [0, 0, 1, 2],
      [0, 1, 2, 2],
      [0, 2, 1],
    ]) {
      const mixed = Buffer.concat([sealed.subarray(0, length), ...order.map(chunk)])
      await expect(open(mixed)).rejects.toThrow(SealedStreamError)
    }
  })

  it('hand on nothing of a chunk that is not authentic', async () => {
    const sealed = await seal(plainOf(2 * CHUNK))
    const place = headerLength(sealed) + SEALED_CHUNK + 1
    sealed[place] = sealed[place]! ^ 1
    let length = 0
    const reading = (async () => {
      for await (const piece of openStream(pieces(sealed), { passphrase: PASSPHRASE }))
        length += piece.byteLength
    })()
    await expect(reading).rejects.toThrow('The backup is damaged or cut off, about 65536 bytes')
    expect(length).toBe(CHUNK)
  })

  it('refuse a file that asks for more memory than a backup ever does', async () => {
    const sealed = await seal(plainOf(10))
    const greedy = Buffer.from(sealed.toString('latin1').replace(/(-> scrypt \S+) \d+/, '$1 40'), 'latin1')
    await expect(open(greedy)).rejects.toThrow(SealedStreamError)
  })
})

describe('requireRecipient', () => {
  it('lets a recipient through, and says what is one', async () => {
    expect(() => requireRecipient('a word')).toThrow('Allowed: age1…')
    expect(() => requireRecipient('age1')).toThrow(SealedStreamError)
    const recipient = await identityToRecipient(await generateIdentity())
    expect(() => requireRecipient(recipient)).not.toThrow()
  })
})

describe('lockOf', () => {
  it('says by the beginning of a file what opens it', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-lock-'))
    const file = path.join(folder, 'file')
    const lockOfBytes = (bytes: Buffer) => {
      fs.writeFileSync(file, bytes)
      return lockOf(file)
    }
    const recipients = [await identityToRecipient(await generateIdentity())]
    expect(await lockOfBytes(await seal(plainOf(1)))).toBe('passphrase')
    expect(await lockOfBytes(await sealFor(plainOf(1), { recipients }))).toBe('key')
    for (const other of ['', 'SQLite format 3', 'age-encryption.org/v2\n-> X25519 a\n'])
      await expect(lockOfBytes(Buffer.from(other))).rejects.toThrow('not a backup of a vault')
    const asking = (work: number) =>
      lockOfBytes(Buffer.from(`age-encryption.org/v1\n-> scrypt ${'s'.repeat(22)} ${work}\n`))
    expect(await asking(18)).toBe('passphrase')
    for (const work of [19, 20, 64]) await expect(asking(work)).rejects.toThrow(`work of 2^${work}`)
    fs.rmSync(folder, { recursive: true })
  })
})
