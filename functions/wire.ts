import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { outboxKeysOf } from '../shared/adapters/dynamodb/stream-keys.ts'
import { EventBridgeOutlet } from '../shared/adapters/eventbridge/event-bridge-outlet.ts'
import { ItemBreaker } from '../shared/adapters/items/item-breaker.ts'
import { createGuardedFetch } from '../shared/adapters/oauth/outgoing-guard.ts'
import { createUrlCheck } from '../shared/adapters/oauth/outgoing-target.ts'
import type { Digester } from '../shared/ports/digester.ts'
import type { GrantSealer } from '../shared/ports/grant-sealer.ts'
import type { SecretStore } from '../shared/ports/secret-store.ts'
import { SingleFlight } from '../shared/ports/single-flight.ts'
import type { TokenVerifier } from '../shared/ports/token-verifier.ts'
import type { Environment } from '../shared/settings/read-environment.ts'
import { EventOutlets } from '../shared/use-cases/events/event-outlets.ts'
import { FreezeWatch } from '../shared/use-cases/freezes/freeze-watch.ts'
import { OpenedSecrets } from '../shared/use-cases/memory/opened-secrets.ts'
import { deliverInTurn, runnerInTurns, workInTurns } from '../shared/use-cases/neighbours/call-turns.ts'
import { type PermitLookup, PermitWatch } from '../shared/use-cases/permits/permit-watch.ts'
import { SubscriptionOutlet } from '../shared/use-cases/subscriptions/fan-out.ts'
import { StoredDeliveryQueue } from '../shared/use-cases/subscriptions/store-deliveries.ts'
import { UsageRollup } from '../shared/use-cases/usage/usage-rollup.ts'
import type { ApiPorts } from './api/ports.ts'
import type { AuthorizeFunctionPorts } from './authorize/ports.ts'
import { composeGrants } from './compose-grants.ts'
import { ENV, present } from './config.ts'
import type { CredentialsPorts } from './credentials/ports.ts'
import type { DeliverFunctionPorts } from './deliver/ports.ts'
import type { GrantsFunctionPorts } from './grants/ports.ts'
import type { PublishFunctionPorts } from './publish/ports.ts'
import type { ReconcileFunctionPorts } from './reconcile/ports.ts'
import type { SweepFunctionPorts } from './sweep/ports.ts'
import { transportSecurity } from './transport-security.ts'
import { SERVICE_CLIENT_SETTINGS, sharedClient } from './wire-aws-access.ts'
import {
  auditTrail,
  common,
  deliveryQueue,
  emfMetrics,
  grantRunner,
  grantSealer,
  httpPorts,
  keyWrapper,
  kmsDigester,
  localBudgets,
  readBase,
  readinessCheck,
  refused,
  secretStore,
  workQueue,
} from './wire-ports.ts'

/*
 * One function below for each Lambda function, so that a bundle holds only the clients its role has a use for:
 * esbuild drops the others, and what only they import. The clients themselves do nothing before their first call.
 */

/** The ports of `api`: rows, secrets to write, digests, and calls to `grants`. */
export function wireApi(env: Environment = process.env): Omit<ApiPorts, 'documents'> {
  const base = readBase(env)
  const { config, clock } = base
  const digester = kmsDigester(base)
  const rows = common(base)
  const metrics = emfMetrics(base)
  const keys = keyWrapper(base)
  const kmsKeyOf = (tenant: string) => keys.keyArnOf(tenant)
  const secrets = secretStore(base, rows.items, metrics, { mayBegin: true, kmsKeyOf })
  const ports = { ...rows, metrics, secrets, digester }
  const publicUrl = present(config.publicUrl, ENV.publicUrl)
  return {
    ...ports,
    ...httpPorts(base, rows),
    grants: grantRunner(base),
    freezes: new FreezeWatch(ports.items, clock),
    permits: new PermitWatch(ports.items, clock),
    work: workQueue(base, { freezeQueueUrl: present(config.freezeQueueUrl, ENV.freezeQueueUrl) }),
    deliveries: new StoredDeliveryQueue(ports, deliveryQueue(base)),
    maxConnections: base.config.maxConnections,
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
    ...httpPorts(base, rows),
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
    budgets: localBudgets(base),
    digester: kmsDigester(base),
    grants: grantRunner(base),
    commonHeaders: transportSecurity(base.config.publicUrl),
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
  const composed = composeGrants(
    { ...rows, ...kept, metrics, audit: auditTrail(base) },
    { allowHosts: base.config.allowHosts, owner, breaker: new ItemBreaker(rows) },
  )
  return {
    ...composed,
    grants: runnerInTurns(composed.grants, rows, base.config.instances),
    doWork: workInTurns(composed.doWork, rows),
  }
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

/** The ports of `publish`: events to number, the bus, and the queue to subscribers. */
export function wirePublish(env: Environment = process.env): PublishFunctionPorts {
  const base = readBase(env)
  const { config, clock, random, aws } = base
  const rows = common(base)
  const client = sharedClient(EventBridgeClient, aws, SERVICE_CLIENT_SETTINGS)
  const bus = new EventBridgeOutlet({ client, busName: present(config.busName, ENV.busName), clock, random })
  return {
    ...rows,
    metrics: emfMetrics(base),
    outlet: new EventOutlets([
      bus,
      new SubscriptionOutlet(rows, new StoredDeliveryQueue(rows, deliveryQueue(base))),
    ]),
    newKeysOf: outboxKeysOf,
  }
}

/** The ports of `deliver`: subscriptions and their signing keys, deliveries, and the way out to receivers. */
export function wireDeliver(env: Environment = process.env): DeliverFunctionPorts {
  const base = readBase(env)
  const { config, clock } = base
  const rows = common(base)
  const metrics = emfMetrics(base)
  const secrets = secretStore(base, rows.items, metrics)
  const queue = deliveryQueue(base)
  return {
    ...rows,
    metrics,
    secrets,
    digester: refused<Digester>('digest'),
    opened: new OpenedSecrets(secrets, refused<GrantSealer>('open tokens')),
    grants: grantRunner(base),
    fetch: createGuardedFetch({ allowHosts: config.allowHosts, clock }),
    deployment: config.deployment,
    publicUrl: present(config.publicUrl, ENV.publicUrl),
    inTurn: (tenant, act) => deliverInTurn(rows, tenant, act),
    putOff: (receiptHandle, ms) => queue.putOff(receiptHandle, ms),
  }
}
