import { type CapacityInput, capacityOf, rotationIntervalMs } from '../../../tools/capacity/capacity-model.ts'
import { KEPT_BYTES } from '../../../tools/capacity/capacity-page.ts'
import { STORES } from '../../../tools/capacity/capacity-report.ts'
import { monthlyCost, totalOf } from '../../../tools/capacity/monthly-cost.ts'
import { callsOfRotation, sealedSize } from '../../../tools/capacity/rotation-calls.ts'
import { type MeasuredRotations, measureRotations, measureSealedTokens } from './capacity-simulation.ts'

const HOURLY: CapacityInput = {
  connections: 1e6,
  accessLifeMs: 3600_000,
  tenants: 1e4,
  secretStore: 'secrets-manager',
  idlePart: 0,
  keptBytes: KEPT_BYTES,
}
/** Five minutes before expiry, without jitter and sweep, as one plans on the back of an envelope. */
const FIVE_MINUTES_EARLY = { renewedBeforeMs: 300_000 }

describe('capacityOf', () => {
  it('needs 3,030 rotations a second for ten million hourly tokens renewed five minutes early', () => {
    const capacity = capacityOf({ ...HOURLY, ...FIVE_MINUTES_EARLY, connections: 1e7 })
    expect(Math.round(capacity.rotationsPerSecond)).toBe(3030)
  })

  it('needs four in a hundred more as the policy, its jitter and the sweep have it', () => {
    const { rotationsPerSecond } = capacityOf({ ...HOURLY, connections: 1e7 })
    expect(rotationsPerSecond).toBeGreaterThan(3_100)
    expect(rotationsPerSecond).toBeLessThan(3_200)
  })

  it('is bound by the table whichever store holds the setups: no rotation writes a secret', () => {
    for (const secretStore of STORES) {
      const capacity = capacityOf({ ...HOURLY, secretStore, connections: 1e7 })
      expect(capacity.capPerSecond).toBeCloseTo(40_000 / 22, 6)
      expect(capacity.loads.map(({ what }) => what)).not.toContain('Secrets Manager writes')
    }
  })

  it('asks for accounts by the number of secrets with Secrets Manager, and by rotations when sealed', () => {
    expect(capacityOf(HOURLY)).toMatchObject({ accounts: 2, deployments: 2 })
    expect(capacityOf({ ...HOURLY, connections: 1e7 }).accounts).toBe(20)
    expect(capacityOf({ ...HOURLY, secretStore: 'sealed' })).toMatchObject({ accounts: 1, deployments: 1 })
    expect(capacityOf({ ...HOURLY, secretStore: 'sealed', connections: 1e7 }).accounts).toBe(2)
  })

  it('asks for accounts by the number of secrets when tokens live long', () => {
    expect(capacityOf({ ...HOURLY, accessLifeMs: 30 * 24 * 3600_000, connections: 3e6 }).accounts).toBe(6)
  })

  it('stays far below the due-index shards there are, at ten million', () => {
    expect(capacityOf({ ...HOURLY, connections: 1e7 }).shardsNeeded).toBe(9)
  })

  it('names what is nearest its limit first', () => {
    const { loads } = capacityOf(HOURLY)
    expect(loads[0]).toMatchObject({ what: 'write units of the table', limitPerSecond: 40_000 })
    const used = loads.map((load) => load.used)
    expect(used).toEqual([...used].sort((a, b) => b - a))
    // 400 workers with ten rotations of 2 s each.
    expect(loads).toContainEqual(
      expect.objectContaining({ what: 'rotations of one deployment', limitPerSecond: 2_000 }),
    )
    expect(capacityOf({ ...HOURLY, tenants: 1 }).loads[0]).toMatchObject({
      what: 'write units of one tenant’s rows',
    })
  })

  it('rotates a tenth when nine tenths are idle', () => {
    const all = capacityOf(HOURLY).rotationsPerSecond
    expect(capacityOf({ ...HOURLY, idlePart: 0.9 }).rotationsPerSecond).toBeCloseTo(all / 10, 6)
  })
})

describe('monthlyCost', () => {
  it('is about $430,000 for a million with Secrets Manager, nearly all of it for keeping secrets', () => {
    const cost = monthlyCost({ ...HOURLY, ...FIVE_MINUTES_EARLY })
    expect(totalOf(cost) / 430_000).toBeGreaterThan(0.97)
    expect(totalOf(cost) / 430_000).toBeLessThan(1.03)
    expect(cost['Secrets Manager']).toBeGreaterThan(400_000)
  })

  it('is about a fifteenth of that when sealed', () => {
    const managed = totalOf(monthlyCost(HOURLY))
    const sealed = monthlyCost({ ...HOURLY, secretStore: 'sealed' })
    expect(sealed['Secrets Manager']).toBe(0)
    expect(managed / totalOf(sealed)).toBeGreaterThan(14)
    expect(managed / totalOf(sealed)).toBeLessThan(16.5)
  })

  it('keeps a secret that is idle as dear as one that is used', () => {
    expect(monthlyCost({ ...HOURLY, idlePart: 0.9 })['Secrets Manager']).toBeGreaterThan(400_000)
  })
})

/*
 * The vault's own code under a virtual clock. Six in a hundred: sweeps there come a little irregularly, and work
 * waits in a queue; both make a rotation a minute late at most, of the 53 that lie between two.
 */
describe('the formulas, held against the vault under a virtual clock,', () => {
  const TOLERANCE = 0.06
  let hourly: MeasuredRotations

  beforeAll(async () => {
    hourly = await measureRotations({ connections: 60, accessLifeMs: 3600_000, hours: 12 })
  })

  it.each([
    [1_800_000, 40],
    [14_400_000, 40],
  ])('give the rate of tokens that live %i ms', async (accessLifeMs, connections) => {
    const measured = await measureRotations({
      connections,
      accessLifeMs,
      hours: (accessLifeMs * 12) / 3600_000,
    })
    const ratio = measured.perSecond / ((connections * 1000) / rotationIntervalMs(accessLifeMs))
    expect(Math.abs(ratio - 1)).toBeLessThan(TOLERANCE)
  })

  it('give the rate of hourly tokens', () => {
    const { rotationsPerSecond } = capacityOf({ ...HOURLY, connections: 60 })
    expect(hourly.rotations).toBeGreaterThan(700)
    expect(Math.abs(hourly.perSecond / rotationsPerSecond - 1)).toBeLessThan(TOLERANCE)
  })

  it('count one attempt, one commit, the removal of the old tokens, one move in the index, and no secret', () => {
    expect(hourly.singleWrites).toBeCloseTo(1, 2)
    // Row, event and two new items; in memory the two old ones go with them.
    expect(hourly).toMatchObject({ transactionWrites: 6, dueIndexChanges: 1, secretPuts: 0 })
    expect(callsOfRotation('secrets-manager', KEPT_BYTES)).toMatchObject({
      // 2 for the attempt; twice 2, 1, 2 and 1 for the commit; twice 2 and 1 for the removal; 2 for the index.
      writeUnits: 22,
      indexWriteUnits: 2,
      rowWriteUnits: 6,
    })
  })

  it('count at most what is read: the row twice, both old tokens, and the setup', () => {
    // The instance that stored an access token remembers it: of two machines, it is the same one every second time.
    expect(hourly.itemReads).toBeGreaterThan(3.4)
    // The mark of a restored store is read once in ten seconds by an instance: where so few rotate, almost each time.
    expect(hourly.itemReads).toBeLessThanOrEqual(4)
    // Of sixty setups each machine opens each once, and in the hour before the count began it had some of them.
    expect(hourly.secretReads).toBeGreaterThan(0)
    expect(hourly.secretReads).toBeLessThan(0.1)
    expect(callsOfRotation('secrets-manager', KEPT_BYTES)).toMatchObject({ readUnits: 4, secretReads: 1 })
    expect(callsOfRotation('sealed', KEPT_BYTES)).toMatchObject({ readUnits: 5, secretReads: 0 })
  })

  it('take two write units for a row under its attempt, and one for an event', () => {
    const heldBytes = hourly.rowBytes + hourly.leaseBytes
    expect(heldBytes).toBeGreaterThan(1_024)
    // With room below the 2,048 bytes at which a third unit would begin.
    expect(heldBytes).toBeLessThan(1_900)
    expect(hourly.eventBytes).toBeLessThan(600)
  })

  it('count four data-key calls for the tokens, one for the setup, and the sizes that sealing makes', async () => {
    const measured = await measureSealedTokens(KEPT_BYTES)
    expect(measured).toMatchObject({ transactionWrites: 4, singleWrites: 0, itemReads: 2, keyCalls: 4 })
    for (const store of STORES) expect(callsOfRotation(store, KEPT_BYTES).kmsCalls).toBe(5)
    const [access, ...otherAccess] = measured.accessBytes
    const [refresh, ...otherRefresh] = measured.refreshBytes
    expect([otherAccess, otherRefresh]).toEqual([[], []])
    expect(Math.abs(access! / sealedSize(KEPT_BYTES.access) - 1)).toBeLessThan(0.15)
    expect(Math.abs(refresh! / sealedSize(KEPT_BYTES.refresh) - 1)).toBeLessThan(0.15)
    expect([access!, refresh!].map((bytes) => Math.ceil(bytes / 1024))).toEqual([2, 1])
  })
})
