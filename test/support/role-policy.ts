import type { AwsCall } from './aws-call.ts'

/** One statement of a role's policy, as IAM keeps it. */
export interface PolicyStatement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** One action on one resource: the smallest thing that a statement gives to a role. */
export interface Permission {
  readonly action: string
  readonly resource: string
  readonly conditions: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** A policy, permission by permission. Throws on a statement that denies: none of the vault's does. */
export function permissionsOf(statements: readonly PolicyStatement[]): Permission[] {
  return statements.flatMap(({ Effect, Action, Resource, Condition = {} }) => {
    if (Effect !== 'Allow') throw new Error(`cannot judge a statement with the effect ${Effect}`)
    return [Action]
      .flat()
      .flatMap((action) => [Resource].flat().map((resource) => ({ action, resource, conditions: Condition })))
  })
}

/**
 * Whether a permission allows a call, by IAM's rules (IAM user guide, policy evaluation logic): action, resource and
 * every condition match, each by one of its values. Throws on an operator that the vault's policies do not use.
 */
export function allows({ action, resource, conditions }: Permission, call: AwsCall): boolean {
  return (
    like(action, call.action) &&
    like(resource, call.resource) &&
    Object.entries(conditions).every(([operator, keys]) =>
      Object.entries(keys).every(([key, allowed]) =>
        holds(operator, [allowed].flat(), call.conditionKeys[key]),
      ),
    )
  )
}

function holds(
  operator: string,
  allowed: readonly string[],
  present: readonly string[] | undefined,
): boolean {
  const matches = (value: string) => allowed.some((one) => compare(operator, one, value))
  // Without the key in the request, `ForAllValues` and `…IfExists` hold and the plain operators do not.
  if (operator.startsWith('ForAllValues:') || operator.endsWith('IfExists'))
    return (present ?? []).every(matches)
  return present?.every(matches) ?? false
}

function compare(operator: string, allowed: string, value: string): boolean {
  switch (operator.replace(/^ForAllValues:|IfExists$/g, '')) {
    case 'StringEquals':
      return allowed === value
    case 'StringLike':
      return like(allowed, value)
    default:
      throw new Error(`cannot judge a condition with the operator ${operator}`)
  }
}

/** IAM's wildcards: `*` for any text, `?` for one character. */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
