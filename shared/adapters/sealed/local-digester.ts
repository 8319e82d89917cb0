import { createHmac, type KeyObject } from 'node:crypto'
import { lengthPrefixed } from '../../domain/length-prefixed.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Digester, DigestPurpose } from '../../ports/digester.ts'

/** HMAC-SHA-256 (RFC 2104) by the digest key of the key file, over the purpose and the text, each with its length. */
export class LocalDigester implements Digester {
  readonly #digestKey: KeyObject

  constructor(digestKey: KeyObject) {
    this.#digestKey = digestKey
  }

  async digest(purpose: DigestPurpose, text: SecretText): Promise<string> {
    return createHmac('sha256', this.#digestKey)
      .update(lengthPrefixed([purpose, text.reveal()]))
      .digest('hex')
  }
}
