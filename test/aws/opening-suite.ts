import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { sealedGrantKey } from '../../shared/domain/sealed-keys.ts'
import { SECRET_KINDS, type SecretKind, secretIdOf } from '../../shared/domain/secret-id.ts'
import { newTenant } from '../support/api-target.ts'
import type { AwsCall } from '../support/aws-call.ts'
import { allows } from '../support/role-policy.ts'
import { deployedPermissions } from './deployed-permissions.ts'

/** What the deployed role of the function that answers flows may open. */
export function openingSuite(
  place: () => { stage: string; secretStore: 'secrets-manager' | 'sealed'; deploymentId: string },
): void {
  it('lets credentials open static setups and access tokens, and nothing else', async () => {
    const { stage, secretStore, deploymentId: deployment } = place()
    const tenant = newTenant()
    const permissions = await deployedPermissions(functionNameOf(stage, 'credentials'))
    /** Whether the role may make this call on anything that it may touch at all. */
    const may = (action: string, conditionKeys: AwsCall['conditionKeys'], named?: string) =>
      permissions.some((one) =>
        allows(one, {
          caller: 'credentials',
          action,
          resource: named ?? one.resource.replaceAll('*', 'x'),
          conditionKeys,
        }),
      )
    const account = 'arn:aws:secretsmanager:us-east-1:000000000000'
    const opens = (kind: SecretKind): boolean => {
      const secretId = secretIdOf({ deployment, kind, tenant, ownerId: 'ac_1', generation: 1 })
      const tagged = { 'aws:ResourceTag/flow-vault:deployment': [deployment] }
      if (secretStore === 'secrets-manager')
        return may('secretsmanager:GetSecretValue', tagged, `${account}:secret:${secretId}-AbCdEf`)
      return (
        may('dynamodb:GetItem', { 'dynamodb:LeadingKeys': [`SECRET#${secretId}`] }) ||
        may('kms:Decrypt', { 'kms:EncryptionContext:secretId': [secretId] })
      )
    }
    expect(SECRET_KINDS.filter(opens)).toEqual(['s'])
    const reads = (part: 'access' | 'refresh') => {
      const { partition } = sealedGrantKey({ tenant, ownerId: 'ac_1', part, mark: 'm' })
      return may('dynamodb:GetItem', { 'dynamodb:LeadingKeys': [partition] })
    }
    const decrypts = (part: 'access' | 'refresh') =>
      may('kms:Decrypt', { 'kms:EncryptionContext:part': [part] })
    expect([reads('access'), decrypts('access')]).toEqual([true, true])
    expect([reads('refresh'), decrypts('refresh')]).toEqual([false, false])
    expect(may('dynamodb:GetItem', { 'dynamodb:LeadingKeys': [`SECRET#${deployment}`] })).toBe(false)
  })
}
