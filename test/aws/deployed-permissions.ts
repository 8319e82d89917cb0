import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { type Permission, type PolicyStatement, permissionsOf } from '../support/role-policy.ts'

/** What IAM's query API is asked with; MiniStack tells services apart by the signature's scope, and checks no more. */
const SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=none'
const IAM_VERSION = '2010-05-08'

/** What the role of a deployed function may do, from the policies that CloudFormation made of the template. */
export async function deployedPermissions(functionName: string): Promise<Permission[]> {
  const client = new LambdaClient(emulatorClientConfig('ministack'))
  const { Role = '' } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
  const RoleName = Role.split('/').at(-1) ?? ''
  const listed = await askIam({ Action: 'ListRolePolicies', RoleName })
  const policyNames = [...listed.matchAll(/<member>([^<]+)<\/member>/g)].map(([, name = '']) => name)
  if (policyNames.length === 0) throw new Error(`${functionName} has no policy: ${listed}`)
  const policies = policyNames.map(async (PolicyName) => {
    const answer = await askIam({ Action: 'GetRolePolicy', RoleName, PolicyName })
    const encoded = /<PolicyDocument>([^<]+)<\/PolicyDocument>/.exec(answer)?.[1] ?? ''
    const document = JSON.parse(decodeURIComponent(encoded)) as { Statement: PolicyStatement[] }
    return permissionsOf(document.Statement)
  })
  return (await Promise.all(policies)).flat()
}

async function askIam(parameters: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(emulatorClientConfig('ministack').endpoint, {
    method: 'POST',
    headers: { authorization: SIGNATURE },
    body: new URLSearchParams({ ...parameters, Version: IAM_VERSION }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`IAM refused ${parameters['Action']}: ${response.status} ${text}`)
  return text
}
