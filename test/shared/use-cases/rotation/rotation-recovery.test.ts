import type { Write } from '../../../../shared/ports/item-store.ts'
import type { TokenRules } from '../../../simulation/model-server.ts'
import { RotationStage } from '../../../support/rotation-stage.ts'

const MINUTE = 60_000
const HOUR = 3_600_000

const RULES: TokenRules = {
  accessLifeMs: HOUR,
  expiryBasis: 'stated',
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
}
const SINGLE_USE = { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules: RULES }
const BUNDLE = { appId: 'SLACK', type: 'OAUTH_CODE', rules: { ...RULES, nested: 'user' } }

const isCommit = (write: Write) => write.op === 'update' && write.set?.['grant'] !== undefined

/** Machine 0 has sent the token, and the provider's answer has not come. */
async function withRequestUnderWay(app = SINGLE_USE) {
  const stage = await new RotationStage(app).open()
  stage.holds = true
  expect(await stage.rotate(0)).toBeUndefined()
  expect(stage.held).toHaveLength(1)
  return { stage, first: stage.held[0]! }
}

/** Machine 1 looks often enough, and for long enough, to find that machine 0 must be gone. */
async function watchUntilGone(stage: RotationStage): Promise<void> {
  for (let minute = 0; minute < 4; minute++) {
    await stage.rotate(1, 'fetch')
    await stage.pass(MINUTE)
  }
}

function endOf(stage: RotationStage): void {
  expect(stage.world.invariants.violations).toEqual([])
}

describe('a rotation that another machine finds unfinished', () => {
  it('is left alone by a machine whose clock is ten minutes ahead', async () => {
    const { stage, first } = await withRequestUnderWay()
    stage.machine(1).offsetMs = 10 * MINUTE
    expect(await stage.rotate(1)).toBe('busy')
    first.grant()
    await stage.pass(1_000)
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    expect(stage.world.invariants.counts.rescues).toBe(0)
    endOf(stage)
  })

  it('is called unknown when its sender died with the answer in hand, and not sent again while its token works', async () => {
    const { stage, first } = await withRequestUnderWay()
    stage.blocks = (process, writes) => process === first.by && writes.some(isCommit)
    first.grant()
    await stage.pass(1_000)
    stage.machine(0).crash(1_000)
    await watchUntilGone(stage)
    expect(stage.row).toMatchObject({
      ...{ status: 'degraded', credentialVersion: 1, failure: { code: 'outcome_unknown' } },
    })
    expect(stage.requests).toBe(2)
    endOf(stage)
  })

  it('is called unknown when there is no answer, and its late answer is rescued', async () => {
    const { stage, first } = await withRequestUnderWay()
    await watchUntilGone(stage)
    expect(stage.row).toMatchObject({ status: 'degraded', failure: { code: 'outcome_unknown' } })
    expect(stage.row.fence).toBe(2)
    first.grant()
    await stage.pass(1_000)
    await stage.reconcile()
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    expect(stage.row.attempt).toBeUndefined()
    endOf(stage)
  })

  it('is followed by another at once, when it is over and had used up nothing', async () => {
    const { stage } = await withRequestUnderWay({ ...SINGLE_USE, type: 'CLIENT_CREDENTIALS' })
    stage.machine(0).crash(1_000)
    await stage.rotate(1)
    await stage.pass(3 * MINUTE)
    expect(stage.held).toHaveLength(1)
    await stage.rotate(1)
    expect(stage.held).toHaveLength(2)
    endOf(stage)
  })

  it('is not sent again before a whole lease has been watched since it was called unknown', async () => {
    const { stage } = await withRequestUnderWay()
    await stage.passTo(stage.row.grants!['main']!.accessExpiresAtMs! + MINUTE)
    stage.machine(0).crash(1_000)
    // It is seen for the first time now, by a process that has just begun; its clock alone could be wrong.
    stage.machine(1).crash(1_000)
    await stage.pass(2_000)
    await stage.rotate(1)
    expect(stage.row.attempt?.unknownAtMs).toBeDefined()
    await stage.rotate(1)
    await stage.pass(60_000)
    await stage.rotate(1)
    expect(stage.held).toHaveLength(1)
    await stage.pass(30_000)
    await stage.rotate(1)
    expect(stage.held).toHaveLength(2)
    endOf(stage)
  })
})

describe('an answer that comes after the attempt was called unknown', () => {
  /** The fence has risen, so that the first sender does not get to commit its answer, and leaves it beside the row. */
  async function withStoredAnswer() {
    const { stage, first } = await withRequestUnderWay()
    await watchUntilGone(stage)
    const expiresAtMs = stage.row.grants!['main']!.accessExpiresAtMs!
    return { stage, first, expiresAtMs }
  }

  it('is found before the token is sent again', async () => {
    const { stage, first, expiresAtMs } = await withStoredAnswer()
    first.grant()
    await stage.passTo(expiresAtMs)
    expect(await stage.rotate(1)).toBe('rotated')
    expect(stage.held).toHaveLength(1)
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    endOf(stage)
  })

  it('is found before the grant is ended by what the second request brought', async () => {
    const { stage, first, expiresAtMs } = await withStoredAnswer()
    const answer = first.act()
    await stage.passTo(expiresAtMs)
    await stage.rotate(1)
    const second = stage.held[1]!
    answer.hear()
    await stage.pass(1_000)
    second.fail({ kind: 'grant-dead' })
    await stage.pass(1_000)
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    endOf(stage)
  })

  it('is found after a second request that was told to wait', async () => {
    const { stage, first, expiresAtMs } = await withStoredAnswer()
    await stage.passTo(expiresAtMs)
    await stage.rotate(1)
    stage.held[1]!.fail({ kind: 'passing' })
    await stage.pass(1_000)
    expect(stage.row.attempt).toMatchObject({
      firstUnknownAtMs: expect.any(Number),
      unknownAtMs: expect.any(Number),
    })
    first.grant()
    await stage.pass(5 * MINUTE)
    expect(await stage.rotate(1)).toBe('rotated')
    expect(stage.held).toHaveLength(2)
    endOf(stage)
  })

  it('is rescued even when the grant was ended and its sender dies once it is stored', async () => {
    const { stage, first, expiresAtMs } = await withRequestUnderWay().then(async ({ stage, first }) => {
      await watchUntilGone(stage)
      return { stage, first, expiresAtMs: stage.row.grants!['main']!.accessExpiresAtMs! }
    })
    const answer = first.act()
    await stage.passTo(expiresAtMs)
    await stage.rotate(1)
    stage.held[1]!.grant()
    await stage.pass(1_000)
    expect(stage.row.status).toBe('reauthorization_required')
    stage.world.server.tokens.get((await stage.refreshToken())!)!.family.revokedBy = undefined as never
    answer.hear()
    await stage.pass(500)
    stage.machine(0).crash(1_000)
    await stage.pass(2 * MINUTE)
    await stage.reconcile()
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
  })
})

describe('a permission to send', () => {
  it('that comes too late is not used', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const sentBefore = stage.requests
    // Each answer takes half of that at least: one look alone makes the decision too old, whatever the dice say.
    stage.world.stores.latencyMs = 40_000
    void stage.rotate(0)
    await stage.pass(10 * MINUTE)
    expect(stage.requests).toBe(sentBefore)
    expect(stage.row.attempt).toBeUndefined()
    // The decision itself was too old by then: it is made anew, and leaves no trace.
    expect(stage.row.failure).toBeUndefined()
    endOf(stage)
  })

  it('is not had for a token that the row no longer points at', async () => {
    const stage = await new RotationStage(SINGLE_USE).open()
    const { stores } = stage.world
    const usual = stores.latencyMs
    let held = false
    // The first write is the permission: it is on its way while a person authorizes anew.
    stage.blocks = () => {
      if (!held) stores.latencyMs = 20_000
      queueMicrotask(() => {
        stores.latencyMs = usual
      })
      held = true
      return false
    }
    const before = stage.requests
    const rotating = stage.rotate(0)
    await stage.people.reauthorize(stage.people.connections[0]!)
    await rotating
    await stage.pass(MINUTE)
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    expect(stage.requests).toBe(before + 1)
    endOf(stage)
  })
})

describe('the attempt of one grant of a bundle', () => {
  it('stands until that grant is settled, whatever is due of the other', async () => {
    const { stage, first } = await withRequestUnderWay(BUNDLE)
    first.grant()
    await stage.pass(1_000)
    stage.held[1]!.fail({ kind: 'unknown' })
    await stage.pass(1_000)
    expect(stage.row.attempt).toMatchObject({ grantName: 'user' })
    await stage.passTo(stage.row.grants!['main']!.accessExpiresAtMs!)
    await stage.rotate(1, 'due')
    await stage.pass(2 * MINUTE)
    await stage.rotate(1, 'due')
    const names = stage.held.map(({ request: { grant } }) => 'grantName' in grant && grant.grantName)
    expect(names).toEqual(['main', 'user', 'user'])
    endOf(stage)
  })
})

describe('a bundle whose provider is slow', () => {
  it('gets its second permission in a run of its own, which a function has the time for', async () => {
    const stage = await new RotationStage(BUNDLE).open()
    stage.holds = true
    await stage.passTo(stage.row.due_at! + MINUTE)
    void stage.rotate(0, 'due')
    await stage.pass(30_000)
    stage.held[0]!.grant()
    await stage.pass(1_000)
    expect(stage.held).toHaveLength(1)
    expect(stage.row.due_at).toBeLessThan(stage.row.grants!['user']!.accessExpiresAtMs!)
    await stage.passTo(Math.max(stage.row.due_at!, stage.world.time.nowMs))
    void stage.rotate(0, 'due')
    await stage.pass(1_000)
    stage.held[1]!.grant()
    await stage.pass(1_000)
    const names = stage.held.map(({ request: { grant } }) => 'grantName' in grant && grant.grantName)
    expect(names).toEqual(['main', 'user'])
    endOf(stage)
  })
})

describe('a bundle that two processes renew at once', () => {
  it('is waited for by the flow of each until both grants are there', async () => {
    const stage = await new RotationStage(BUNDLE).open()
    await stage.passTo(stage.row.grants!['user']!.accessExpiresAtMs! + MINUTE)
    stage.holds = true
    // Machine 0 pauses once the first grant is committed, so that machine 1 takes the second.
    stage.blocks = (process, writes) => {
      if (process.machine === stage.machine(0) && writes.some(isCommit)) process.stall(1_000)
      return false
    }
    const first = stage.fetch(0)
    await stage.pass(500)
    const fetching = Promise.all([first, stage.fetch(1)])
    stage.held[0]!.grant()
    await stage.pass(3_000)
    expect(stage.held.map(({ by }) => by.machine.name)).toEqual(['m0', 'm1'])
    stage.held[1]!.grant()
    await stage.pass(3_000)
    expect(await fetching).toEqual(['credential', 'credential'])
    endOf(stage)
  })
})

describe('a first grant of which the store does not say whether it has it', () => {
  it('is adopted and not revoked', async () => {
    const stage = new RotationStage(SINGLE_USE)
    stage.holds = true
    stage.doubtsFirstGrants = true
    await stage.open()
    // The create did not wait longer than its budget for the provider.
    expect(stage.row).toMatchObject({ status: 'pending', credentialVersion: 1 })
    stage.held[0]!.grant()
    await stage.pass(2 * MINUTE)
    expect(stage.doubted).toBeGreaterThan(0)
    await stage.reconcile()
    expect(stage.row).toMatchObject({ status: 'ready', credentialVersion: 2 })
    expect(stage.world.server.tokensOf('code-1')[0]!.family.revokedBy).toBeUndefined()
    endOf(stage)
  })
})

describe('work that comes early', () => {
  it('leaves a connection that waits for its retry where it is in the index', async () => {
    const { stage, first } = await withRequestUnderWay()
    first.fail({ kind: 'refused' })
    await stage.pass(1_000)
    const { due_at: dueAtMs } = stage.row
    expect(dueAtMs).toBeGreaterThan(stage.world.time.nowMs)
    expect(await stage.rotate(1, 'due')).toBe('nothing')
    expect(stage.row.due_at).toBe(dueAtMs)
    endOf(stage)
  })
})

describe('a connection that is deleted while its provider answers', () => {
  it('leaves no grant behind', async () => {
    const { stage, first } = await withRequestUnderWay()
    const sent = (await stage.refreshToken())!
    const answer = first.act()
    void stage.people.remove(stage.people.connections[0]!)
    await stage.pass(MINUTE)
    const { family } = stage.world.server.tokens.get(sent)!
    delete family.revokedBy
    answer.hear()
    await stage.pass(MINUTE)
    await stage.reconcile()
    expect(family.revokedBy).toBe('vault')
  })
})
