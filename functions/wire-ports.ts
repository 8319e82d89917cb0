import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SQSClient } from '@aws-sdk/client-sqs'
import { BoundSecretStore } from '../shared/adapters/bound-secret-store.ts'
import { DYNAMO_CLIENT_SETTINGS } from '../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../shared/adapters/dynamodb/dynamo-item-store.ts'
import { ItemBudgets } from '../shared/adapters/items/item-budgets.ts'
import { ItemWriteTurns } from '../shared/adapters/items/item-write-turns.ts'
import { DiscoveredKeys } from '../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../shared/adapters/jwt/jose-token-verifier.ts'
import { tenantAliases } from '../shared/adapters/kms/key-names.ts'
import { KmsDigester } from '../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../shared/adapters/kms/kms-key-wrapper.ts'
import { createLambdaGrantRunner } from '../shared/adapters/lambda/lambda-grant-runner.ts'
import { LineAudit } from '../shared/adapters/log/line-audit.ts'
import { PowertoolsLog } from '../shared/adapters/log/powertools-log.ts'
import { LocalBudgets } from '../shared/adapters/memory/local-budgets.ts'
import { PowertoolsMetrics } from '../shared/adapters/metrics/powertools-metrics.ts'
import { SealedGrants } from '../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../shared/adapters/sealed/sealed-secret-store.ts'
import { MeasuredWriteBudget } from '../shared/adapters/secrets-manager/measured-write-budget.ts'
import { SecretsManagerStore } from '../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { SqsDeliveryQueue } from '../shared/adapters/sqs/sqs-delivery-queue.ts'
import { SqsWorkQueue, type WorkQueueUrls } from '../shared/adapters/sqs/sqs-work-queue.ts'
import { SystemClock } from '../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../shared/adapters/system/system-random.ts'
import { InvariantError } from '../shared/domain/errors.ts'
import { SecretText } from '../shared/domain/secret-text.ts'
import type { AuditTrail } from '../shared/ports/audit-trail.ts'
import type { Digester } from '../shared/ports/digester.ts'
import type { GrantRunner } from '../shared/ports/grant-runner.ts'
import type { ItemStore } from '../shared/ports/item-store.ts'
import type { Log } from '../shared/ports/log.ts'
import type { Metrics } from '../shared/ports/metrics.ts'
import type { Ports } from '../shared/ports/ports.ts'
import type { SecretStore } from '../shared/ports/secret-store.ts'
import type { Environment } from '../shared/settings/read-environment.ts'
import { unknownNames } from '../shared/settings/unknown-names.ts'
import { type Config, ENV, present, readConfig } from './config.ts'
import type { HttpPorts } from './http-handler.ts'
import { transportSecurity } from './transport-security.ts'
import { type AwsAccess, awsAccess, SERVICE_CLIENT_SETTINGS, sharedClient } from './wire-aws-access.ts'

/** An invocation of `grants` lasts as long as a provider takes; the caller's own budget ends the wait earlier. */
const INVOKE_TIMEOUT_MS = 30_000
/** `/readyz` is public: however often it is asked, the stores are asked this seldom. */
const READY_MAX_AGE_MS = 10_000

/** What the ports of every function are built of. */
export interface Base {
  /** A sentence for each variable that looks like a setting and is none. */
  readonly unknown: readonly string[]
  readonly config: Config
  readonly clock: SystemClock
  readonly random: SystemRandom
  /** Where AWS is, and who we are there: what every client is made with. */
  readonly aws: AwsAccess
}

/** What every function is made of: its settings, the clock, chance, and where AWS is. */
export function readBase(env: Environment): Base {
  return {
    config: readConfig(env),
    unknown: unknownNames(env, Object.values(ENV)),
    clock: new SystemClock(),
    random: new SystemRandom(),
    aws: awsAccess(env),
  }
}

/** Rows, clock, chance and log, as every function has them. */
export function common({
  config,
  clock,
  random,
  aws,
  unknown,
}: Base): Pick<Ports, 'items' | 'clock' | 'random' | 'log'> {
  const client = new DynamoDBClient({ ...aws, ...DYNAMO_CLIENT_SETTINGS })
  const tables = { tableName: config.tableName, eventsTableName: config.eventsTableName }
  const log = new PowertoolsLog({ service: `flow-vault-${config.deployment}`, level: config.logLevel })
  // Not refused as embedded: the stage file is where settings are typed, and it takes no unknown ones.
  for (const reason of unknown) log.warn('a variable is read by nothing', { reason })
  return { items: new DynamoItemStore({ client, ...tables, clock, random }), clock, random, log }
}

/** What addresses without a token may ask this instance for. */
export function localBudgets({ config, clock }: Base): LocalBudgets {
  return new LocalBudgets({ requestsPerSecond: config.rateLimitPerSecond, clock })
}

/** What was done, as lines of the function's log that a filter tells from the others. */
export function auditTrail({ config, clock }: Base): AuditTrail {
  const write = (line: string) => void process.stdout.write(line)
  return new LineAudit({ write, nowMs: () => clock.nowMs(), logLevel: config.logLevel })
}

/** What answers HTTP: whose tokens are accepted, and what tenants may ask for. */
export function httpPorts(
  base: Base,
  { items, log }: { items: ItemStore; log: Log },
): Pick<HttpPorts, 'verifier' | 'budgets' | 'corsOrigins' | 'commonHeaders' | 'audit'> {
  const { config, clock, random } = base
  const requestsPerSecond = config.rateLimitPerSecond
  const tokens = present(config.tokens, ENV.issuer)
  const keys = new DiscoveredKeys({ ...tokens, clock, log })
  return {
    verifier: new JoseTokenVerifier({ ...tokens, keys: keys.find }),
    budgets: new ItemBudgets({ items, clock, random, requestsPerSecond, local: localBudgets(base) }),
    corsOrigins: config.corsOrigins,
    audit: auditTrail(base),
    commonHeaders: transportSecurity(config.publicUrl),
  }
}

/** Figures as lines of the log that CloudWatch reads. */
export function emfMetrics({ config }: Base): PowertoolsMetrics {
  return new PowertoolsMetrics({ deployment: config.deployment })
}

/** The store of the setting, held to the one that the rows were begun with; `api` makes every first secret. */
export function secretStore(
  base: Base,
  items: ItemStore,
  metrics: Metrics,
  options: { mayBegin: boolean; kmsKeyOf?: (tenant: string) => Promise<string> } = { mayBegin: false },
): BoundSecretStore {
  const kind = process.env['FLOW_VAULT_SECRET_STORE'] ?? base.config.secretStore
  const secrets = storeOfSetting(base, items, metrics, options.kmsKeyOf)
  return new BoundSecretStore({ items, secrets, kind, mayBegin: options.mayBegin })
}

function storeOfSetting(
  { config, clock, random, aws }: Base,
  items: ItemStore,
  metrics: Metrics,
  kmsKeyOf?: (tenant: string) => Promise<string>,
): SecretStore {
  // Bundling writes the store's name in here, and then what only the other one needs falls out of the bundle.
  if ((process.env['FLOW_VAULT_SECRET_STORE'] ?? config.secretStore) === 'sealed') {
    return new SealedSecretStore({
      deployment: present(config.deploymentId, ENV.deploymentId),
      items,
      keys: keyWrapper({ config, clock, aws }),
      clock,
      random,
    })
  }
  const sharedKey = present(config.wrappingKeyArn, ENV.wrappingKeyArn)
  return new SecretsManagerStore({
    client: sharedClient(SecretsManagerClient, aws, SERVICE_CLIENT_SETTINGS),
    writeBudget: new MeasuredWriteBudget({
      clock,
      maxInstances: config.secretWriters,
      turns: new ItemWriteTurns({ items, clock, random }),
      metrics,
    }),
    deployment: present(config.deploymentId, ENV.deploymentId),
    kmsKeyOf: kmsKeyOf ?? (async () => sharedKey),
  })
}

/** What providers mint is sealed beside the rows, whichever store holds the setups. */
export function grantSealer(base: Base, items: ItemStore): SealedGrants {
  return new SealedGrants({ items, keys: keyWrapper(base), random: base.random })
}

/** Data keys under the key that is shared, or under a tenant's own. */
export function keyWrapper({ config, clock, aws }: Pick<Base, 'config' | 'clock' | 'aws'>): KmsKeyWrapper {
  const client = sharedClient(KMSClient, aws, SERVICE_CLIENT_SETTINGS)
  const keyArn = present(config.wrappingKeyArn, ENV.wrappingKeyArn)
  return new KmsKeyWrapper({ client, clock, keyArn, tenantAliases: tenantAliases(config) })
}

/** Digests by the key that only KMS knows. */
export function kmsDigester({ config, aws }: Base): KmsDigester {
  const keyId = present(config.digestKeyArn, ENV.digestKeyArn)
  return new KmsDigester({ client: sharedClient(KMSClient, aws, SERVICE_CLIENT_SETTINGS), keyId })
}

/** The work that calls providers, asked of the `grants` function. */
export function grantRunner({ config, clock, aws }: Base): GrantRunner {
  const requestHandler = { ...SERVICE_CLIENT_SETTINGS.requestHandler, requestTimeout: INVOKE_TIMEOUT_MS }
  const client = sharedClient(LambdaClient, aws, { maxAttempts: 1, requestHandler })
  return createLambdaGrantRunner({
    client,
    functionName: present(config.grantsFunction, ENV.grantsFunction),
    clock,
  })
}

/** The queue to subscribers. */
export function deliveryQueue({ config, aws }: Base): SqsDeliveryQueue {
  return new SqsDeliveryQueue({
    client: sharedClient(SQSClient, aws, SERVICE_CLIENT_SETTINGS),
    queueUrl: present(config.deliveryQueueUrl, ENV.deliveryQueueUrl),
  })
}

/** The queues before the workers. */
export function workQueue({ aws }: Base, urls: WorkQueueUrls): SqsWorkQueue {
  const client = sharedClient(SQSClient, aws, SERVICE_CLIENT_SETTINGS)
  return new SqsWorkQueue({ client, ...urls })
}

/** Asks for what was stored first and digests a word: the table answers, its secrets are in reach, the key works. */
export function readinessCheck(
  { clock }: Base,
  { secrets, digester }: { secrets: BoundSecretStore; digester: Digester },
): () => Promise<void> {
  let provenAtMs = Number.NEGATIVE_INFINITY
  return async () => {
    if (clock.monotonicMs() - provenAtMs < READY_MAX_AGE_MS) return
    await Promise.all([
      secrets.prove({ afresh: true }),
      digester.digest('key-check', new SecretText('readiness')),
    ])
    provenAtMs = clock.monotonicMs()
  }
}

/** A port that a role has no use for and no permission on: a call is a bug of ours, and says so. */
export function refused<Port extends object>(what: string): Port {
  return new Proxy({} as Port, {
    get() {
      throw new InvariantError(`this function may not ${what}`)
    },
  })
}
