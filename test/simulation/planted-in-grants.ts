import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import type { GrantSealer, SealedPlace } from '../../shared/ports/grant-sealer.ts'
import type { Attributes, ItemStore, Write } from '../../shared/ports/item-store.ts'
import type { Rescue } from '../../shared/rows/rescue-row.ts'
import { overStore, type PlantedBug, rewriting } from './planting.ts'
import { FAIR_PROVIDER, type Scenario, type SimulatedApp } from './scenario.ts'
import type { Plants } from './world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** What one permission allows all its requests together. */
const PERMISSION_MS = 60_000

/** Remembers the first thing that was opened of each connection and part, and opens nothing else ever after. */
function servingAnotherMark(): Plants {
  const first = new Map<string, Awaited<ReturnType<GrantSealer['open']>>>()
  return {
    sealer: (real) => ({
      removesAtOnce: real.removesAtOnce,
      prepare: (place) => real.prepare(place),
      async open(place: SealedPlace) {
        const name = `${place.tenant} ${place.ownerId} ${place.part}`
        const opened = first.get(name) ?? (await real.open(place))
        first.set(name, opened)
        return opened
      },
    }),
  }
}

/** Refresh tokens lie among the access tokens, where those who answer flows may read. */
function refreshAmongAccess(): Plants {
  return rewriting((writes) =>
    writes.map((write): Write => {
      const { partition, sort } = write.key
      if (!partition.startsWith('REFRESH#')) return write
      return { ...write, key: { partition: partition.replace('REFRESH#', 'ACCESS#'), sort: `${sort}r` } }
    }),
  )
}

/** A rescue of that kind counts as one of what the row holds now, whatever it was left by. */
function adopting(isIt: (rescue: Rescue) => boolean): Plants {
  return {
    items: (real) => ({
      ...overStore(real, (writes) => real.transact(writes)),
      get: async (key, options) => {
        const item = await real.get(key, options)
        const rescue = item as unknown as Rescue | undefined
        return rescue !== undefined && key.partition.endsWith('#RESCUES') && isIt(rescue)
          ? asItsOwn(real, rescue)
          : item
      },
    }),
  }
}

async function asItsOwn(items: ItemStore, rescue: Rescue): Promise<Attributes> {
  const row = (await items.get(connectionKey(rescue.tenant, rescue.id))) as unknown as
    | ConnectionRow
    | undefined
  if (row === undefined) return rescue as unknown as Attributes
  const marks = Object.entries(row.grants ?? {}).map(([name, { mark }]) => [name, mark])
  return {
    ...(rescue as unknown as Attributes),
    ...{ authorization: row.authorization, clientDigest: row.clientDigest },
    replaces: Object.fromEntries(marks),
  } as Attributes
}

/** Whatever is left of a permission's time, each request gets all of it. */
function ownTimeouts(): Plants {
  return {
    oauth: (real) => ({
      requestToken: (request) => real.requestToken({ ...request, timeoutMs: PERMISSION_MS }),
      revoke: (request) => real.revoke(request),
      readImport: (request) => real.readImport(request),
      probe: (request) => real.probe(request),
    }),
  }
}

/** A new setup moves everything but the grant, also where it is of another client. */
function keepingTheGrant(): Plants {
  const grantMembers = new Set(['grant', 'grants', 'authorization'])
  return rewriting((writes) =>
    writes.map((write): Write => {
      if (write.op !== 'update' || write.set?.['clientDigest'] === undefined) return write
      if (write.set['grant'] !== undefined) return write
      return { ...write, remove: (write.remove ?? []).filter((name) => !grantMembers.has(name)) }
    }),
  )
}

/** What rotates the fastest, through an operator's application, with a provider that refuses slowly. */
const SLOW_REFUSALS: Partial<Scenario> = {
  machines: 2,
  fetchEveryMs: 10_000,
  secondSecrets: true,
  apps: Array.from(
    { length: 6 },
    (): SimulatedApp => ({
      appId: 'SLACK',
      type: 'OAUTH_CODE',
      rules: {
        ...{ accessLifeMs: 3 * MINUTE_MS, expiryBasis: 'stated', rotates: true, graceMs: 0 },
        ...{ reuseRevokes: true, nested: 'user' },
      },
    }),
  ),
  stormMs: 3 * HOUR_MS,
  provider: { ...FAIR_PROVIDER, brokenClient: 0.4, slowRefusals: 1, slow: 0.6 },
}

/** Answers that come after others have acted, often: what only a race with them brings out comes out soon. */
export const BUSY: Partial<Scenario> = { peopleEveryMs: MINUTE_MS, provider: { ...FAIR_PROVIDER, slow: 0.6 } }

/** Connections that are given another client, or authorized anew, while what rotates the fastest is renewed. */
export const CLIENTS_OF_THEIR_OWN: Partial<Scenario> = {
  ...BUSY,
  peopleEveryMs: 20_000,
  fetchEveryMs: 10_000,
  stormMs: 2 * HOUR_MS,
  apps: Array.from(
    { length: 6 },
    (): SimulatedApp => ({
      appId: 'OAUTH2',
      type: 'AUTHORIZATION_CODE',
      rules: {
        ...{ accessLifeMs: 3 * MINUTE_MS, expiryBasis: 'stated', rotates: true, graceMs: 0 },
        reuseRevokes: true,
      },
    }),
  ),
}

/** Mistakes that the keeping of grants beside their rows could have been written with. */
export const PLANTED_IN_GRANTS: readonly PlantedBug[] = [
  {
    name: 'a sealed item of another mark that is served',
    within: 5,
    plants: servingAnotherMark,
  },
  { name: 'refresh tokens among the access tokens', within: 5, plants: refreshAmongAccess },
  {
    name: 'a rescue of an undone operation that is adopted',
    within: 5,
    weather: CLIENTS_OF_THEIR_OWN,
    plants: () => adopting(({ of }) => of === 'first'),
  },
  {
    // A third of the seeds notice it, and of the first fifteen none has to.
    name: 'a rescue of another authorization that is adopted',
    within: 30,
    isSlow: true,
    weather: CLIENTS_OF_THEIR_OWN,
    plants: () => adopting(({ of }) => of === 'renewal' || of === 'authorize'),
  },
  {
    name: 'a second client secret with a timeout of its own',
    within: 5,
    weather: SLOW_REFUSALS,
    plants: ownTimeouts,
  },
  {
    name: 'a grant kept across a change of client',
    within: 10,
    isSlow: true,
    weather: BUSY,
    plants: keepingTheGrant,
  },
]
