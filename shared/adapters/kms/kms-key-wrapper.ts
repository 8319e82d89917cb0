import { DecryptCommand, GenerateDataKeyCommand, type KMSClient, ReEncryptCommand } from '@aws-sdk/client-kms'
import { InvariantError } from '../../domain/errors.ts'
import type { KeyContext, KeyWrapper, WrappedKey } from '../../ports/key-wrapper.ts'
import { kmsError } from './kms-failure.ts'

/** An alias would name another key tomorrow, and then nothing would know what is wrapped by which. */
const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/

/**
 * Data keys from KMS, bound to their place by the encryption context `{tenant, secretId, versionId}` or
 * `{tenant, owner, part, mark}`, which shows in the audit log and can be a condition of a policy. One call a wrap and
 * one an unwrap.
 */
export class KmsKeyWrapper implements KeyWrapper {
  readonly #client: Pick<KMSClient, 'send'>
  readonly #keyArn: string

  /** Throws `InvariantError` when `keyArn` is not the ARN of a key. */
  constructor({ client, keyArn }: { client: Pick<KMSClient, 'send'>; keyArn: string }) {
    if (!KEY_ARN.test(keyArn))
      throw new InvariantError('the KMS key must be given by its ARN, not by an alias')
    this.#client = client
    this.#keyArn = keyArn
  }

  async generateDataKey(context: KeyContext): Promise<{ plaintext: Uint8Array; key: WrappedKey }> {
    const command = new GenerateDataKeyCommand({
      KeyId: this.#keyArn,
      KeySpec: 'AES_256',
      EncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('GenerateDataKey', () => this.#client.send(command))
    const plaintext = present(answer.Plaintext, 'GenerateDataKey')
    return { plaintext, key: this.#wrappedKey(present(answer.CiphertextBlob, 'GenerateDataKey')) }
  }

  /** Names the key, so that KMS refuses a data key that another one wrapped instead of guessing. */
  async unwrap(key: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const command = new DecryptCommand({
      KeyId: key.keyId,
      CiphertextBlob: Buffer.from(key.wrapped, 'base64'),
      EncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('Decrypt', () => this.#client.send(command))
    return present(answer.Plaintext, 'Decrypt')
  }

  /** By ReEncrypt: the data key does not leave KMS. KMS's own yearly rotation needs no rewrap at all. */
  async rewrap(key: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    if (key.keyId === this.#keyArn) return key
    const command = new ReEncryptCommand({
      SourceKeyId: key.keyId,
      DestinationKeyId: this.#keyArn,
      CiphertextBlob: Buffer.from(key.wrapped, 'base64'),
      SourceEncryptionContext: encryptionContext(context),
      DestinationEncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('ReEncrypt', () => this.#client.send(command))
    return this.#wrappedKey(present(answer.CiphertextBlob, 'ReEncrypt'))
  }

  #wrappedKey(blob: Uint8Array): WrappedKey {
    return { keyId: this.#keyArn, wrapped: Buffer.from(blob).toString('base64') }
  }

  async #send<Answer>(call: string, send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send()
    } catch (error) {
      throw kmsError(call, error)
    }
  }
}

function encryptionContext(context: KeyContext): Record<string, string> {
  return { ...context }
}

function present(bytes: Uint8Array | undefined, call: string): Uint8Array {
  if (bytes === undefined) throw new InvariantError(`KMS ${call} answered without the bytes it promises`)
  return bytes
}
