import { createHash } from 'node:crypto'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Digester } from '../../shared/ports/digester.ts'

/** Every promise of the `Digester` port; `other` has another key. `open` is called once a test. */
export function digesterContract(
  name: string,
  open: () => Promise<{ digester: Digester; other: Digester }>,
): void {
  describe(`${name}, a Digester`, () => {
    let digester: Digester
    let other: Digester

    beforeEach(async () => {
      ;({ digester, other } = await open())
    })

    it('answers 64 lowercase hex characters, the same each time', async () => {
      const digest = await digester.digest('setup', new SecretText('text'))
      expect(digest).toMatch(/^[0-9a-f]{64}$/)
      expect(await digester.digest('setup', new SecretText('text'))).toBe(digest)
    })

    it('separates purposes, texts and keys', async () => {
      const digests = [
        await digester.digest('setup', new SecretText('text')),
        await digester.digest('idempotent-body', new SecretText('text')),
        await digester.digest('refresh-token', new SecretText('text')),
        await digester.digest('oauth-state', new SecretText('text')),
        await digester.digest('setup', new SecretText('text ')),
        await digester.digest('setup', new SecretText('')),
        await other.digest('setup', new SecretText('text')),
      ]
      expect(new Set(digests).size).toBe(digests.length)
    })

    it('cannot be guessed without the key', async () => {
      const digest = await digester.digest('setup', new SecretText('text'))
      for (const guess of ['text', 'setuptext', 'setup:text']) {
        expect(digest).not.toBe(createHash('sha256').update(guess).digest('hex'))
      }
    })

    it('takes texts as long as a secret and sees their last byte', async () => {
      const long = 'x'.repeat(65_535)
      const first = await digester.digest('idempotent-body', new SecretText(`${long}a`))
      const second = await digester.digest('idempotent-body', new SecretText(`${long}b`))
      expect(first).not.toBe(second)
    })
  })
}
