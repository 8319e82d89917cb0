import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { askEmulator, textsOf } from '../support/emulator-query.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { type Permission, type PolicyStatement, permissionsOf } from '../support/role-policy.ts'

const IAM_VERSION = '2010-05-08'

/** What the role of a deployed function may do, from the policies that CloudFormation made of the template. */
export async function deployedPermissions(functionName: string): Promise<Permission[]> {
  const client = new LambdaClient(emulatorClientConfig('ministack'))
  const { Role = '' } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
  const RoleName = Role.split('/').at(-1) ?? ''
  const listed = await askIam({ Action: 'ListRolePolicies', RoleName })
  const policyNames = textsOf(listed, 'member')
  if (policyNames.length === 0) throw new Error(`${functionName} has no policy: ${listed}`)
  const policies = policyNames.map(async (PolicyName) => {
    const answer = await askIam({ Action: 'GetRolePolicy', RoleName, PolicyName })
    const encoded = /<PolicyDocument>([^<]+)<\/PolicyDocument>/.exec(answer)?.[1] ?? ''
    const document = JSON.parse(decodeURIComponent(encoded)) as { Statement: PolicyStatement[] }
    return permissionsOf(document.Statement)
  })
  return (await Promise.all(policies)).flat()
}

const askIam = (parameters: Readonly<Record<string, string>>) =>
  askEmulator('ministack', 'iam', { ...parameters, Version: IAM_VERSION })
