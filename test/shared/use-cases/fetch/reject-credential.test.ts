import { StoreUnavailableError, type Write } from '../../../../shared/ports/item-store.ts'
import { doubtOf } from '../../../../shared/use-cases/commit/transact-surely.ts'
import { rejectCredential } from '../../../../shared/use-cases/fetch/reject-credential.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { RotationStage } from '../../../support/rotation-stage.ts'

const HOUR_MS = 3_600_000
const SINGLE_USE = {
  appId: 'OAUTH2',
  type: 'AUTHORIZATION_CODE',
  rules: {
    accessLifeMs: HOUR_MS,
    expiryBasis: 'stated',
    rotates: true,
    graceMs: 0,
    reuseRevokes: true,
  },
} as const

describe('rejectCredential', () => {
  it('writes and compares nothing in the row but when the complaint came', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const ports = stage.world.portsOf(stage.machine(0).current)
    const seen: Write[] = []
    stage.blocks = (_process, writes) => {
      seen.push(...writes)
      return false
    }
    const input = { tenant: stage.tenant, id: stage.id, credentialVersion: 1 }
    const rejected = rejectCredential(ports, input)
    await stage.pass(5_000)
    await expect(rejected).resolves.toMatchObject({ renewed: true })
    expect(seen[0]).toMatchObject({
      op: 'update',
      set: { rejectedAtMs: expect.any(Number) },
      when: [{ kind: 'item-present' }, { kind: 'absent-or-at-most', attribute: 'rejectedAtMs' }],
    })
  })

  it('waits for a rotation that was claimed and begins late, as where a function has to start', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const ports = stage.world.portsOf(stage.machine(0).current)
    const starting = Object.assign(Object.create(ports.grants) as typeof ports.grants, {
      async rotate(...asked: Parameters<typeof ports.grants.rotate>) {
        await ports.clock.sleep(3_000)
        return ports.grants.rotate(...asked)
      },
    })
    const input = { tenant: stage.tenant, id: stage.id, credentialVersion: 1 }
    const answers = Promise.all([
      rejectCredential({ ...ports, grants: starting }, input),
      rejectCredential(ports, input),
    ])
    await stage.pass(9_000)
    expect((await answers).map(({ renewed, row }) => [renewed, row.credentialVersion])).toEqual([
      [true, 2],
      [true, 2],
    ])
  })
})

describe('rejectCredential, while the store does not say what became of a write', () => {
  const input = (stage: RotationStage) => ({ tenant: stage.tenant, id: stage.id, credentialVersion: 1 })

  it.each([true, false])('goes on with its claim (written: %s), which is renewed once', async (isWritten) => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const ports = stage.world.portsOf(stage.machine(0).current)
    let claims = 0
    const items = Object.assign(Object.create(ports.items) as typeof ports.items, {
      async transact(writes: readonly Write[]) {
        if (isWritten) await ports.items.transact(writes)
        claims++
        throw new StoreUnavailableError('timeout', 'unknown')
      },
    })
    const rejected = rejectCredential({ ...ports, items }, input(stage))
    await stage.pass(5_000)
    expect(await rejected).toMatchObject({ renewed: true, row: { credentialVersion: 2 } })
    expect(claims).toBe(1)
  })

  it('says when to complain again, which changes nothing twice', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const ports = stage.world.portsOf(stage.machine(0).current)
    const grants = Object.assign(Object.create(ports.grants) as typeof ports.grants, {
      async rotate() {
        throw doubtOf(new StoreUnavailableError('timeout', 'unknown'))
      },
    })
    const refused = rejectCredential({ ...ports, grants }, input(stage)).catch((error: unknown) => error)
    await stage.pass(1_000)
    expect(await refused).toMatchObject({
      code: 'store-unavailable',
      message: 'The vault could not reach its store. Try again.',
      detail: { retryAfterSeconds: 1 },
    })
  })
})

describe('rotateConnection for a complaint', () => {
  it('renews the version complained of, and leaves a newer one alone', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const ports = stage.world.portsOf(stage.machine(0).current)
    const complain = async (credentialVersion: number) => {
      const key = { tenant: stage.tenant, id: stage.id }
      const result = rotateConnection(ports, { ...key, cause: 'rejected', credentialVersion })
      await stage.pass(5_000)
      return (await result).kind
    }
    expect(await complain(1)).toBe('rotated')
    const { requests } = stage
    expect(await complain(1)).toBe('nothing')
    expect(stage.requests).toBe(requests)
    expect(await complain(2)).toBe('rotated')
  })
})
