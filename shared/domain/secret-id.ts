import { InvariantError } from './errors.ts'

/**
 * What a secret holds, by the letter in its name, so that a role can be given one kind and not another: `s` a static
 * setup, which flows are handed; `m` the setup of a minted credential; `a` an OAuth application's client secret; `w` a
 * subscription's signing key.
 */
export const SECRET_KINDS = ['s', 'm', 'a', 'w'] as const

export type SecretKind = (typeof SECRET_KINDS)[number]

/** Whose secret it is, and which one: the parts of a secret's name. None of them is ever a secret. */
export interface SecretIdParts {
  /** Of which deployment, so that two in one account never meet. */
  readonly deployment: string
  readonly kind: SecretKind
  readonly tenant: string
  /** The id of what owns the secret: a connection, an OAuth application, a subscription. */
  readonly ownerId: string
  /** Counts from 1 over all kinds; raised when an owner gets a new secret, because no name is used twice. */
  readonly generation: number
}

/** What the name of every secret of every vault starts with. */
export const SECRET_ID_PREFIX = 'flow-vault/'

/** What an embedded vault calls itself in the names of its secrets. */
export const LOCAL_DEPLOYMENT = 'local'

const PATTERNS: Readonly<Record<Exclude<keyof SecretIdParts, 'generation'>, string>> = {
  deployment: '[a-z0-9]{1,32}',
  kind: `[${SECRET_KINDS.join('')}]`,
  tenant: '[A-Za-z0-9_-]{1,64}',
  ownerId: '[A-Za-z0-9_-]{1,40}',
}
const SECRET_ID = new RegExp(
  `^${SECRET_ID_PREFIX}${Object.values(PATTERNS)
    .map((pattern) => `(${pattern})`)
    .join('/')}/g([1-9][0-9]{0,9})$`,
)

/**
 * The name `flow-vault/<deployment>/<kind>/<tenant>/<ownerId>/g<generation>`: ids only, since names show in audit logs.
 * Throws `InvariantError` when a part does not fit; the edge has checked them long before.
 */
export function secretIdOf(parts: SecretIdParts): string {
  const { deployment, kind, tenant, ownerId, generation } = parts
  const secretId = `${SECRET_ID_PREFIX}${deployment}/${kind}/${tenant}/${ownerId}/g${generation}`
  if (SECRET_ID.test(secretId)) return secretId
  throw new InvariantError('a part of a secret id does not fit')
}

/** What the names of a deployment's secrets begin with; of one kind, when that is given. */
export function secretIdPrefix(deployment: string, kind?: SecretKind): string {
  return `${SECRET_ID_PREFIX}${deployment}/${kind === undefined ? '' : `${kind}/`}`
}

/** The parts of a name that `secretIdOf` made, or undefined: somebody else's secret may carry any name. */
export function findSecretIdParts(secretId: string): SecretIdParts | undefined {
  const match = SECRET_ID.exec(secretId)
  if (match === null) return undefined
  const [, deployment = '', kind, tenant = '', ownerId = '', generation] = match
  return { deployment, kind: kind as SecretKind, tenant, ownerId, generation: Number(generation) }
}

/** Whether a name is of one of this owner's secrets, of one of these kinds, of whatever generation. */
export function isSecretIdOf(
  owner: Pick<SecretIdParts, 'tenant' | 'ownerId'> & { readonly kinds: readonly SecretKind[] },
  secretId: string,
): boolean {
  const parts = findSecretIdParts(secretId)
  return (
    parts !== undefined &&
    parts.tenant === owner.tenant &&
    parts.ownerId === owner.ownerId &&
    owner.kinds.includes(parts.kind)
  )
}

/** The parts of a name that `secretIdOf` made. Throws `InvariantError` for any other text. */
export function parseSecretId(secretId: string): SecretIdParts {
  const parts = findSecretIdParts(secretId)
  if (parts === undefined) throw new InvariantError('not a secret id of this vault')
  return parts
}
