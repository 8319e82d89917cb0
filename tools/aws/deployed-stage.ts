import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type Config, ENV, present, readConfig } from '../../functions/config.ts'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { tenantAliases } from '../../shared/adapters/kms/key-names.ts'
import { KmsDigester } from '../../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SecretsManagerStore } from '../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { Digester } from '../../shared/ports/digester.ts'
import type { GrantSealer } from '../../shared/ports/grant-sealer.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import { ToolError } from '../tool-command.ts'

/** The stores of a deployed stage, as its functions have them, under the caller's own credentials. */
export interface DeployedStage {
  readonly items: ItemStore
  readonly secrets: SecretStore
  /** The kind of `secrets`, as the stage file names it. */
  readonly kind: Config['secretStore']
  readonly sealer: GrantSealer
  readonly digester: Digester
  /** Wraps data keys by the key of each tenant. */
  readonly keys: KmsKeyWrapper
  /** What its functions are set to. */
  readonly config: Config
}

/** What the functions of a stage are set to, all of them together. */
async function deployedConfig(stage: string): Promise<Config> {
  const client = new LambdaClient({})
  const environments = await Promise.all(FUNCTION_TABLE.map(({ name }) => environmentOf(client, stage, name)))
  // An emulator's address is nobody's variable but this process's, and decides what a stage may be allowed.
  const { AWS_ENDPOINT_URL } = process.env
  return readConfig(Object.assign({ AWS_ENDPOINT_URL }, ...environments))
}

/**
 * Opens the stores of a stage. Its writes count as those of one more instance, or, where nobody else writes secrets,
 * take the whole budget. Throws `ToolError` when there is none.
 */
export async function openStage(stage: string, { isOnlyWriter = false } = {}): Promise<DeployedStage> {
  const config = await deployedConfig(stage)
  const [clock, random] = [new SystemClock(), new SystemRandom()]
  const { tableName, eventsTableName } = config
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS })
  const items = new DynamoItemStore({ client, tableName, eventsTableName, clock, random })
  const wrappingKey = present(config.wrappingKeyArn, ENV.wrappingKeyArn)
  const deployment = present(config.deploymentId, ENV.deploymentId)
  const kms = new KMSClient({})
  const keys = new KmsKeyWrapper({
    client: kms,
    clock,
    keyArn: wrappingKey,
    tenantAliases: tenantAliases(config),
  })
  const sealer = new SealedGrants({ items, keys, random })
  const digester = new KmsDigester({ client: kms, keyId: present(config.digestKeyArn, ENV.digestKeyArn) })
  const kind = config.secretStore
  if (kind === 'sealed') {
    const secrets = new SealedSecretStore({ items, keys, clock, random, deployment })
    return { items, secrets, kind, sealer, digester, keys, config }
  }
  const secrets = new SecretsManagerStore({
    client: new SecretsManagerClient({}),
    writeBudget: new WriteBudget({ clock, maxInstances: isOnlyWriter ? 1 : config.secretWriters }),
    deployment,
    kmsKeyOf: (tenant) => keys.keyArnOf(tenant),
  })
  return { items, secrets, kind, sealer, digester, keys, config }
}

async function environmentOf(
  client: LambdaClient,
  stage: string,
  name: (typeof FUNCTION_TABLE)[number]['name'],
): Promise<Record<string, string>> {
  const FunctionName = functionNameOf(stage, name)
  try {
    const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }))
    return Environment?.Variables ?? {}
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
    throw new ToolError(
      `There is no function ${FunctionName} in this account and Region: is the stage deployed, and AWS_REGION right?`,
    )
  }
}
