import type { AwsCall } from './aws-call.ts'
import { type Conditions, matches } from './policy-evaluator.ts'

/** One statement of a role's policy, as IAM keeps it. */
export interface PolicyStatement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  readonly Condition?: Conditions
}

/** One action on one resource: the smallest thing that a statement gives to a role. */
export interface Permission {
  readonly action: string
  readonly resource: string
  readonly conditions: Conditions
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

/** Whether a permission allows a call, by IAM's rules. Throws on what the evaluator does not know. */
export function allows({ action, resource, conditions }: Permission, call: AwsCall): boolean {
  const statement = { Effect: 'Allow', Action: action, Resource: resource, Condition: conditions }
  return matches(statement, call)
}
