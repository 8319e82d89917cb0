/*
 * IAM's evaluation of policies, as far as the vault's need it (IAM user guide, "Policy evaluation logic" and
 * "Condition operators"). What it does not know makes it throw: a policy is never taken for one that it understands.
 */

type Texts = string | readonly string[]

/** One statement, of a role's policy or of a resource's own. */
export interface Statement {
  readonly Effect: string
  readonly Action?: Texts
  readonly NotAction?: Texts
  readonly Resource?: Texts
  readonly NotResource?: Texts
  readonly Principal?: string | Readonly<Record<string, Texts>>
  readonly Condition?: Conditions
}

/** By operator, then by key. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, Texts>>>>

/** What is asked for, with all that IAM judges by. */
export interface IamRequest {
  readonly action: string
  readonly resource: string
  /** IAM's condition keys, with what the request has for each. */
  readonly conditionKeys?: Readonly<Record<string, readonly string[]>>
}

/** The policies that have a say, within one account. */
export interface Policies {
  /** The ARN of the role that asks. */
  readonly principal: string
  readonly role: readonly Statement[]
  /** The policy of the resource. A KMS key has one always, and without its leave nobody else's counts. */
  readonly resource?: readonly Statement[]
}

const KNOWN = ['Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'Condition', 'Sid']

/** Whether IAM would let the request through: nothing denies it, and the role, or the resource itself, allows it. */
export function isAllowed(policies: Policies, request: IamRequest): boolean {
  const ofRole = policies.role.filter((one) => matches(one, request))
  const ofResource = (policies.resource ?? []).filter(
    (one) => isFor(one.Principal, policies.principal) && matches(one, request),
  )
  if ([...ofRole, ...ofResource].some(({ Effect }) => Effect === 'Deny')) return false
  const allowed = (some: readonly Statement[]) => some.some(({ Effect }) => Effect === 'Allow')
  if (!request.action.startsWith('kms:')) return allowed(ofRole) || allowed(ofResource)
  // A key that trusts its account leaves the decision to the account's own policies (KMS guide, key policies).
  const named = ofResource.filter(({ Principal }) => !isAccount(Principal))
  return allowed(named) || (allowed(ofResource) && allowed(ofRole))
}

/** Whether action, resource and every condition of a statement are those of the request. */
export function matches(statement: Statement, request: IamRequest): boolean {
  for (const member of Object.keys(statement))
    if (!KNOWN.includes(member)) throw new Error(`cannot judge a statement with ${member}`)
  if (!['Allow', 'Deny'].includes(statement.Effect))
    throw new Error(`cannot judge a statement with the effect ${statement.Effect}`)
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement
  const action = request.action.toLowerCase()
  const isAction = (one: string) => like(one.toLowerCase(), action)
  const isResource = (one: string) => like(one, request.resource)
  return (
    (Action === undefined ? !texts(NotAction).some(isAction) : texts(Action).some(isAction)) &&
    (NotResource === undefined
      ? Resource === undefined || texts(Resource).some(isResource)
      : !texts(NotResource).some(isResource)) &&
    conditionsHold(Condition, request.conditionKeys ?? {})
  )
}

/** Whether every condition holds: all operators, all keys of each, any of a key's values. */
export function conditionsHold(
  conditions: Conditions,
  present: Readonly<Record<string, readonly string[]>>,
): boolean {
  const byName = new Map(Object.entries(present).map(([name, values]) => [name.toLowerCase(), values]))
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, allowed]) =>
      holds(operator, texts(allowed), byName.get(key.toLowerCase())),
    ),
  )
}

function holds(
  operator: string,
  allowed: readonly string[],
  present: readonly string[] | undefined,
): boolean {
  if (operator === 'Null') return allowed.includes(String(present === undefined))
  const [, quantifier, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? []
  const compare = OPERATORS[name]
  if (compare === undefined) throw new Error(`cannot judge a condition with the operator ${operator}`)
  const isNegated = name.includes('Not')
  const fits = (value: string) =>
    isNegated ? allowed.every((one) => !compare(one, value)) : allowed.some((one) => compare(one, value))
  if (present === undefined) return ifExists !== undefined || quantifier === 'ForAllValues' || isNegated
  return quantifier === 'ForAnyValue' ? present.some(fits) : present.every(fits)
}

/** Each says whether a value is what a condition names; those with `Not` are turned round above. */
const OPERATORS: Readonly<Record<string, (allowed: string, value: string) => boolean>> = {
  StringEquals: (allowed, value) => allowed === value,
  StringNotEquals: (allowed, value) => allowed === value,
  StringLike: like,
  StringNotLike: like,
  ArnEquals: likeArn,
  ArnLike: likeArn,
  Bool: (allowed, value) => allowed.toLowerCase() === value.toLowerCase(),
}

/** IAM's wildcards: `*` for any text, `?` for one character. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** Part by part: a `*` does not reach over a colon. */
function likeArn(pattern: string, text: string): boolean {
  const [wanted, given] = [arnParts(pattern), arnParts(text)]
  return wanted.length === given.length && wanted.every((one, index) => like(one, given[index] ?? ''))
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, 5), parts.slice(5).join(':')]
}

function isFor(principal: Statement['Principal'], asker: string): boolean {
  if (principal === undefined) return false
  if (principal === '*') return true
  if (typeof principal === 'string') throw new Error(`cannot judge the principal ${principal}`)
  return texts(principal['AWS']).some((one) => one === '*' || one === asker || one === rootOf(asker))
}

function isAccount(principal: Statement['Principal']): boolean {
  return typeof principal === 'object' && texts(principal['AWS']).every((one) => one.endsWith(':root'))
}

function rootOf(arn: string): string {
  return `${arn.split(':').slice(0, 5).join(':')}:root`
}

function texts(value: Texts | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat()
}
