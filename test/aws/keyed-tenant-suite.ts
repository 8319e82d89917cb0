import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  DescribeSecretCommand,
  paginateListSecrets,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { type GrantCalls, grantCalls } from '../support/grant-calls.ts'
import type { DeployedVault } from './deploy.ts'

const BEARER = { name: 'key', app_id: 'HTTP', setup: { type: 'BEARER', token: 'my-token-bearer-1234' } }
const COMMAND_WITHIN_MS = 120_000

interface Place extends Omit<DeployedVault, 'close'> {
  readonly provider: AuthorizationServer
  readonly tableName: string
  readonly secretStore: 'secrets-manager' | 'sealed'
  /** To which the stage gives a key of its own; the suite removes it. */
  readonly keyedTenant: string
}

/** A tenant with a KMS key of its own, from its first connection to the removal of both, on a deployed stage. */
export function keyedTenantSuite(place: () => Place): void {
  describe('a tenant with a key of its own', () => {
    const config = emulatorClientConfig('ministack')
    const kms = new KMSClient(config)
    let keyed: GrantCalls
    let other: GrantCalls
    let keyArn: string
    let otherTenant: string

    beforeAll(async () => {
      const { token, ...target } = place()
      const worldOf = (tenant: string) => grantCalls({ ...target, tenant, token: (one) => token(one) })
      // Both stages are in one account.
      otherTenant = `not-${place().keyedTenant}-${place().secretStore}`
      ;[keyed, other] = [worldOf(place().keyedTenant), worldOf(otherTenant)]
      const KeyId = tenantKeyAlias(place().stage, place().keyedTenant)
      keyArn = (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.Arn!
    })
    afterAll(() => kms.destroy())

    /** The keys that wrap what the table holds of a tenant. */
    async function keysOf(tenant: string): Promise<string[]> {
      const found = new Set<string>()
      const client = new DynamoDBClient(config)
      for await (const { Items = [] } of paginateScan({ client }, { TableName: place().tableName }))
        for (const { pk, keyId } of Items)
          if (keyId?.S !== undefined && /^(?:ACCESS|REFRESH|SECRET)#/.test(pk?.S ?? ''))
            if (pk!.S!.split(/[#/]/).includes(tenant)) found.add(keyId.S)
      return [...found]
    }

    async function keysOfSecrets(tenant: string): Promise<(string | undefined)[]> {
      const client = new SecretsManagerClient(config)
      const found = new Set<string | undefined>()
      for await (const { SecretList = [] } of paginateListSecrets({ client }, {}))
        for (const { Name = '' } of SecretList)
          if (Name.split('/').includes(tenant))
            found.add((await client.send(new DescribeSecretCommand({ SecretId: Name }))).KmsKeyId)
      return [...found]
    }

    /** The command of an operator, with a stage file that names what the stage has. */
    async function tenantCommand(...args: string[]): Promise<string> {
      const { stage, issuer, secretStore, keyedTenant } = place()
      const folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-keyed-'))
      try {
        const file = {
          issuer,
          audience: 'vault',
          tenantClaim: 'tenant',
          secretStore,
          tenantKeys: [keyedTenant],
        }
        await writeFile(path.join(folder, `${stage}.json`), JSON.stringify(file))
        const named = ['--stage', stage, '--stages', folder, '--tenant', keyedTenant]
        const script = ['--disable-warning=ExperimentalWarning', 'tools/aws/tenant-command.ts']
        const { stdout } = await promisify(execFile)(process.execPath, [...script, ...args, ...named], {
          env: {
            PATH: process.env['PATH'],
            AWS_ENDPOINT_URL: config.endpoint,
            AWS_ACCESS_KEY_ID: 'test',
            AWS_SECRET_ACCESS_KEY: 'test',
            AWS_REGION: config.region,
          },
        })
        return stdout
      } finally {
        await rm(folder, { recursive: true })
      }
    }

    it('has what people enter and what providers mint under it, and no other tenant has', async () => {
      const { secretStore } = place()
      for (const world of [keyed, other]) {
        const id = (await world.create(BEARER)).body.id
        expect(await world.fetchCredential(id)).toMatchObject({ status: 200 })
        expect(await world.fetchCredential(await world.authorized())).toMatchObject({ status: 200 })
      }
      expect(await keysOf(place().keyedTenant)).toEqual([keyArn])
      const [shared, ...more] = await keysOf(otherTenant)
      expect(more).toEqual([])
      expect(shared).not.toBe(keyArn)
      const ofStore = secretStore === 'sealed' ? [[], []] : [[keyArn], [shared]]
      expect([await keysOfSecrets(place().keyedTenant), await keysOfSecrets(otherTenant)]).toEqual(ofStore)
    })

    it(
      'is told that all of it is under the key, and is removed with it',
      async () => {
        const { id } = (await other.create(BEARER)).body
        expect(await tenantCommand('key', '--go')).toContain(
          `the last one too: all that is sealed of ${place().keyedTenant} is under its own key ${keyArn}`,
        )
        expect(await tenantCommand('remove', '--key-days', '7')).toContain(
          `${keyArn} would be deleted by KMS 7`,
        )
        const removed = await tenantCommand('remove', '--key-days', '7', '--destroy')
        expect(removed).toContain('Nothing of it is left in the table or the secret store.')
        expect(removed).toContain(`KMS deletes the key ${keyArn} on 20`)
        expect(removed).toMatch(/All of the tenant is sealed under it since 20\d\d-/)
        expect(removed).not.toContain('under keys that other tenants may need')
        const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: keyArn }))
        expect(KeyMetadata!.KeyState).toBe('PendingDeletion')
        expect([await keysOf(place().keyedTenant), await keysOfSecrets(place().keyedTenant)]).toEqual([
          [],
          [],
        ])
        expect(await other.fetchCredential(id)).toMatchObject({ status: 200 })
      },
      COMMAND_WITHIN_MS,
    )
  })
}
