import type { Write } from '../../../../shared/ports/item-store.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { RotationStage } from '../../../support/rotation-stage.ts'

const RULES = {
  accessLifeMs: 3_600_000,
  expiryBasis: 'stated',
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
} as const
const BUNDLE = { appId: 'SLACK', type: 'OAUTH_CODE', rules: { ...RULES, nested: 'user' } }
const MINUTE_MS = 60_000
const SINGLE_USE = { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules: RULES }

const isCommit = (write: Write) => write.op === 'update' && write.set?.['secret'] !== undefined

/** Seeds whose store discards a version in the transaction that replaces it, and does not. */
const DISCARDS_AT_ONCE = 1
const DISCARDS_AFTER = 2

/** A connection whose secrets are sealed among the rows, and what each transaction of its rotation wrote. */
async function openStage(seed = DISCARDS_AT_ONCE) {
  const stage = await new RotationStage(SINGLE_USE, { secretsAmongRows: true, seed }).open()
  const transactions: (readonly Write[])[] = []
  stage.blocks = (_process, writes) => {
    transactions.push(writes)
    return false
  }
  return { stage, transactions }
}

/** The versions there are of the connection's secret. */
async function versionsOf({ world, row }: RotationStage): Promise<string[]> {
  const partition = `SECRET#${row.secret!.secretId}`
  const { items } = await world.items.query({ partition, sortPrefix: 'v#', limit: 10 })
  return items.map(({ key }) => key.sort.slice('v#'.length))
}

async function expectRenewedOnce(stage: RotationStage): Promise<void> {
  expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
  expect(stage.row.attempt).toBeUndefined()
  expect(await versionsOf(stage)).toEqual([stage.row.secret!.versionId])
  const tokenBefore = await stage.refreshToken()
  expect(await stage.rotate(1)).toBe('rotated')
  expect(await stage.refreshToken()).not.toBe(tokenBefore)
  expect(stage.world.invariants.violations).toEqual([])
}

describe('commitAtOnce', () => {
  it('makes of a rotation two transactions: the permission to send, and everything after the answer', async () => {
    const { stage, transactions } = await openStage()
    expect(await stage.rotate(0)).toBe('rotated')
    expect(transactions.map((writes) => writes.map(({ op }) => op))).toEqual([
      ['update'],
      ['update', 'put', 'check', 'put', 'delete'],
    ])
    await expectRenewedOnce(stage)
  })

  it('discards the old version after it where that costs less', async () => {
    const { stage, transactions } = await openStage(DISCARDS_AFTER)
    expect(await stage.rotate(0)).toBe('rotated')
    expect(transactions.map((writes) => writes.map(({ op }) => op))).toEqual([
      ['update'],
      ['update', 'put', 'check', 'put'],
    ])
    await expectRenewedOnce(stage)
  })

  it('stores the answer by itself when the row was renamed meanwhile', async () => {
    const { stage, transactions } = await openStage()
    stage.holds = true
    await stage.rotate(0)
    const ports = stage.world.portsOf(stage.machine(1).current)
    void updateConnection(ports, { tenant: stage.tenant, id: stage.id, name: 'Renamed' })
    await stage.pass(1_000)
    stage.holds = false
    stage.held[0]!.grant()
    await stage.pass(1_000)
    expect(transactions.filter((writes) => writes.some(isCommit)).map(({ length }) => length)).toEqual([
      5, 2, 2,
    ])
    expect(stage.row.name).toBe('Renamed')
    await expectRenewedOnce(stage)
  })

  it.each(['applied', 'not-applied'] as const)(
    'loses nothing when the store does not say what became of it, and it was %s',
    async (end) => {
      const { stage } = await openStage()
      let silences = 1
      stage.silence = (writes) => (writes.some(isCommit) && silences-- > 0 ? end : undefined)
      expect(await stage.rotate(0)).toBe('rotated')
      expect(stage.requests).toBe(2)
      await stage.reconcile()
      await expectRenewedOnce(stage)
    },
  )

  it('is not tried where secrets have a store of their own', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const sizes: number[] = []
    stage.blocks = (_process, writes) => {
      sizes.push(writes.length)
      return false
    }
    expect(await stage.rotate(0)).toBe('rotated')
    expect(sizes).toEqual([1, 2])
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
  })

  it('leaves the next grant of a bundle to whoever began with it before the commit was read back', async () => {
    const stage = await new RotationStage(BUNDLE, { secretsAmongRows: true, seed: DISCARDS_AT_ONCE }).open()
    const { machines, time } = stage.world
    // So far behind that its lease looks long over to the other.
    machines[1]!.offsetMs = -5 * MINUTE_MS
    const request = { tenant: stage.tenant, id: stage.id, cause: 'fetch', minTtlMs: 58 * MINUTE_MS } as const
    await stage.pass(15 * MINUTE_MS)
    stage.holds = true
    await stage.rotate(0)
    stage.silence = (writes) => {
      if (!writes.some(isCommit)) return undefined
      stage.silence = () => undefined
      machines[0]!.current.stall(5_000)
      time.after(1_000, () => void rotateConnection(stage.world.portsOf(machines[1]!.current), request))
      return 'applied'
    }
    stage.held[0]!.grant()
    await stage.pass(20_000)
    expect(
      stage.held.map(({ by, request: { grant } }) => [by.name, 'grantName' in grant && grant.grantName]),
    ).toEqual([
      ['m0.0', 'main'],
      ['m1.0', 'user'],
    ])
    stage.held[1]!.grant()
    await stage.pass(5_000)
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 3 })
    expect(stage.row.attempt).toBeUndefined()
    expect(stage.world.invariants.violations).toEqual([])
  })
})
