import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../shared/adapters/memory/memory-secret-store.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { GrantSealer, SealedPlace } from '../../shared/ports/grant-sealer.ts'
import type { ItemStore, Write } from '../../shared/ports/item-store.ts'
import type { KeyContext, KeyWrapper } from '../../shared/ports/key-wrapper.ts'
import { KeyUnavailableError } from '../../shared/ports/key-wrapper.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../support/grants-under-test.ts'
import { OPEN_KEYS } from '../support/open-keys.ts'
import { overStore } from './planting.ts'

/** A mistake that no storm brings out, and the small scene that does: what it notices, or undefined. */
export interface PlantedInUnit {
  readonly name: string
  notice(isPlanted: boolean): Promise<string | undefined>
}

/** Secrets Manager refuses a version more than these (user guide, "Secret versions"). */
const VERSIONS_KEPT = 100
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
}

async function inVault<T>(act: (world: GrantsUnderTest) => Promise<T>): Promise<T> {
  const world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({
    body: { access_token: 'access', refresh_token: 'refresh', expires_in: 3600 },
  }))
  try {
    return await act(world)
  } finally {
    await world.close()
  }
}

/** The store with each write of a transaction changed on its way. */
function changing(real: ItemStore, change: (write: Write) => Write): ItemStore {
  return overStore(real, (writes) => real.transact(writes.map(change)))
}

/** A role that may use keys of refresh tokens only, and what it gets of an access token. */
async function readAcross(isPlanted: boolean): Promise<string | undefined> {
  const place: SealedPlace = { tenant: 'acme', ownerId: 'ac_1', part: 'access', mark: 'abcdefgh' }
  const asRefresh = (context: KeyContext): KeyContext =>
    isPlanted && 'part' in context ? { ...context, part: 'refresh' } : context
  const contexts = new Map<string, KeyContext>()
  const keys: KeyWrapper = {
    ...OPEN_KEYS,
    async generateDataKey(context) {
      const made = await OPEN_KEYS.generateDataKey(context)
      contexts.set(made.key.wrapped, asRefresh(context))
      return made
    },
    async unwrap(key, context) {
      const bound = contexts.get(key.wrapped)
      if (bound !== undefined && 'part' in bound && bound.part !== 'refresh')
        throw new KeyUnavailableError('not for this role')
      return OPEN_KEYS.unwrap(key, context)
    },
  }
  const sealer = new SealedGrants({ items: new MemoryItemStore(), keys, random: new SystemRandom() })
  const write = (await sealer.prepare(place))(new SecretText('access-token'))
  const reader = new SealedGrants({ items: holding(write), keys, random: new SystemRandom() })
  const text = await reader.open(place).catch(() => undefined)
  return text === undefined ? undefined : 'an access token opens with a key for refresh tokens'
}

function holding(write: Write): ItemStore {
  const attributes = write.op === 'put' ? write.attributes : undefined
  return { ...overStore(new MemoryItemStore(), async () => undefined), get: async () => attributes }
}

/** Changes a setup time and again, every second change undone, and counts what one secret has to hold. */
async function countVersions(plant: (write: Write) => Write): Promise<string | undefined> {
  return inVault(async (world) => {
    const staged = new Map<string, number>()
    class CountingStore extends MemorySecretStore {
      override stage(secretId: string, ...rest: [string, SecretText]) {
        staged.set(secretId, (staged.get(secretId) ?? 0) + 1)
        return super.stage(secretId, ...rest)
      }
    }
    const secrets = new CountingStore(world.clock)
    const ports = { ...world.ports, secrets, items: changing(world.ports.items, plant) }
    const setup = (n: number) => ({ type: 'TOKEN', token: `token-${n}` })
    const { row } = await createConnection(ports, {
      ...{ tenant: world.tenant, clientId: 'test', name: 'Orders', appId: 'TELEGRAM', setup: setup(0) },
    })
    for (let n = 1; n <= VERSIONS_KEPT + 10; n++) {
      const items = n % 2 === 0 ? ports.items : refusingCommits(ports.items)
      const update = { tenant: world.tenant, id: row.id, setup: setup(n) }
      await updateConnection({ ...ports, items }, update).catch(() => undefined)
    }
    const most = Math.max(...staged.values())
    return most >= VERSIONS_KEPT ? `one secret was given ${most} versions` : undefined
  })
}

/** A store that gets no further than the intent. */
function refusingCommits(real: ItemStore): ItemStore {
  return overStore(real, async (writes) => {
    if (writes.some((write) => write.op === 'put' && write.key.partition.endsWith('#EVENTS')))
      throw new Error('the commit is refused')
    await real.transact(writes)
  })
}

/** The holder always seems to have one version more than when it was made. */
function neverFull(write: Write): Write {
  if (write.op !== 'update' || write.set?.['secret'] === undefined) return write
  return { ...write, set: { ...write.set, secret: { ...(write.set['secret'] as object), staged: 1 } } }
}

/** What the transaction that opens an intent counts is forgotten: only commits count. */
function onlyCommitted(write: Write): Write {
  if (write.op !== 'update' || write.set?.['secret'] === undefined) return write
  // A reservation moves nothing but the count.
  if (Object.keys(write.set).length > 2) return write
  const { secret: _, ...set } = write.set
  return { ...write, set }
}

/** How late the attempt is dated when its data keys take five seconds. */
async function dateAttempt(isPlanted: boolean): Promise<string | undefined> {
  return inVault(async (world) => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code' })
    let datedMs = 0
    const items = changing(world.ports.items, (write) => {
      const attempt = write.op === 'update' ? (write.set?.['attempt'] as { startedAtMs: number }) : undefined
      if (attempt === undefined || write.op !== 'update') return write
      const startedAtMs = isPlanted ? world.clock.nowMs() : attempt.startedAtMs
      datedMs = startedAtMs
      return { ...write, set: { ...write.set, attempt: { ...attempt, startedAtMs } } }
    })
    const sealer: GrantSealer = {
      removesAtOnce: false,
      open: (place) => world.ports.sealer.open(place),
      async prepare(place) {
        await world.clock.advance(2_500)
        return world.ports.sealer.prepare(place)
      },
    }
    const decidedMs = world.clock.nowMs()
    await rotateConnection({ ...world.ports, items, sealer }, { tenant: world.tenant, id, cause: 'manual' })
    return datedMs === decidedMs
      ? undefined
      : `an attempt is dated ${datedMs - decidedMs} ms after its decision`
  })
}

/** Two connections of one client and nobody knows which person: one of them is deleted. */
async function deleteOneOfTwo(isPlanted: boolean): Promise<string | undefined> {
  return inVault(async (world) => {
    const [one] = [
      await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-0' }),
      await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-1' }),
    ]
    const { grants } = world.ports
    const planted: typeof grants = {
      ...grants,
      revoke: (request) => grants.revoke({ ...request, ...(isPlanted ? { evenIfHeld: true } : {}) }),
    }
    const deletion = { tenant: world.tenant, id: one!.id, purge: true }
    await deleteConnection({ ...world.ports, grants: planted }, deletion)
    const isRevoked = world.provider.requests.some(({ path }) => path === '/revoke')
    return isRevoked ? 'the grant of the other connection ends with it' : undefined
  })
}

/** The keys are away from the moment that the provider answers. */
async function loseKeys(isPlanted: boolean): Promise<string | undefined> {
  return inVault(async (world) => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code' })
    let isAway = false
    world.provider.answerWith(() => {
      isAway = true
      return { body: { access_token: 'access-2', refresh_token: 'refresh-2', expires_in: 3600 } }
    })
    const requireKeys = () => {
      if (isAway) throw new KeyUnavailableError('the keys are away')
    }
    const sealer: GrantSealer = {
      removesAtOnce: false,
      open: (place) => world.ports.sealer.open(place),
      async prepare(place) {
        requireKeys()
        const seal = await world.ports.sealer.prepare(place)
        return (text) => {
          if (isPlanted) requireKeys()
          return seal(text)
        }
      },
    }
    const before = (await world.row(id)).grant?.access
    const request = { tenant: world.tenant, id, cause: 'manual' } as const
    await rotateConnection({ ...world.ports, sealer }, request).catch(() => undefined)
    return (await world.row(id)).grant?.access === before ? 'the answer is lost' : undefined
  })
}

/** Each with the scene that notices it. */
export const PLANTED_IN_UNITS: readonly PlantedInUnit[] = [
  { name: 'an access item readable with the refresh context', notice: readAcross },
  {
    name: 'a generation that is not rolled',
    notice: (isPlanted) => countVersions(isPlanted ? neverFull : (write) => write),
  },
  {
    name: 'undone stages that are not counted',
    notice: (isPlanted) => countVersions(isPlanted ? onlyCommitted : (write) => write),
  },
  { name: 'an attempt that is dated late', notice: dateAttempt },
  { name: 'a grant revoked although another of the same client is held', notice: deleteOneOfTwo },
  { name: 'a data key made after the answer', notice: loseKeys },
]
