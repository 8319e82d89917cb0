import { createSecretKey } from 'node:crypto'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { LocalBreaker } from '../../shared/adapters/memory/local-breaker.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import type { GrantSealer } from '../../shared/ports/grant-sealer.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import { SingleFlight } from '../../shared/ports/single-flight.ts'
import type { WorkQueue } from '../../shared/ports/work-queue.ts'
import type { FetchPorts } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'
import { noOutgoing } from '../support/no-outgoing.ts'
import type { Chance } from './chance.ts'
import type { SimulatedProcess } from './machine.ts'

/** Everything any use case of one process asks for. */
export type ProcessPorts = GrantPorts & FetchPorts & { readonly work: WorkQueue }

const DIGEST_KEY = createSecretKey(Buffer.alloc(32, 7))

export const QUIET_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }

/** The ports of a process: the stores and the provider as it reaches them, and memory of its own. */
export function portsOf(
  process: SimulatedProcess,
  world: {
    items: ItemStore
    secrets: SecretStore
    sealer: GrantSealer
    oauth: OAuthClient
    work: WorkQueue
    chance: Chance
    log?: Log
  },
): ProcessPorts {
  const { items, secrets, sealer, oauth, work, chance } = world
  const base = {
    items,
    secrets,
    digester: new LocalDigester(DIGEST_KEY),
    clock: process,
    random: chance,
    log: world.log ?? QUIET_LOG,
    oauth,
    checkUrl: () => undefined,
    outgoing: noOutgoing,
    work,
    sealer,
    opened: new OpenedSecrets(secrets, sealer),
    attempts: new AttemptWatch(process),
    breaker: new LocalBreaker({ clock: process, random: chance }),
    restored: new RestoredMark(items, process),
    owner: process.name,
    freezes: new FreezeWatch(items, process),
    flights: new SingleFlight<never>(),
  }
  return { ...base, grants: createLocalGrantRunner(base) } as ProcessPorts
}
