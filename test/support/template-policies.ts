import type { Template } from 'aws-cdk-lib/assertions'
import type { Policies, Statement } from './policy-evaluator.ts'

type Json = Readonly<Record<string, unknown>>

const ACCOUNT = '111122223333'
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': ACCOUNT,
}
/** The id that a deployment has where its template asks for one. */
export const DEPLOYMENT_ID = 'd1'

/** A role of the template with the policies of both keys, every intrinsic a text that stands for what it would be. */
export function policiesOf({ vault, data }: { vault: Template; data: Template }, name: string): Policies {
  const functions = Object.values(vault.findResources('AWS::Lambda::Function'))
  const found = functions.find(({ Properties }) => Properties.FunctionName === `flow-vault-test-${name}`)
  const role: string = found?.Properties.Role['Fn::GetAtt'][0]
  const ofRole = Object.values(vault.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles.some((one: { Ref: string }) => one.Ref === role),
  )
  const keys = Object.values(data.findResources('AWS::KMS::Key'))
  return {
    principal: `arn:aws:iam::${ACCOUNT}:role/${role}`,
    role: ofRole.flatMap(({ Properties }) => statementsOf(Properties.PolicyDocument)),
    resource: keys.flatMap(({ Properties }) => statementsOf(Properties.KeyPolicy)),
  }
}

/** The only resource that a role may do this to. */
export function resourceOf({ role }: Policies, action: string): string {
  const resources = role
    .filter(({ Action }) => [Action].flat().includes(action))
    .flatMap(({ Resource }) => Resource)
  const [first] = resources
  if (first === undefined) throw new Error(`nothing may be done by ${action}`)
  return first
}

function statementsOf(document: unknown): Statement[] {
  return (resolved(document) as { Statement: Statement[] }).Statement
}

function resolved(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(resolved)
  const object = value as Json
  if (object['Fn::Join'] !== undefined) {
    const [separator, parts] = object['Fn::Join'] as [string, unknown[]]
    return parts.map((part) => String(resolved(part))).join(separator)
  }
  if (typeof object['Ref'] === 'string') return PSEUDO[object['Ref']] ?? object['Ref']
  if (object['Fn::GetAtt'] !== undefined) {
    const [logicalId] = object['Fn::GetAtt'] as [string]
    return `arn:aws:made:us-east-1:${ACCOUNT}:${logicalId}`
  }
  if (object['Fn::ImportValue'] !== undefined) {
    const name = String(resolved(object['Fn::ImportValue']))
    return name.endsWith('-is-deployment') ? DEPLOYMENT_ID : `arn:aws:made:us-east-1:${ACCOUNT}:${name}`
  }
  if (object['Fn::Select'] !== undefined) return DEPLOYMENT_ID
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, resolved(member)]))
}
