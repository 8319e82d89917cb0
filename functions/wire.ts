import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SQSClient } from '@aws-sdk/client-sqs'
import { DYNAMO_CLIENT_SETTINGS } from '../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../shared/adapters/dynamodb/dynamo-item-store.ts'
import { DiscoveredKeys } from '../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../shared/adapters/jwt/jose-token-verifier.ts'
import { KmsDigester } from '../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../shared/adapters/kms/kms-key-wrapper.ts'
import { createLambdaGrantRunner } from '../shared/adapters/lambda/lambda-grant-runner.ts'
import { PowertoolsLog } from '../shared/adapters/log/powertools-log.ts'
import { PowertoolsMetrics } from '../shared/adapters/metrics/powertools-metrics.ts'
import { createUrlCheck } from '../shared/adapters/oauth/outgoing-target.ts'
import { SealedGrants } from '../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../shared/adapters/sealed/sealed-secret-store.ts'
import { MeasuredWriteBudget } from '../shared/adapters/secrets-manager/measured-write-budget.ts'
import { SecretsManagerStore } from '../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { SqsDeliveryQueue } from '../shared/adapters/sqs/sqs-delivery-queue.ts'
import { SqsWorkQueue, type WorkQueueUrls } from '../shared/adapters/sqs/sqs-work-queue.ts'
import { SystemClock } from '../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../shared/adapters/system/system-random.ts'
import { InvariantError } from '../shared/domain/errors.ts'
import { newUuid } from '../shared/domain/ids.ts'
import { SecretText } from '../shared/domain/secret-text.ts'
import type { Digester } from '../shared/ports/digester.ts'
import type { GrantRunner } from '../shared/ports/grant-runner.ts'
import type { ItemStore } from '../shared/ports/item-store.ts'
import type { Log } from '../shared/ports/log.ts'
import type { Metrics } from '../shared/ports/metrics.ts'
import type { Ports } from '../shared/ports/ports.ts'
import type { SecretStore } from '../shared/ports/secret-store.ts'
import type { TokenVerifier } from '../shared/ports/token-verifier.ts'
import type { Environment } from '../shared/settings/read-environment.ts'
import { BoundSecretStore } from '../shared/use-cases/commit/bound-secret-store.ts'
import { OpenedSecrets } from '../shared/use-cases/commit/opened-secrets.ts'
import { SingleFlight } from '../shared/use-cases/commit/single-flight.ts'
import { FreezeWatch } from '../shared/use-cases/freezes/freeze-watch.ts'
import { type PermitLookup, PermitWatch } from '../shared/use-cases/permits/permit-watch.ts'
import { UsageRollup } from '../shared/use-cases/usage/usage-rollup.ts'
import type { ApiPorts } from './api/ports.ts'
import type { AuthorizeFunctionPorts } from './authorize/ports.ts'
import { composeGrants } from './compose-grants.ts'
import { type Config, ENV, present, readConfig } from './config.ts'
import type { CredentialsPorts } from './credentials/ports.ts'
import type { GrantsFunctionPorts } from './grants/ports.ts'
import type { HttpPorts } from './http-handler.ts'
import type { ReconcileFunctionPorts } from './reconcile/ports.ts'
import type { SweepFunctionPorts } from './sweep/ports.ts'
import { type AwsAccess, awsAccess, SERVICE_CLIENT_SETTINGS } from './wire-aws-access.ts'

/*
 * One function below for each Lambda function, so that a bundle holds only the clients its role has a use for:
 * esbuild drops the others, and what only they import. The clients themselves do nothing before their first call.
 */

/** An invocation of `grants` lasts as long as a provider takes; the caller's own budget ends the wait earlier. */
const INVOKE_TIMEOUT_MS = 30_000
/** `/readyz` is public: however often it is asked, the stores are asked this seldom. */
const READY_MAX_AGE_MS = 10_000

/** The ports of `api`: rows, secrets to write, digests, and calls to `grants`. */
export function wireApi(env: Environment = process.env): Omit<ApiPorts, 'document'> {
  const base = readBase(env)
  const { config, clock } = base
  const digester = kmsDigester(base)
  const rows = common(base)
  const metrics = emfMetrics(base)
  const secrets = secretStore(base, rows.items, metrics, { mayBegin: true })
  const ports = { ...rows, metrics, secrets, digester }
  const publicUrl = present(config.publicUrl, ENV.publicUrl)
  return {
    ...ports,
    ...httpPorts(base, rows.log),
    grants: grantRunner(base),
    freezes: new FreezeWatch(ports.items, clock),
    permits: new PermitWatch(ports.items, clock),
    work: workQueue(base, { freezeQueueUrl: present(config.freezeQueueUrl, ENV.freezeQueueUrl) }),
    deliveries: deliveryQueue(base),
    checkUrl: createUrlCheck(config.allowHosts),
    publicUrl,
    returnTo: [new URL(publicUrl).origin, ...config.returnTo],
    page: { environment: 'production', features: [] },
    checkReady: readinessCheck(base, { ...ports, secrets }),
  }
}

/** The ports of `credentials`: rows and secrets to read, and calls to `grants`. */
export function wireCredentials(env: Environment = process.env): CredentialsPorts {
  const base = readBase(env)
  const rows = common(base)
  const metrics = emfMetrics(base)
  const secrets = secretStore(base, rows.items, metrics)
  const ports = { ...rows, metrics, secrets, digester: refused<Digester>('digest') }
  return {
    ...ports,
    ...httpPorts(base, rows.log),
    grants: grantRunner(base),
    freezes: new FreezeWatch(ports.items, base.clock),
    permits: new PermitWatch(ports.items, base.clock),
    opened: new OpenedSecrets(ports.secrets, grantSealer(base, rows.items)),
    flights: new SingleFlight(),
    usage: new UsageRollup(ports),
  }
}

/** The ports of `authorize`: authorizations to move on, and calls to `grants`; no secrets. */
export function wireAuthorize(env: Environment = process.env): AuthorizeFunctionPorts {
  const base = readBase(env)
  return {
    ...common(base),
    metrics: emfMetrics(base),
    // Its routes are public: a browser brings a ticket or a state, not a token.
    verifier: refused<TokenVerifier>('verify tokens'),
    permits: refused<PermitLookup>('tell who calls'),
    rateLimitPerSecond: base.config.rateLimitPerSecond,
    digester: kmsDigester(base),
    grants: grantRunner(base),
    publicUrl: present(base.config.publicUrl, ENV.publicUrl),
    headless: base.config.headless,
  }
}

/** The ports of `grants`: rows, secrets to read and write, digests, and the way out to providers. */
export function wireGrants(env: Environment = process.env): GrantsFunctionPorts {
  const base = readBase(env)
  const rows = common(base)
  const metrics = emfMetrics(base)
  const secrets = secretStore(base, rows.items, metrics)
  const owner = env['AWS_LAMBDA_LOG_STREAM_NAME'] ?? 'grants'
  const kept = { secrets, sealer: grantSealer(base, rows.items), digester: kmsDigester(base) }
  return composeGrants({ ...rows, ...kept, metrics }, { allowHosts: base.config.allowHosts, owner })
}

/** The ports of `sweep`: the due index and the queue; no secrets. */
export function wireSweep(env: Environment = process.env): SweepFunctionPorts {
  const base = readBase(env)
  const work = workQueue(base, { queueUrl: present(base.config.workQueueUrl, ENV.workQueueUrl) })
  return {
    ...common(base),
    secrets: refused<SecretStore>('open secrets'),
    digester: refused<Digester>('digest'),
    work,
    metrics: emfMetrics(base),
    rotationsPerMinute: base.config.rotationsPerMinute,
    queueDepth: () => work.depth(),
  }
}

/** The ports of `reconcile`: rows, secrets to remove, the queue, and calls to `grants`. */
export function wireReconcile(env: Environment = process.env): ReconcileFunctionPorts {
  const base = readBase(env)
  const { config } = base
  const rows = common(base)
  const metrics = emfMetrics(base)
  return {
    ...rows,
    secrets: secretStore(base, rows.items, metrics),
    digester: refused<Digester>('digest'),
    metrics,
    grants: grantRunner(base),
    work: workQueue(base, {
      queueUrl: present(config.workQueueUrl, ENV.workQueueUrl),
      freezeQueueUrl: present(config.freezeQueueUrl, ENV.freezeQueueUrl),
    }),
  }
}

interface Base {
  readonly config: Config
  readonly clock: SystemClock
  readonly random: SystemRandom
  /** Where AWS is, and who we are there: what every client is made with. */
  readonly aws: AwsAccess
}

function readBase(env: Environment): Base {
  return {
    config: readConfig(env),
    clock: new SystemClock(),
    random: new SystemRandom(),
    aws: awsAccess(env),
  }
}

function common({ config, clock, random, aws }: Base): Pick<Ports, 'items' | 'clock' | 'random' | 'log'> {
  const client = new DynamoDBClient({ ...aws, ...DYNAMO_CLIENT_SETTINGS })
  return {
    items: new DynamoItemStore({ client, tableName: config.tableName, clock, random }),
    clock,
    random,
    log: new PowertoolsLog({ service: `flow-vault-${config.deployment}`, level: config.logLevel }),
  }
}

function httpPorts({ config, clock }: Base, log: Log): Pick<HttpPorts, 'verifier' | 'rateLimitPerSecond'> {
  const tokens = present(config.tokens, ENV.issuer)
  const keys = new DiscoveredKeys({ ...tokens, clock, log })
  return {
    verifier: new JoseTokenVerifier({ ...tokens, keys: keys.find }),
    rateLimitPerSecond: config.rateLimitPerSecond,
  }
}

function emfMetrics({ config }: Base): PowertoolsMetrics {
  return new PowertoolsMetrics({ deployment: config.deployment })
}

/** The store of the setting, held to the one that the rows were begun with; `api` makes every first secret. */
function secretStore(
  base: Base,
  items: ItemStore,
  metrics: Metrics,
  { mayBegin } = { mayBegin: false },
): BoundSecretStore {
  const kind = process.env['FLOW_VAULT_SECRET_STORE'] ?? base.config.secretStore
  return new BoundSecretStore({ items, secrets: storeOfSetting(base, items, metrics), kind, mayBegin })
}

function storeOfSetting(
  { config, clock, random, aws }: Base,
  items: ItemStore,
  metrics: Metrics,
): SecretStore {
  // Bundling writes the store's name in here, and then what only the other one needs falls out of the bundle.
  if ((process.env['FLOW_VAULT_SECRET_STORE'] ?? config.secretStore) === 'sealed') {
    return new SealedSecretStore({ items, keys: keyWrapper({ config, aws }), clock, random })
  }
  return new SecretsManagerStore({
    client: new SecretsManagerClient({ ...aws, ...SERVICE_CLIENT_SETTINGS }),
    writeBudget: new MeasuredWriteBudget({ clock, maxInstances: config.secretWriters, metrics }),
    deployment: present(config.deploymentId, ENV.deploymentId),
    kmsKeyId: present(config.wrappingKeyArn, ENV.wrappingKeyArn),
  })
}

/** What providers mint is sealed beside the rows, whichever store holds the setups. */
function grantSealer(base: Base, items: ItemStore): SealedGrants {
  return new SealedGrants({ items, keys: keyWrapper(base), random: base.random })
}

function keyWrapper({ config, aws }: Pick<Base, 'config' | 'aws'>): KmsKeyWrapper {
  const client = new KMSClient({ ...aws, ...SERVICE_CLIENT_SETTINGS })
  return new KmsKeyWrapper({ client, keyArn: present(config.wrappingKeyArn, ENV.wrappingKeyArn) })
}

function kmsDigester({ config, aws }: Base): KmsDigester {
  const keyId = present(config.digestKeyArn, ENV.digestKeyArn)
  return new KmsDigester({ client: new KMSClient({ ...aws, ...SERVICE_CLIENT_SETTINGS }), keyId })
}

function grantRunner({ config, clock, aws }: Base): GrantRunner {
  const requestHandler = { ...SERVICE_CLIENT_SETTINGS.requestHandler, requestTimeout: INVOKE_TIMEOUT_MS }
  const client = new LambdaClient({ ...aws, maxAttempts: 1, requestHandler })
  return createLambdaGrantRunner({
    client,
    functionName: present(config.grantsFunction, ENV.grantsFunction),
    clock,
  })
}

/** Where a deployment has no such queue, only a subscription that is tested or replayed is told so. */
function deliveryQueue({ config, aws, random }: Base): SqsDeliveryQueue {
  return new SqsDeliveryQueue({
    client: new SQSClient({ ...aws, ...SERVICE_CLIENT_SETTINGS }),
    queueUrl: config.deliveryQueueUrl,
    newId: () => newUuid(random),
  })
}

function workQueue({ aws }: Base, urls: WorkQueueUrls): SqsWorkQueue {
  const client = new SQSClient({ ...aws, ...SERVICE_CLIENT_SETTINGS })
  return new SqsWorkQueue({ client, ...urls })
}

/** Asks for what was stored first and digests a word: the table answers, its secrets are in reach, the key works. */
function readinessCheck(
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
function refused<Port extends object>(what: string): Port {
  return new Proxy({} as Port, {
    get() {
      throw new InvariantError(`this function may not ${what}`)
    },
  })
}
