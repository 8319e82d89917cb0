import type { KeyWrapper } from '../../shared/ports/key-wrapper.ts'

/** Data keys as they are: where the seal is not what is tested, and files would not keep step with the clock. */
export const OPEN_KEYS: KeyWrapper = {
  async generateDataKey() {
    const plaintext = new Uint8Array(32).fill(7)
    return { plaintext, key: { keyId: 'k', wrapped: Buffer.from(plaintext).toString('base64') } }
  },
  async unwrap({ wrapped }) {
    return Buffer.from(wrapped, 'base64')
  },
  async rewrap(key) {
    return key
  },
}
