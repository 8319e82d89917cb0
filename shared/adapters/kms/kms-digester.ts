import { createHash } from 'node:crypto'
import { GenerateMacCommand, type KMSClient } from '@aws-sdk/client-kms'
import { InvariantError } from '../../domain/errors.ts'
import { lengthPrefixed } from '../../domain/length-prefixed.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { Digester, DigestPurpose } from '../../ports/digester.ts'
import { kmsError } from './kms-failure.ts'

/**
 * HMAC-SHA-256 by a KMS key of spec HMAC_256 that nobody can read out. KMS takes 4,096 bytes at most, so what it
 * authenticates is the purpose and the SHA-256 of the text. Throws as the key wrapper does.
 */
export class KmsDigester implements Digester {
  readonly #client: Pick<KMSClient, 'send'>
  readonly #keyId: string

  constructor({ client, keyId }: { client: Pick<KMSClient, 'send'>; keyId: string }) {
    this.#client = client
    this.#keyId = keyId
  }

  async digest(purpose: DigestPurpose, text: SecretText): Promise<string> {
    const hash = createHash('sha256').update(text.reveal(), 'utf8').digest()
    const command = new GenerateMacCommand({
      KeyId: this.#keyId,
      MacAlgorithm: 'HMAC_SHA_256',
      Message: lengthPrefixed([purpose, hash]),
    })
    try {
      const { Mac } = await this.#client.send(command)
      if (Mac === undefined) throw new InvariantError('KMS GenerateMac answered without a MAC')
      return Buffer.from(Mac).toString('hex')
    } catch (error) {
      throw error instanceof InvariantError ? error : kmsError('GenerateMac', error)
    }
  }
}
