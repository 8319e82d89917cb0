import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { LocalBreaker } from '../../shared/adapters/memory/local-breaker.ts'
import { openKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import type { SendPorts } from '../../shared/use-cases/subscriptions/send-notification.ts'
import { noOutgoing } from '../support/no-outgoing.ts'

/** Whom the benches' connections belong to. */
export const TENANT = 'bench'
/** As many rotations as the embedded server's queue runs at a time. */
export const CONCURRENCY = 64
const silent = () => undefined

/**
 * What rotation needs, over the given rows and key file as embedded, with a token endpoint that costs nothing but its
 * time.
 */
export async function mintingPorts(
  items: ItemStore,
  keyPath: string,
  provider: { answerMs: number },
): Promise<GrantPorts & SendPorts> {
  const clock = new SystemClock()
  const random = new SystemRandom()
  const keys = await LocalKeyWrapper.open(keyPath, random)
  const digester = new LocalDigester((await openKeyFile(keyPath)).digestKey)
  const secrets = new SealedSecretStore({ deployment: 'local', items, keys, clock, random })
  const sealer = new SealedGrants({ items, keys, random, removesAtOnce: true })
  const log = { debug: silent, info: silent, warn: silent, error: silent, access: silent }
  let minted = 0
  const oauth: OAuthClient = {
    requestToken: async () => {
      if (provider.answerMs > 0) await clock.sleep(provider.answerMs)
      const accessToken = new SecretText(`access-token-${minted++}`)
      return {
        kind: 'granted',
        grants: { main: { accessToken, lifeMs: 3_600_000, expiryBasis: 'stated', extra: {} } },
      }
    },
    revoke: async () => ({ kind: 'unsupported' }),
    readImport: async ({ grant }) => ({ grant }),
    probe: async () => ({ kind: 'accepted' }),
  }
  return {
    items,
    secrets,
    digester,
    clock,
    random,
    log,
    oauth,
    sealer,
    opened: new OpenedSecrets(secrets, sealer),
    checkUrl: () => undefined,
    outgoing: noOutgoing,
    attempts: new AttemptWatch(clock),
    breaker: new LocalBreaker({ clock, random }),
    restored: new RestoredMark(items, clock),
    owner: 'bench',
    freezes: new FreezeWatch(items, clock),
  }
}

/** A connection whose first grant is minted; its id. */
export async function createMinted(ports: GrantPorts & SendPorts, index: number): Promise<string> {
  const setup = {
    type: 'CLIENT_CREDENTIALS',
    client_id: `client-${index}`,
    client_secret: `secret-${index}`,
    token_url: 'https://provider.example.com/token',
  }
  const { row } = await createConnection(
    { ...ports, grants: createLocalGrantRunner(ports) },
    { tenant: TENANT, clientId: 'bench', name: `minted ${index}`, appId: 'OAUTH2', setup },
  )
  return row.id
}

/**
 * Rotates connections one after another, as many at a time as the server's queue, while `next` names one; how many
 * were.
 */
export async function rotateAll(ports: GrantPorts, next: () => string | undefined): Promise<number> {
  let rotated = 0
  const worker = async (): Promise<void> => {
    for (let id = next(); id !== undefined; id = next()) {
      const result = await rotateConnection(ports, { tenant: TENANT, id, cause: 'manual' })
      if (result.kind === 'rotated') rotated++
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return rotated
}
