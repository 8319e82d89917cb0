import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretListEntry,
  type SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager'
import { InvariantError } from '../../domain/errors.ts'
import { findSecretIdParts, parseSecretId, secretIdPrefix } from '../../domain/secret-id.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { type ScanQuery, StoreUnavailableError, type Write } from '../../ports/item-store.ts'
import {
  RECOVERY_WINDOW_DAYS,
  SecretConflictError,
  type SecretDescription,
  SecretNotFoundError,
  type SecretPage,
  type SecretStore,
  type StagedVersion,
} from '../../ports/secret-store.ts'
import { type AwsFailure, awsFailure } from '../aws-failure.ts'
import { DEPLOYMENT_TAG, TENANT_TAG } from '../kms/key-names.ts'
import { assertStorableSecret } from '../secret-value-limits.ts'
import { hasVersion } from './find-version.ts'
import { takeTurns } from './paced-write.ts'
import { secretsManagerError } from './secrets-manager-failure.ts'
import type { WriteBudget } from './write-budget.ts'

/** The most ListSecrets answers in one page (API reference, MaxResults). */
const MAX_LIST_RESULTS = 100

/** Create and put take turns only when another writer creates or purges the secret in between. */
const MAX_PUT_CALLS = 3

/** On every secret of ours; `list` shows nothing without it, so that `reconcile` never touches another's. */
const MANAGED_TAG = 'flow-vault:managed'

/** The names of service errors that mean something to the store. */
const ABSENT = 'ResourceNotFoundException'
const EXISTS = 'ResourceExistsException'
/** Secrets Manager's answer to most calls on a secret that waits for its deletion. */
const MARKED_DELETED = 'InvalidRequestException'

/**
 * Secrets in AWS Secrets Manager, one a `secretId`. Versions are read by their id only, never by a staging label,
 * and UpdateSecret is never called: it is not idempotent by token. Its answers carry no library error.
 */
export class SecretsManagerStore implements SecretStore {
  readonly staging = 'at-once'
  readonly deployment: string
  readonly #client: Pick<SecretsManagerClient, 'send'>
  readonly #writeBudget: WriteBudget
  readonly #kmsKeyOf: (tenant: string) => Promise<string | undefined>
  readonly #recoveryWindowDays: number

  constructor(options: {
    client: Pick<SecretsManagerClient, 'send'>
    writeBudget: WriteBudget
    /** Names this deployment in its secrets' names and in a tag. */
    deployment: string
    /** The key that encrypts new secrets of a tenant; without it the account's `aws/secretsmanager` key. */
    kmsKeyOf?: (tenant: string) => Promise<string>
    recoveryWindowDays?: number
  }) {
    this.#client = options.client
    this.#writeBudget = options.writeBudget
    this.deployment = options.deployment
    this.#kmsKeyOf = options.kmsKeyOf ?? (async () => undefined)
    this.#recoveryWindowDays = options.recoveryWindowDays ?? RECOVERY_WINDOW_DAYS
  }

  /** One call when `isNew` is right; the default fits a setup that is changed: a version for a secret that is there. */
  async stage(
    secretId: string,
    versionId: string,
    value: SecretText,
    options: { isNew?: boolean } = {},
  ): Promise<StagedVersion> {
    assertStorableSecret(value)
    let creates = options.isNew ?? false
    for (let call = 1; call <= MAX_PUT_CALLS; call += 1) {
      const version = { secretId, requestToken: versionId, value }
      const answer = creates ? await this.#createSecret(version) : await this.#putSecretValue(version)
      if (answer !== 'other-way') return { ...answer, writes: [] }
      creates = !creates
    }
    throw new StoreUnavailableError(
      'a secret kept coming and going while a version was staged',
      'not-applied',
    )
  }

  async get(secretId: string, versionId: string): Promise<SecretText> {
    const call = 'GetSecretValue'
    try {
      const command = new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId })
      const { SecretString } = await this.#client.send(command)
      if (SecretString === undefined) throw new InvariantError('a secret of this vault is not text')
      return new SecretText(SecretString)
    } catch (error) {
      if (error instanceof InvariantError) throw error
      const failure = awsFailure(error)
      if (failure.name === ABSENT) throw new SecretNotFoundError('there is no such version of the secret')
      if (failure.name === MARKED_DELETED) throw new SecretNotFoundError('the secret waits for its deletion')
      throw secretsManagerError(call, failure)
    }
  }

  async create(secretId: string): Promise<void> {
    const command = new CreateSecretCommand(await this.#newSecret(secretId))
    await takeTurns(this.#writeBudget, 'create', command)
    await writing('CreateSecret', this.#client.send(command), [EXISTS])
  }

  /** Nothing to write: see `discard`. */
  discarding(): readonly Write[] {
    return []
  }

  /** Nothing to do: a single version cannot be deleted, and those without a label age out by themselves. */
  async discard(): Promise<void> {}

  async scheduleDeletion(secretId: string): Promise<void> {
    const command = new DeleteSecretCommand({
      SecretId: secretId,
      RecoveryWindowInDays: this.#recoveryWindowDays,
    })
    await takeTurns(this.#writeBudget, 'delete', command)
    await writing('DeleteSecret', this.#client.send(command), [ABSENT, MARKED_DELETED])
  }

  /**
   * The API reference does not say what RestoreSecret answers for a secret that is not marked, so that a repeat
   * must not depend on it: after InvalidRequestException, DescribeSecret tells (by `secretsmanager:DescribeSecret`).
   */
  async restore(secretId: string): Promise<void> {
    const command = new RestoreSecretCommand({ SecretId: secretId })
    await takeTurns(this.#writeBudget, 'restore', command)
    const failure = await writing('RestoreSecret', this.#client.send(command), [ABSENT, MARKED_DELETED])
    if (failure?.name === ABSENT) throw new SecretNotFoundError('the secret is gone')
    if (failure !== undefined && (await this.#isMarkedDeleted(secretId))) {
      throw secretsManagerError('RestoreSecret', failure)
    }
  }

  async purge(secretId: string): Promise<void> {
    const command = new DeleteSecretCommand({ SecretId: secretId, ForceDeleteWithoutRecovery: true })
    await takeTurns(this.#writeBudget, 'delete', command)
    await writing('DeleteSecret', this.#client.send(command), [ABSENT])
  }

  has(secretId: string, versionId: string): Promise<boolean> {
    return hasVersion(this.#client, secretId, versionId)
  }

  async list(query: ScanQuery): Promise<SecretPage> {
    if ((query.segment?.index ?? 0) > 0) return { items: [] }
    const command = new ListSecretsCommand({
      IncludePlannedDeletion: true,
      Filters: [{ Key: 'name', Values: [secretIdPrefix(this.deployment)] }],
      MaxResults: Math.min(query.limit, MAX_LIST_RESULTS),
      ...(query.nextToken === undefined ? {} : { NextToken: query.nextToken }),
    })
    try {
      const { SecretList = [], NextToken } = await this.#client.send(command)
      const items = SecretList.flatMap((entry) => this.#describe(entry) ?? [])
      // ListSecrets has no segments.
      const whole = query.segment === undefined ? {} : { isUnsegmented: true as const }
      return { items, ...whole, ...(NextToken === undefined ? {} : { nextToken: NextToken }) }
    } catch (error) {
      throw secretsManagerError('ListSecrets', awsFailure(error))
    }
  }

  async #isMarkedDeleted(secretId: string): Promise<boolean> {
    try {
      const { DeletedDate } = await this.#client.send(new DescribeSecretCommand({ SecretId: secretId }))
      return DeletedDate !== undefined
    } catch (error) {
      const failure = awsFailure(error)
      if (failure.name === ABSENT) throw new SecretNotFoundError('the secret is gone')
      throw secretsManagerError('DescribeSecret', failure)
    }
  }

  async #putSecretValue(version: Version): Promise<{ versionId: string } | 'other-way'> {
    const command = new PutSecretValueCommand({
      SecretId: version.secretId,
      ClientRequestToken: version.requestToken,
      SecretString: version.value.reveal(),
    })
    await takeTurns(this.#writeBudget, 'put', command)
    try {
      return versionOf(await this.#client.send(command), 'PutSecretValue')
    } catch (error) {
      const failure = awsFailure(error)
      if (failure.name === ABSENT) return 'other-way'
      throw putError('PutSecretValue', failure)
    }
  }

  async #createSecret(version: Version): Promise<{ versionId: string } | 'other-way'> {
    const command = new CreateSecretCommand({
      ...(await this.#newSecret(version.secretId)),
      ClientRequestToken: version.requestToken,
      SecretString: version.value.reveal(),
    })
    await takeTurns(this.#writeBudget, 'create', command)
    try {
      return versionOf(await this.#client.send(command), 'CreateSecret')
    } catch (error) {
      const failure = awsFailure(error)
      // The name is taken, or this token with another value: only PutSecretValue tells the two apart.
      if (failure.name === EXISTS) return 'other-way'
      throw putError('CreateSecret', failure)
    }
  }

  async #newSecret(secretId: string): Promise<{ Name: string; Tags: Tag[]; KmsKeyId?: string }> {
    const KmsKeyId = await this.#kmsKeyOf(parseSecretId(secretId).tenant)
    return { Name: secretId, Tags: this.#tagsOf(secretId), ...(KmsKeyId === undefined ? {} : { KmsKeyId }) }
  }

  #tagsOf(secretId: string): Tag[] {
    return [
      { Key: MANAGED_TAG, Value: 'true' },
      { Key: DEPLOYMENT_TAG, Value: this.deployment },
      { Key: TENANT_TAG, Value: parseSecretId(secretId).tenant },
    ]
  }

  /** What `list` says of an entry, or undefined when it is not a secret of this deployment. */
  #describe({ Name, CreatedDate, DeletedDate, Tags = [] }: SecretListEntry): SecretDescription | undefined {
    const tagged = (key: string, value: string) => Tags.some((tag) => tag.Key === key && tag.Value === value)
    if (Name === undefined || findSecretIdParts(Name) === undefined) return undefined
    if (!tagged(MANAGED_TAG, 'true') || !tagged(DEPLOYMENT_TAG, this.deployment)) return undefined
    if (CreatedDate === undefined)
      throw new InvariantError('Secrets Manager lists a secret without CreatedDate')
    const description = { secretId: Name, createdAtMs: CreatedDate.getTime() }
    return DeletedDate === undefined ? description : { ...description, deletedAtMs: DeletedDate.getTime() }
  }
}

/** The failure of a write, if its name is one of `accepted`; any other is thrown. */
async function writing(
  call: string,
  sent: Promise<unknown>,
  accepted: readonly string[],
): Promise<AwsFailure | undefined> {
  try {
    await sent
    return undefined
  } catch (error) {
    const failure = awsFailure(error)
    if (accepted.includes(failure.name)) return failure
    throw secretsManagerError(call, failure)
  }
}

interface Version {
  readonly secretId: string
  readonly requestToken: string
  readonly value: SecretText
}

/** Taken from the answer and not from the request: the service decides what a version is called. */
function versionOf(answer: { VersionId?: string | undefined }, call: string): { versionId: string } {
  if (answer.VersionId === undefined)
    throw new InvariantError(`Secrets Manager ${call} answered without VersionId`)
  return { versionId: answer.VersionId }
}

function putError(call: string, failure: AwsFailure): Error {
  if (failure.name === EXISTS)
    return new SecretConflictError('the version is there already, with another value')
  if (failure.name === MARKED_DELETED) return new SecretNotFoundError('the secret waits for its deletion')
  return secretsManagerError(call, failure)
}
