import { type CapacityInput, capacityOf, rotationIntervalMs } from '../../../tools/capacity/capacity-model.ts'
import { monthlyCost, totalOf } from '../../../tools/capacity/monthly-cost.ts'
import { callsOfRotation } from '../../../tools/capacity/rotation-calls.ts'
import { type MeasuredRotations, measureRotations, measureSealedRotation } from './capacity-simulation.ts'

const HOURLY: CapacityInput = {
  connections: 1e6,
  accessLifeMs: 3600_000,
  tenants: 1e4,
  secretStore: 'secrets-manager',
  idlePart: 0,
  secretBytes: 2_000,
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

  it('fits 115,500 hourly connections into 70 % of the Secrets Manager quota', () => {
    const fits = { ...HOURLY, ...FIVE_MINUTES_EARLY, connections: 115_500 }
    expect(capacityOf(fits)).toMatchObject({ rotationsPerSecond: 35, capPerSecond: 35, accounts: 1 })
    expect(capacityOf({ ...fits, connections: 115_600 }).accounts).toBe(2)
  })

  it('asks for nine accounts of Secrets Manager and one when sealed, for a million', () => {
    expect(capacityOf(HOURLY).accounts).toBe(9)
    expect(capacityOf({ ...HOURLY, secretStore: 'sealed' }).accounts).toBe(1)
  })

  it('asks for accounts by the number of secrets when tokens live long', () => {
    expect(capacityOf({ ...HOURLY, accessLifeMs: 30 * 24 * 3600_000, connections: 3e6 }).accounts).toBe(6)
  })

  it('stays far below the due-index shards there are, at ten million', () => {
    expect(capacityOf({ ...HOURLY, connections: 1e7 }).shardsNeeded).toBe(9)
  })

  it('names what is nearest its limit first', () => {
    // 80 workers write beside 90 others: 80 of 170 parts of 35 a second, and a sweep hands over whole rotations.
    expect(capacityOf(HOURLY).loads[0]).toMatchObject({
      what: 'rotations of one deployment',
      limitPerSecond: expect.closeTo(988 / 60, 6),
    })
    const one = capacityOf({ ...HOURLY, connections: 10, tenants: 1, accessLifeMs: 300_000 }).loads[0]
    expect(one).toMatchObject({ what: 'writes of one secret', growsWithConnections: false })
    expect(one!.used).toBeGreaterThan(2)
  })

  it('rotates a tenth when nine tenths are idle', () => {
    const all = capacityOf(HOURLY).rotationsPerSecond
    expect(capacityOf({ ...HOURLY, idlePart: 0.9 }).rotationsPerSecond).toBeCloseTo(all / 10, 6)
  })
})

describe('monthlyCost', () => {
  it('is about $420,000 for a million with Secrets Manager, nearly all of it for keeping secrets', () => {
    const cost = monthlyCost({ ...HOURLY, ...FIVE_MINUTES_EARLY })
    expect(totalOf(cost) / 420_000).toBeGreaterThan(0.97)
    expect(totalOf(cost) / 420_000).toBeLessThan(1.03)
    expect(cost['Secrets Manager']).toBeGreaterThan(400_000)
  })

  it('is about a nineteenth of that when sealed', () => {
    const managed = totalOf(monthlyCost(HOURLY))
    const sealed = monthlyCost({ ...HOURLY, secretStore: 'sealed' })
    expect(sealed['Secrets Manager']).toBe(0)
    expect(managed / totalOf(sealed)).toBeGreaterThan(17)
    expect(managed / totalOf(sealed)).toBeLessThan(21)
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

  it('count one lease, one commit of two items, one move in the index, two reads, one put and one read', () => {
    expect(hourly).toMatchObject({
      singleWrites: 1,
      transactionWrites: 2,
      dueIndexChanges: 1,
      rowReads: 2,
      secretPuts: 1,
    })
    // The instance that stored a version remembers it: of two machines, it is the same one every second time.
    expect(hourly.secretReads).toBeGreaterThan(0.4)
    expect(hourly.secretReads).toBeLessThan(0.6)
    expect(callsOfRotation('secrets-manager', 2_000)).toMatchObject({
      // 2 for the lease; twice 2 and twice 1 for the commit; 2 for the index.
      writeUnits: 10,
      indexWriteUnits: 2,
      secretWrites: 1,
      secretReads: 1,
    })
  })

  it('take two write units for a row under its lease, and one for an event', () => {
    const leasedBytes = hourly.rowBytes + hourly.leaseBytes
    expect(leasedBytes).toBeGreaterThan(1_024)
    expect(leasedBytes).toBeLessThan(1_700)
    expect(hourly.eventBytes).toBeLessThan(600)
  })

  it('count a sealed version with its check, the removal of the old, and two data-key calls', async () => {
    const put = await measureSealedRotation(2_000)
    expect(put).toMatchObject({ transactionWrites: 2, singleWrites: 1, keyCalls: 2 })
    const calls = callsOfRotation('sealed', 2_000)
    // Twice 3 for a version of 3 KB, twice 1 for the check, 3 for the removal.
    expect(calls.writeUnits - callsOfRotation('secrets-manager', 2_000).writeUnits).toBe(11)
    expect(Math.abs(put.versionBytes / calls.sealedBytes - 1)).toBeLessThan(0.1)
  })
})
