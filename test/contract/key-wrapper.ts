import { type KeyContext, KeyUnavailableError, type KeyWrapper } from '../../shared/ports/key-wrapper.ts'
import { SealBrokenError } from '../../shared/ports/secret-store.ts'

/** A wrapper, a way to make another key the active one, and the name of a key that is nowhere. */
export interface KeyWrapperUnderTest {
  readonly wrapper: KeyWrapper
  /** The wrapper to use from then on; it may be the same. */
  rotate(): Promise<KeyWrapper>
  readonly absentKeyId: string
}

const CONTEXT: KeyContext = { tenant: 't1', secretId: 'flow-vault/local/s/t1/ac_1/g1', versionId: 'v1' }

/** Every promise of the `KeyWrapper` port, against what `open` gives. `open` is called once a test. */
export function keyWrapperContract(name: string, open: () => Promise<KeyWrapperUnderTest>): void {
  describe(`${name}, a KeyWrapper`, () => {
    let wrapper: KeyWrapper
    let underTest: KeyWrapperUnderTest

    beforeEach(async () => {
      underTest = await open()
      wrapper = underTest.wrapper
    })

    it('makes a new key of 32 bytes each time', async () => {
      const first = await wrapper.generateDataKey(CONTEXT)
      const second = await wrapper.generateDataKey(CONTEXT)
      expect(first.plaintext).toHaveLength(32)
      expect(hex(first.plaintext)).not.toBe(hex(second.plaintext))
      expect(first.key.wrapped).not.toBe(second.key.wrapped)
    })

    it('unwraps what it wrapped', async () => {
      const { plaintext, key } = await wrapper.generateDataKey(CONTEXT)
      expect(hex(await wrapper.unwrap(key, CONTEXT))).toBe(hex(plaintext))
    })

    it('does not show the key in what it wrapped', async () => {
      const { plaintext, key } = await wrapper.generateDataKey(CONTEXT)
      expect(hex(Buffer.from(key.wrapped, 'base64'))).not.toContain(hex(plaintext))
    })

    it('gives bytes the caller may wipe', async () => {
      const { plaintext, key } = await wrapper.generateDataKey(CONTEXT)
      const expected = hex(plaintext)
      plaintext.fill(0)
      const unwrapped = await wrapper.unwrap(key, CONTEXT)
      unwrapped.fill(0)
      expect(hex(await wrapper.unwrap(key, CONTEXT))).toBe(expected)
    })

    it.each<[string, KeyContext]>([
      ['tenant', { ...CONTEXT, tenant: 't2' }],
      ['secret', { ...CONTEXT, secretId: 'flow-vault/local/s/t1/ac_2/g1' }],
      ['version', { ...CONTEXT, versionId: 'v2' }],
      ['cut between the same letters', { ...CONTEXT, tenant: 't1f', secretId: 'low-vault/t1/ac_1/g1' }],
    ])('refuses to unwrap or rewrap for another %s', async (_, other) => {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      const rotated = await underTest.rotate()
      await expect(rotated.unwrap(key, other)).rejects.toThrow(SealBrokenError)
      await expect(rotated.rewrap(key, other)).rejects.toThrow(SealBrokenError)
    })

    it('refuses a wrapped key that was changed in its last byte', async () => {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      const bytes = Buffer.from(key.wrapped, 'base64')
      bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1
      const changed = { ...key, wrapped: bytes.toString('base64') }
      await expect(wrapper.unwrap(changed, CONTEXT)).rejects.toThrow(SealBrokenError)
    })

    it('refuses a wrapped key that was cut short', async () => {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      const cut = { ...key, wrapped: Buffer.from(key.wrapped, 'base64').subarray(0, 20).toString('base64') }
      await expect(wrapper.unwrap(cut, CONTEXT)).rejects.toThrow(SealBrokenError)
    })

    it('refuses the name of a key that is not there', async () => {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      const unknown = { ...key, keyId: underTest.absentKeyId }
      await expect(wrapper.unwrap(unknown, CONTEXT)).rejects.toThrow(KeyUnavailableError)
    })

    it('answers a key of the active one with the very same object', async () => {
      const { key } = await wrapper.generateDataKey(CONTEXT)
      expect(await wrapper.rewrap(key, CONTEXT)).toBe(key)
    })

    it('opens old wraps after a rotation and wraps by the new key', async () => {
      const old = await wrapper.generateDataKey(CONTEXT)
      const rotated = await underTest.rotate()
      expect(hex(await rotated.unwrap(old.key, CONTEXT))).toBe(hex(old.plaintext))
      const fresh = await rotated.generateDataKey(CONTEXT)
      expect(fresh.key.keyId).not.toBe(old.key.keyId)
      expect(hex(await rotated.unwrap(fresh.key, CONTEXT))).toBe(hex(fresh.plaintext))
    })

    it('rewraps the same data key by the active key', async () => {
      const old = await wrapper.generateDataKey(CONTEXT)
      const rotated = await underTest.rotate()
      const rewrapped = await rotated.rewrap(old.key, CONTEXT)
      const { key: active } = await rotated.generateDataKey(CONTEXT)
      expect(rewrapped.keyId).toBe(active.keyId)
      expect(rewrapped.wrapped).not.toBe(old.key.wrapped)
      expect(hex(await rotated.unwrap(rewrapped, CONTEXT))).toBe(hex(old.plaintext))
      expect(await rotated.rewrap(rewrapped, CONTEXT)).toBe(rewrapped)
    })
  })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
