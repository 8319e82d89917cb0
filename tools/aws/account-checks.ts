import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient, paginateListKeys } from '@aws-sdk/client-kms'
import { GetAccountSettingsCommand, LambdaClient, ListLayersCommand } from '@aws-sdk/client-lambda'
import {
  ListServiceQuotasCommand,
  type ServiceQuota,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { rotationPace } from '../../infra/rotation-pace.ts'
import type { DeploymentSettings } from '../../infra/stage-file.ts'
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import { tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'
import { KEPT_BYTES } from '../capacity/capacity-page.ts'
import { callsOfRotation } from '../capacity/rotation-calls.ts'
import {
  type Finding,
  judgeAdoptedTenantKey,
  judgeConcurrency,
  judgeIssuer,
  judgeQuota,
  judgeRegion,
  judgeTenantKeys,
} from './preflight.ts'
import { describeKey, findKey } from './tenant-key.ts'

const RUNTIME = 'nodejs24.x'
const ARCHITECTURE = 'arm64'
/** What Lambda calls a value that is none of a list. */
const UNKNOWN_VALUE = new Set(['InvalidParameterValueException', 'ValidationException'])
/** The roles of `cdk bootstrap` that a deployment takes (CDK guide, bootstrapping); its qualifier is CDK's own. */
const BOOTSTRAP_ROLES = ['deploy-role', 'file-publishing-role']
const QUALIFIER = 'hnb659fds'
const SESSION = 'flow-vault-preflight'
const LEAST_SESSION_SECONDS = 900
const DISCOVERY = '.well-known/openid-configuration'
const DISCOVERY_TIMEOUT_MS = 5_000
/** Customer keys of an account and Region, unless it was given more (KMS developer guide, resource quotas). */
const DEFAULT_KEYS = 100_000

/** A check of the account, by its name for people. */
export type AccountCheck = readonly [name: string, look: () => Promise<Finding>]

/** Everything that is looked at before a stage is deployed; nothing is changed, and each check stands alone. */
export function accountChecks(
  settings: DeploymentSettings,
  { region, account }: { readonly region: string; readonly account: string },
): AccountCheck[] {
  const aRotation = callsOfRotation(settings.secretStore, KEPT_BYTES)
  return [
    ['Region', async () => judgeRegion(settings, region)],
    ['runtime', () => runtimeFinding(new LambdaClient({}), region)],
    ['instances', () => concurrency(settings)],
    ['bootstrap and permissions', () => bootstrap(account, region)],
    ['table quota', () => quota('dynamodb', /^Table-level write throughput/, settings, aRotation.writeUnits)],
    [
      'key quota',
      () => quota('kms', /^Cryptographic operations \(symmetric\)/, settings, aRotation.kmsCalls),
    ],
    ['issuer', () => issuer(settings)],
    ...(settings.tenantKeys.length === 0 ? [] : ([['keys of tenants', () => tenantKeys(settings)]] as const)),
    ...(settings.adopt === undefined ? [] : adopted(settings.adopt)),
  ]
}

/** Who asks, and of which account. Throws what STS answers. */
export async function callerOf(): Promise<{ readonly account: string; readonly arn: string }> {
  const { Account = '', Arn = '' } = await new STSClient({}).send(new GetCallerIdentityCommand({}))
  return { account: Account, arn: Arn }
}

/** A look that ends in a finding whatever happens: what may not be asked, or is not there to ask, is `unknown`. */
export async function lookedAt(look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look()
  } catch (error) {
    const { name, message } = error as Error
    return { outcome: 'unknown', words: `${name}: ${message}`.slice(0, 300) }
  }
}

/**
 * Whether Lambda has our runtime in the Region. It lists no runtimes; what it lists by runtime and architecture it
 * refuses for one that it does not have (API Reference, ListLayers: 400).
 */
export async function runtimeFinding(client: LambdaClient, region: string): Promise<Finding> {
  const asked = new ListLayersCommand({
    CompatibleRuntime: RUNTIME,
    CompatibleArchitecture: ARCHITECTURE,
    MaxItems: 1,
  })
  try {
    await client.send(asked)
    return { outcome: 'ok', words: `Lambda knows ${RUNTIME} on ${ARCHITECTURE} in ${region}` }
  } catch (error) {
    const { name } = error as Error
    if (!UNKNOWN_VALUE.has(name)) throw error
    const words = `Lambda does not know ${RUNTIME} on ${ARCHITECTURE} in ${region} (${name}): take another Region`
    return { outcome: 'failed', words }
  }
}

async function concurrency(settings: DeploymentSettings): Promise<Finding> {
  const { AccountLimit } = await new LambdaClient({}).send(new GetAccountSettingsCommand({}))
  const all = AccountLimit?.ConcurrentExecutions ?? 0
  return judgeConcurrency(settings, {
    all,
    unreserved: AccountLimit?.UnreservedConcurrentExecutions ?? all,
  })
}

/** Taking on the roles proves that they are there and that whoever deploys may have them. */
async function bootstrap(account: string, region: string): Promise<Finding> {
  const client = new STSClient({})
  for (const role of BOOTSTRAP_ROLES) {
    const RoleArn = `arn:aws:iam::${account}:role/cdk-${QUALIFIER}-${role}-${account}-${region}`
    const taking = new AssumeRoleCommand({
      RoleArn,
      RoleSessionName: SESSION,
      DurationSeconds: LEAST_SESSION_SECONDS,
    })
    try {
      await client.send(taking)
    } catch (error) {
      const words = `${RoleArn} cannot be taken on (${(error as Error).name}): run npx cdk bootstrap aws://${account}/${region}, or give the deployer sts:AssumeRole on it`
      return { outcome: 'failed', words }
    }
  }
  return { outcome: 'ok', words: 'the roles of cdk bootstrap are there, and may be taken on' }
}

async function quota(
  ServiceCode: string,
  name: RegExp,
  settings: DeploymentSettings,
  aRotation: number,
): Promise<Finding> {
  const found = await findQuota(ServiceCode, name)
  if (found?.Value === undefined)
    return { outcome: 'unknown', words: `${ServiceCode} names no such quota here` }
  const perSecond = rotationPace(settings).rotationsPerMinute / 60
  return judgeQuota(found.QuotaName ?? '', found.Value, perSecond * aRotation)
}

async function findQuota(ServiceCode: string, name: RegExp): Promise<ServiceQuota | undefined> {
  const client = new ServiceQuotasClient({})
  let NextToken: string | undefined
  do {
    const page = await client.send(new ListServiceQuotasCommand({ ServiceCode, NextToken }))
    const found = page.Quotas?.find(({ QuotaName = '' }) => name.test(QuotaName))
    if (found !== undefined) return found
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return undefined
}

/** Keys that are there already, those that a deployment will make, and what they cost. */
async function tenantKeys({ stage, tenantKeys: tenants, adopt }: DeploymentSettings): Promise<Finding> {
  const client = new KMSClient({})
  const states = await Promise.all(
    tenants.map(async (tenant) => {
      const name = adopt?.tenantKeyArns.get(tenant) ?? tenantKeyAlias(stage, tenant)
      return [tenant, (await findKey(client, name))?.state] as const
    }),
  )
  let inAccount = 0
  for await (const { Keys = [] } of paginateListKeys({ client, pageSize: 1000 }, {})) inAccount += Keys.length
  // Who may not ask for quotas still hears what is there and what it costs; an account has never less.
  const found = await findQuota('kms', /^Customer (?:Master|managed) Keys/i).catch(() => undefined)
  const quota = found?.Value ?? DEFAULT_KEYS
  return judgeTenantKeys({ states, inAccount, quota })
}

async function issuer({ issuer: url, jwksUrl }: DeploymentSettings): Promise<Finding> {
  if (jwksUrl !== undefined) return { outcome: 'ok', words: 'jwksUrl names its keys: nothing is discovered' }
  const discovery = new URL(DISCOVERY, url.endsWith('/') ? url : `${url}/`)
  try {
    const answer = await fetch(discovery, { signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS) })
    return judgeIssuer(url, await answer.json())
  } catch (error) {
    const words = `${discovery} does not answer with a document (${(error as Error).name}): functions cannot find its keys there either`
    return { outcome: 'failed', words }
  }
}

function adopted(adopt: NonNullable<DeploymentSettings['adopt']>): AccountCheck[] {
  const { tableName, wrappingKeyArn, digestKeyArn, tenantKeyArns } = adopt
  return [
    ['adopted table', () => tableFinding(tableName)],
    ['adopted wrapping key', () => keyFinding(wrappingKeyArn, 'ENCRYPT_DECRYPT')],
    ['adopted digest key', () => keyFinding(digestKeyArn, 'GENERATE_VERIFY_MAC')],
    ...Array.from(tenantKeyArns, ([tenant, arn]): AccountCheck => {
      return [`adopted key of ${tenant}`, () => adoptedTenantKey(tenant, arn, adopt.deploymentId)]
    }),
  ]
}

async function adoptedTenantKey(
  tenant: string,
  arn: string,
  deploymentId: string | undefined,
): Promise<Finding> {
  const usable = await keyFinding(arn, 'ENCRYPT_DECRYPT')
  if (usable.outcome !== 'ok') return usable
  const tags = await findKey(new KMSClient({}), arn)
  return judgeAdoptedTenantKey({ arn, tenant, deploymentId }, tags ?? {})
}

async function tableFinding(TableName: string): Promise<Finding> {
  const client = new DynamoDBClient({})
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    const { name } = TABLE_DEFINITION.dueIndex
    const isOurs = Table?.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === name) === true
    if (isOurs) return { outcome: 'ok', words: `${TableName} is there, with the index of a vault` }
    return {
      outcome: 'failed',
      words: `${TableName} has no index named ${name}: it is not the table of a vault`,
    }
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
    return { outcome: 'failed', words: `there is no table ${TableName} in this account and Region` }
  }
}

async function keyFinding(KeyId: string, usage: string): Promise<Finding> {
  const key = await describeKey(new KMSClient({}), KeyId)
  if (key === undefined)
    return { outcome: 'failed', words: `there is no key ${KeyId} in this account and Region` }
  if (key.KeyUsage !== usage)
    return { outcome: 'failed', words: `${KeyId} is for ${key.KeyUsage}, and ${usage} is needed` }
  if (key.KeyState !== 'Enabled')
    return { outcome: 'failed', words: `${KeyId} is ${key.KeyState}: docs/runbook.md, key-state` }
  return { outcome: 'ok', words: `${KeyId} is enabled` }
}
