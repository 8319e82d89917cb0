import {
  DecryptCommand,
  DescribeKeyCommand,
  GenerateDataKeyCommand,
  type KMSClient,
  ReEncryptCommand,
} from '@aws-sdk/client-kms'
import { InvariantError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeyContext, KeyWrapper, WrappedKey } from '../../ports/key-wrapper.ts'
import { RecentReads } from '../../ports/recent-reads.ts'
import { kmsError } from './kms-failure.ts'

/** An alias would name another key tomorrow, and then nothing would know what is wrapped by which. */
const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/
/**
 * An alias may be led to another key while functions live, as `adopt.tenantKeyArns` changes: what is wrapped anew, or
 * made in Secrets Manager, follows within a minute, for one more request a minute and tenant.
 */
export const ALIAS_MAX_AGE_MS = 60_000
/** A key that has replicas in other Regions, each of which opens what any of them wrapped (KMS guide, multi-Region keys). */
const MULTI_REGION_KEY = /^(arn:[a-z-]+:kms:)[a-z0-9-]+(:[0-9]{12}:key\/mrk-[a-f0-9]+)$/

/**
 * Data keys from KMS, bound to their place by the encryption context `{tenant, secretId, versionId}` or
 * `{tenant, owner, part, mark}`, which shows in the audit log and can be a condition of a policy. One call a wrap and
 * one an unwrap. A tenant may have a key of its own: it wraps all of that tenant and nothing else. Which key wrapped a
 * data key stands beside it, so that opening asks nobody whose key is which.
 */
export class KmsKeyWrapper implements KeyWrapper {
  readonly #client: Pick<KMSClient, 'send'>
  readonly #keyArn: string
  readonly #aliases: ReadonlyMap<string, string>
  /** By alias. */
  readonly #arns: RecentReads<string>

  /**
   * `tenantAliases`: by tenant, the alias of its own key. Throws `InvariantError` when `keyArn`, the key of all other
   * tenants, is not the ARN of a key.
   */
  constructor({
    client,
    clock,
    keyArn,
    tenantAliases = new Map(),
  }: {
    client: Pick<KMSClient, 'send'>
    clock: Pick<Clock, 'monotonicMs'>
    keyArn: string
    tenantAliases?: ReadonlyMap<string, string>
  }) {
    if (!KEY_ARN.test(keyArn))
      throw new InvariantError('the KMS key must be given by its ARN, not by an alias')
    this.#client = client
    this.#arns = new RecentReads({ clock, maxAgeMs: ALIAS_MAX_AGE_MS, read: (alias) => this.#lookUp(alias) })
    this.#keyArn = keyArn
    this.#aliases = tenantAliases
  }

  /** The ARN of the key that wraps what is sealed of this tenant from now on. */
  async keyArnOf(tenant: string): Promise<string> {
    const alias = this.#aliases.get(tenant)
    return alias === undefined ? this.#keyArn : this.#arns.get(alias)
  }

  async #lookUp(alias: string): Promise<string> {
    const command = new DescribeKeyCommand({ KeyId: alias })
    const { KeyMetadata } = await this.#send('DescribeKey', () => this.#client.send(command))
    return present(KeyMetadata?.Arn, 'DescribeKey')
  }

  async generateDataKey(context: KeyContext): Promise<{ plaintext: Uint8Array; key: WrappedKey }> {
    const command = new GenerateDataKeyCommand({
      KeyId: this.#aliases.get(context.tenant) ?? this.#keyArn,
      KeySpec: 'AES_256',
      EncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('GenerateDataKey', () => this.#client.send(command))
    const plaintext = present(answer.Plaintext, 'GenerateDataKey')
    const keyId = present(answer.KeyId, 'GenerateDataKey')
    return { plaintext, key: wrappedKey(keyId, present(answer.CiphertextBlob, 'GenerateDataKey')) }
  }

  /** Names the key, so that KMS refuses a data key that another one wrapped instead of guessing. */
  async unwrap(key: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const command = new DecryptCommand({
      KeyId: inRegionOf(this.#keyArn, key.keyId),
      CiphertextBlob: Buffer.from(key.wrapped, 'base64'),
      EncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('Decrypt', () => this.#client.send(command))
    return present(answer.Plaintext, 'Decrypt')
  }

  /** By ReEncrypt: the data key does not leave KMS. KMS's own yearly rotation needs no rewrap at all. */
  async rewrap(key: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    const to = await this.keyArnOf(context.tenant)
    if (isSameKey(key.keyId, to)) return key
    const command = new ReEncryptCommand({
      SourceKeyId: inRegionOf(this.#keyArn, key.keyId),
      DestinationKeyId: to,
      CiphertextBlob: Buffer.from(key.wrapped, 'base64'),
      SourceEncryptionContext: encryptionContext(context),
      DestinationEncryptionContext: encryptionContext(context),
    })
    const answer = await this.#send('ReEncrypt', () => this.#client.send(command))
    return wrappedKey(to, present(answer.CiphertextBlob, 'ReEncrypt'))
  }

  async #send<Answer>(call: string, send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send()
    } catch (error) {
      throw kmsError(call, error)
    }
  }
}

/** Whether both are one key, or replicas of one. */
export function isSameKey(one: string, other: string): boolean {
  return inRegionOf(other, one) === other
}

/** KMS knows no key of another Region: what such a key wrapped there, its replica opens where `neighbour` is. */
export function inRegionOf(neighbour: string, keyArn: string): string {
  const [, , , region] = neighbour.split(':')
  return keyArn.replace(MULTI_REGION_KEY, `$1${region}$2`)
}

function encryptionContext(context: KeyContext): Record<string, string> {
  return { ...context }
}

function wrappedKey(keyId: string, blob: Uint8Array): WrappedKey {
  return { keyId, wrapped: Buffer.from(blob).toString('base64') }
}

function present<Value>(value: Value | undefined, call: string): Value {
  if (value === undefined) throw new InvariantError(`KMS ${call} answered without what it promises`)
  return value
}
