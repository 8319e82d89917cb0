import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { GrantState } from '../../shared/domain/grant.ts'
import { newId, newUuid } from '../../shared/domain/ids.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { connectionDueAtMs } from '../../shared/domain/rotation-policy.ts'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import { dueMembers } from '../../shared/use-cases/grants/postpone-rotation.ts'
import { prepareSeals } from '../../shared/use-cases/grants/sealed-tokens.ts'
import { sweepDue } from '../../shared/use-cases/rotation/sweep-due.ts'
import { storeVersion } from '../support/store-version.ts'
import { FAIR_PROVIDER, FAIR_STORES, scenarioOf } from './scenario.ts'
import { World } from './world.ts'

const MINUTE_MS = 60_000
const LIFE_MS = 60 * MINUTE_MS
const EXPIRY_BASIS = 'stated'
const RULES = {
  accessLifeMs: LIFE_MS,
  expiryBasis: EXPIRY_BASIS,
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
} as const

export interface HerdOptions {
  readonly connections: number
  /** How many a minute the sweep may hand over, as far as the workers know. */
  readonly capacity: number
  /** Of the connections, how many belong to one tenant; the others are spread over a hundred. */
  readonly whalePart: number
  /** What the sweep is really told; the capacity, unless a mistake is planted. */
  readonly sweepLimit?: number
}

export interface HerdReport {
  readonly violations: readonly string[]
  readonly rotated: number
  /** The most requests that providers got in any minute. */
  readonly peakPerMinute: number
  /** How late the oldest due connection ever was when a sweep looked. */
  readonly latestMs: number
  /** Connections of small tenants that were still due when their token ended. */
  readonly smallTenantsExpired: number
  readonly whaleExpired: number
  readonly fetched: number
}

/**
 * A herd: so many connections whose access tokens end in the same second, an hour from the start, swept each minute
 * until two hours have passed, while flows fetch.
 */
export async function runHerd(options: HerdOptions): Promise<HerdReport> {
  const calm = { stores: FAIR_STORES, provider: FAIR_PROVIDER, maxOffsetMs: 0, machines: 2, apps: [] }
  const world = new World({ ...scenarioOf(1), ...calm })
  const { time, chance, invariants } = world
  const startMs = time.nowMs
  const herd = await seed(world, options)
  let peakPerMinute = 0
  let requestsBefore = 0
  let latestMs = 0
  const eachMinute = (): void => {
    const requests = invariants.counts.tokenRequests
    peakPerMinute = Math.max(peakPerMinute, requests - requestsBefore)
    requestsBefore = requests
    const capacity = options.sweepLimit ?? options.capacity
    const ports = world.portsOf(chance.pick(world.machines).current)
    void world.attempt('sweep', async () => {
      const report = await sweepDue(ports, { capacity, perTenant: Math.ceil(capacity / 4) })
      latestMs = Math.max(latestMs, report.oldestLateMs)
    })
    time.after(MINUTE_MS, eachMinute)
  }
  // Just after a minute of the due instants, as a schedule would be: never in step with them.
  time.after(17_000, eachMinute)
  world.every(500, () => {
    const { tenant, id } = chance.pick(herd)
    void world.fetch(tenant, id, 60)
  })
  await time.runUntil(startMs + LIFE_MS)
  const expired = herd.filter(({ id }) => invariants.rows.get(id)?.credentialVersion === 1)
  await time.runUntil(startMs + 1.5 * LIFE_MS)
  return {
    violations: invariants.violations,
    rotated: herd.filter(({ id }) => (invariants.rows.get(id)?.credentialVersion ?? 0) > 1).length,
    peakPerMinute,
    latestMs,
    smallTenantsExpired: expired.filter(({ tenant }) => tenant !== 'whale').length,
    whaleExpired: expired.filter(({ tenant }) => tenant === 'whale').length,
    fetched: invariants.counts.fetched,
  }
}

/** Rows and secrets as rotation leaves them, written straight into the stores. */
async function seed(world: World, options: HerdOptions): Promise<{ tenant: string; id: string }[]> {
  const herd: { tenant: string; id: string }[] = []
  for (let index = 0; index < options.connections; index++) {
    const isWhale = index < options.connections * options.whalePart
    const row = await seedOne(world, isWhale ? 'whale' : `small-${index % 100}`)
    herd.push({ tenant: row.tenant, id: row.id })
  }
  return herd
}

function hostOf(id: string): string {
  return `${id.slice(3).toLowerCase()}.example.com`
}

async function seedOne(world: World, tenant: string): Promise<ConnectionRow> {
  const { chance, server, time } = world
  const nowMs = time.nowMs
  const id = newId('ac_', { nowMs, random: chance })
  const secretId = secretIdOf({ deployment: 'local', kind: 'm', tenant, ownerId: id, generation: 1 })
  const code = server.consent(RULES)
  const answer = server.handle({ kind: 'authorization-code', code: new SecretText(code), scopes: [] }, RULES)
  if (answer.kind !== 'granted') throw new Error('the model refused a fresh code')
  const minted = answer.grants['main']!
  const setup = {
    type: 'AUTHORIZATION_CODE',
    client_id: id,
    client_secret: 'secret',
    // A host each: what keeps a flood from one host is not what is looked at here.
    authorization_url: `https://${hostOf(id)}/authorize`,
    token_url: `https://${hostOf(id)}/token`,
  }
  const stored = {
    access_token: minted.accessToken.reveal(),
    refresh_token: minted.refreshToken!.reveal(),
    extra: {},
  }
  const versionId = newUuid(chance)
  await storeVersion(world, { secretId, versionId, value: new SecretText(JSON.stringify({ setup })) })
  const seals = await prepareSeals(world.portsOf(world.machines[0]!.current), { tenant, id })
  const { pointer, writes } = seals.seal({ main: stored }, { pointer: undefined, tokens: {} })
  const main: GrantState = {
    mark: seals.mark,
    issuedAtMs: nowMs,
    accessExpiresAtMs: nowMs + LIFE_MS,
    expiryBasis: EXPIRY_BASIS,
    hasRefreshToken: true,
  }
  const row: ConnectionRow = {
    tenant,
    id,
    name: id,
    appId: 'OAUTH2',
    setupType: 'AUTHORIZATION_CODE',
    setupDigest: id,
    fingerprint: id,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    refreshedAtMs: nowMs,
    version: 1,
    credentialVersion: 1,
    sequence: 1,
    generations: 1,
    status: 'ready',
    secret: { secretId, versionId, generation: 1, staged: 1 },
    grant: pointer,
    grants: { main },
    requiredScopes: [],
    fence: 0,
    op: versionId,
    ...dueMembers(id, connectionDueAtMs({ id, grants: { main } })),
  }
  const write = {
    op: 'put',
    key: connectionKey(tenant, id),
    attributes: CONNECTION_ROWS.encode(row),
  } as const
  await world.items.transact([...writes, write])
  await world.invariants.applied([...writes, write])
  return row
}
