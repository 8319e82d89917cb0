import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { ItemBreaker } from '../../shared/adapters/items/item-breaker.ts'
import { KmsDigester } from '../../shared/adapters/kms/kms-digester.ts'
import { KmsKeyWrapper } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SecretsManagerStore } from '../../shared/adapters/secrets-manager/secrets-manager-store.ts'
import { WriteBudget } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { SECRET_KINDS } from '../../shared/domain/secret-id.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import { type ReconcilePorts, reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { doWorkItem } from '../../shared/use-cases/rotation/work-item.ts'
import { createTable } from '../support/create-table.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { FaultyWire } from '../support/faulty-proxy.ts'
import { HurriedClock } from '../support/hurried-clock.ts'
import { noOutgoing } from '../support/no-outgoing.ts'
import { RotatingProvider } from '../support/rotating-provider.ts'

/** An emulator answers in tens of ms; a saga whose every answer is late still ends. */
export const ANSWER_WITHIN_MS = 400
const HOUR_MS = 3_600_000
/** Of reconcile: what it finds again and again is a problem that the promises show. */
const MAX_TURNS = 6
const DEPLOYMENT = 'faultywire'
const TABLES = ['faulty-wire', 'faulty-wire-events'] as const

/** One process of the vault behind a wire that fails as it is told to, and a provider that never does. */
export interface FaultyWorld {
  readonly wire: FaultyWire
  readonly clock: HurriedClock
  readonly provider: RotatingProvider
  readonly ports: GrantPorts &
    ReconcilePorts & { readonly grants: GrantRunner; readonly freezes: FreezeWatch }
  /** What an hour and reconcile bring, and again while there is something to do. */
  reconcile(): Promise<void>
  /** The names of a tenant's secrets, those too that wait for their deletion. */
  secretNames(tenant: string): Promise<string[]>
  close(): Promise<void>
}

/** DynamoDB of the one emulator, secrets and keys of the other: each is right where it is used. */
export async function startFaultyWorld(): Promise<FaultyWorld> {
  const wire = new FaultyWire()
  const clock = new HurriedClock()
  const provider = new RotatingProvider()
  const stores = await storesBehind(wire, clock)
  const quiet = () => undefined
  const queued: WorkItem[] = []
  const base = {
    ...stores,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet, access: quiet },
    oauth: provider,
    opened: new OpenedSecrets(stores.secrets, stores.sealer),
    checkUrl: () => undefined,
    outgoing: noOutgoing,
    attempts: new AttemptWatch(clock),
    breaker: new ItemBreaker(stores),
    restored: new RestoredMark(stores.items, clock),
    owner: 'faulty',
    freezes: new FreezeWatch(stores.items, clock),
    work: { enqueue: async (more: readonly WorkItem[]) => void queued.push(...more) },
  }
  const ports = { ...base, grants: createLocalGrantRunner(base) }
  return {
    wire,
    clock,
    provider,
    ports,
    async reconcile() {
      clock.moveOn(HOUR_MS)
      for (let turns = 0; turns < MAX_TURNS && (await reconcileWork(ports)).found > 0; turns++) {
        for (const item of queued.splice(0)) await doWorkItem(ports, item)
        clock.moveOn(HOUR_MS)
      }
    },
    secretNames,
    close: () => wire.close(),
  }
}

async function secretNames(tenant: string): Promise<string[]> {
  const Values = SECRET_KINDS.map((kind) => `flow-vault/${DEPLOYMENT}/${kind}/${tenant}/`)
  const command = new ListSecretsCommand({ IncludePlannedDeletion: true, Filters: [{ Key: 'name', Values }] })
  const { SecretList = [] } = await new SecretsManagerClient(emulatorClientConfig('moto')).send(command)
  return SecretList.map(({ Name = '' }) => Name)
}

async function storesBehind(wire: FaultyWire, clock: HurriedClock) {
  const requestHandler = { requestTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true }
  const [ministack, moto] = [emulatorClientConfig('ministack'), emulatorClientConfig('moto')]
  const rows = { ...ministack, ...DYNAMO_CLIENT_SETTINGS, endpoint: await wire.before(ministack.endpoint) }
  const others = { ...moto, endpoint: await wire.before(moto.endpoint), requestHandler, maxAttempts: 2 }
  const plain = new DynamoDBClient({ ...ministack, ...DYNAMO_CLIENT_SETTINGS })
  for (const name of TABLES) await createTable(plain, name)
  const keys = new KMSClient(moto)
  const made = await keys.send(new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }))
  const wrapping = await keys.send(new CreateKeyCommand({}))
  const random = new SystemRandom()
  const [tableName, eventsTableName] = TABLES
  const client = new DynamoDBClient({ ...rows, requestHandler })
  const items = new DynamoItemStore({ client, tableName, eventsTableName, clock, random })
  const kms = new KMSClient(others)
  const wrapper = new KmsKeyWrapper({ client: kms, clock, keyArn: wrapping.KeyMetadata!.Arn! })
  return {
    items,
    clock,
    random,
    secrets: new SecretsManagerStore({
      client: new SecretsManagerClient(others),
      writeBudget: new WriteBudget({ clock, maxInstances: 1, maxWaitMs: HOUR_MS }),
      deployment: DEPLOYMENT,
    }),
    digester: new KmsDigester({ client: kms, keyId: made.KeyMetadata!.KeyId! }),
    sealer: new SealedGrants({ items, keys: wrapper, random }),
  }
}
