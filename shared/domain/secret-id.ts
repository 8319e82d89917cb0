import { InvariantError } from './errors.ts'

/** Whose secret it is, and which one: the parts of a secret's name. None of them is ever a secret. */
export interface SecretIdParts {
  readonly tenant: string
  /** The id of what owns the secret: a connection, an OAuth application, a subscription. */
  readonly ownerId: string
  /** Counts from 1; raised when an owner gets a new secret, because a deleted name stays blocked for days. */
  readonly generation: number
}

/** What the name of every secret of this vault starts with. */
export const SECRET_ID_PREFIX = 'flow-vault/'

const TENANT = /^[A-Za-z0-9_-]{1,64}$/
const OWNER_ID = /^[A-Za-z0-9_-]{1,40}$/
const SECRET_ID = /^flow-vault\/([A-Za-z0-9_-]{1,64})\/([A-Za-z0-9_-]{1,40})\/g([1-9][0-9]{0,9})$/

/** Ten digits keep a name far below the 512 characters of Secrets Manager, and exact in a double. */
const MAX_GENERATION = 9_999_999_999

/**
 * The name `flow-vault/<tenant>/<ownerId>/g<generation>`: ids only, since names show in audit logs.
 * Throws `InvariantError` when a part does not fit; the edge has checked them long before.
 */
export function secretIdOf(parts: SecretIdParts): string {
  if (!TENANT.test(parts.tenant))
    throw new InvariantError('a secret id needs a tenant of [A-Za-z0-9_-]{1,64}')
  if (!OWNER_ID.test(parts.ownerId))
    throw new InvariantError('a secret id needs an owner of [A-Za-z0-9_-]{1,40}')
  if (!Number.isInteger(parts.generation) || parts.generation < 1 || parts.generation > MAX_GENERATION) {
    throw new InvariantError('a secret id needs a whole generation from 1')
  }
  return `${SECRET_ID_PREFIX}${parts.tenant}/${parts.ownerId}/g${parts.generation}`
}

/** The parts of a name that `secretIdOf` made, or undefined: somebody else's secret may carry any name. */
export function findSecretIdParts(secretId: string): SecretIdParts | undefined {
  const match = SECRET_ID.exec(secretId)
  if (match === null) return undefined
  return { tenant: match[1]!, ownerId: match[2]!, generation: Number(match[3]) }
}

/** Whether a name that `secretIdOf` made is one of this owner's, of whatever generation. */
export function isSecretIdOf(owner: Pick<SecretIdParts, 'tenant' | 'ownerId'>, secretId: string): boolean {
  return secretId.startsWith(`${SECRET_ID_PREFIX}${owner.tenant}/${owner.ownerId}/g`)
}

/** The parts of a name that `secretIdOf` made. Throws `InvariantError` for any other text. */
export function parseSecretId(secretId: string): SecretIdParts {
  const parts = findSecretIdParts(secretId)
  if (parts === undefined) throw new InvariantError('not a secret id of this vault')
  return parts
}
