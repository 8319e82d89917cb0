import { VaultError } from '../../shared/domain/errors.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import { restoreConnection } from '../../shared/use-cases/connections/restore-connection.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { FaultPlan } from './fault-plan.ts'
import { authorize, createHubspotApplication } from './hubspot.ts'
import { brokenInvariants } from './invariants.ts'
import { connectionIds, TENANT } from './scenario.ts'
import { type Outcome, type Process, World } from './world.ts'

type Act = (process: Process, id: string) => Promise<unknown>
type Start = 'with a setup' | 'empty' | 'deleted'

const setup = (key: string): Act => {
  return (process, id) =>
    updateConnection(process, { tenant: TENANT, id, setup: { type: 'API_KEY', api_key: key } })
}
const removal =
  (purge: boolean): Act =>
  (process, id) =>
    deleteConnection(process, { tenant: TENANT, id, purge })

const OPERATIONS: Readonly<Record<string, Act>> = {
  rename: (process, id) => updateConnection(process, { tenant: TENANT, id, name: 'renamed' }),
  'setup X': setup('SG.X'),
  'setup Y': setup('SG.Y'),
  delete: removal(false),
  purge: removal(true),
  restore: (process, id) => restoreConnection(process, { tenant: TENANT, id }),
  'delete and restore': async (process, id) => {
    await deleteConnection(process, { tenant: TENANT, id, purge: false })
    await restoreConnection(process, { tenant: TENANT, id })
  },
}

async function begin(world: World, start: Start): Promise<string> {
  const process = world.start()
  const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID' }
  const key = { type: 'API_KEY', api_key: 'SG.old' }
  const { row } = await createConnection(process, start === 'empty' ? input : { ...input, setup: key })
  if (start === 'deleted') await deleteConnection(process, { tenant: TENANT, id: row.id, purge: false })
  return row.id
}

/** What two operations may leave being served, by which of them were answered. */
function servable(names: readonly [string, string], outcomes: readonly Outcome[]): string[] {
  const keys = names.flatMap((name, index) =>
    name.startsWith('setup') && outcomes[index]?.kind === 'answered' ? [`SG.${name.at(-1)}`] : [],
  )
  return keys.length > 0 ? keys : ['SG.old']
}

function unexpected(name: string, outcome: Outcome): string[] {
  if (outcome.kind === 'answered') return []
  return outcome.kind === 'failed' && outcome.error instanceof VaultError
    ? []
    : [`${name} ended with ${outcome.kind === 'failed' ? outcome.error : 'its death'}`]
}

/** Runs `first`, holds it up before its `at`th call while `second` runs wholly; undefined when there is no such call. */
async function interleave(
  start: Start,
  [first, second]: readonly [string, string],
  at: number,
  stalls: boolean,
): Promise<string[] | undefined> {
  const world = new World(11)
  const id = await begin(world, start)
  const plan = new FaultPlan()
  const outcomes: Outcome[] = []
  plan.pauseAt(at, async () => {
    // A stall long enough that reconcile takes the operation for dead, and does so before and after the other.
    if (stalls) await world.reconcile()
    const other = world.start()
    outcomes[1] = await world.run(other, () => OPERATIONS[second]!(other, id))
    if (stalls) await world.reconcile()
  })
  const process = world.start(plan)
  outcomes[0] = await world.run(process, () => OPERATIONS[first]!(process, id))
  if (outcomes[1] === undefined) return undefined
  await world.reconcile()
  const problems = [
    ...unexpected(first, outcomes[0]),
    ...unexpected(second, outcomes[1]),
    ...(await brokenInvariants(world, { versions: false })),
  ]
  const row = CONNECTION_ROWS.find(await world.items.get(connectionKey(TENANT, id)))
  if (row?.secret === undefined) return problems
  const served = String((await world.fetch(TENANT, id))['api_key'])
  const expected = servable([first, second], outcomes)
  if (!expected.includes(served)) problems.push(`it serves ${served} and not ${expected}`)
  const listed = await world.start().secrets.list({ limit: 1000 })
  const marked = listed.items.some((secret) => secret.secretId === row.secret?.secretId && secret.deletedAtMs)
  if (marked) problems.push('the secret of a live connection waits for its deletion')
  return problems
}

/** Two people finish the browser flow of one empty connection at a time, the first one late. */
async function authorizeTwice(at: number): Promise<string[] | undefined> {
  const world = new World(13)
  const starting = world.start()
  await createHubspotApplication(starting)
  const input = { tenant: TENANT, clientId: 'c1', name: 'crm', appId: 'HUBSPOT' }
  const { id } = (await createConnection(starting, input)).row
  const plan = new FaultPlan()
  let second: Outcome | undefined
  plan.pauseAt(at, async () => {
    const other = world.start()
    second = await world.run(other, () => authorize(other, id))
  })
  const process = world.start(plan)
  const first = await world.run(process, () => authorize(process, id))
  if (second === undefined) return undefined
  await world.reconcile()
  const served = String((await world.fetch(TENANT, id))['access_token'])
  return [
    ...unexpected('the first', first),
    ...unexpected('the second', second),
    ...(/^access-[12]$/.test(served) ? [] : [`it serves ${served}`]),
    ...(await brokenInvariants(world, { versions: false })),
  ]
}

/** A client repeats its create with the same Idempotency-Key while the first one is held up for `stallMs`. */
async function createTwice(at: number, stallMs: number): Promise<string[] | undefined> {
  const world = new World(17)
  const setup = { type: 'API_KEY', api_key: 'SG.once' }
  const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID', setup }
  const act = (process: Process) => createConnection(process, { ...input, idempotencyKey: 'once-only' })
  const plan = new FaultPlan()
  let second: Outcome | undefined
  plan.pauseAt(at, async () => {
    await world.clock.advance(stallMs)
    const other = world.start()
    second = await world.run(other, () => act(other))
  })
  const process = world.start(plan)
  const first = await world.run(process, () => act(process))
  if (second === undefined) return undefined
  await world.reconcile()
  const ids = await connectionIds(world)
  return [
    ...unexpected('the first', first),
    ...unexpected('the second', second),
    ...(ids.length === 1 ? [] : [`one key made ${ids.length} connections`]),
    ...(await brokenInvariants(world, { versions: false })),
  ]
}

/** More calls than any operation makes. */
const MAX_CALLS = 60

describe('two operations on one connection', () => {
  describe.each([false, true])('the first one stalling past its deadline: %s', (stalls) => {
    it.each<Start>(['with a setup', 'empty', 'deleted'])('leave it whole when it was %s', async (start) => {
      const broken: string[] = []
      for (const first of Object.keys(OPERATIONS)) {
        for (const second of Object.keys(OPERATIONS)) {
          for (let at = 1; at <= MAX_CALLS; at++) {
            const problems = await interleave(start, [first, second], at, stalls)
            if (problems === undefined) break
            broken.push(...problems.map((problem) => `${second} before call ${at} of ${first}: ${problem}`))
          }
        }
      }
      expect(broken).toEqual([])
    })
  })
  it('serve one of two grants when both authorize it while it is empty', async () => {
    const broken: string[] = []
    for (let at = 1; at <= MAX_CALLS; at++) {
      const problems = await authorizeTwice(at)
      if (problems === undefined) break
      broken.push(...problems.map((problem) => `before call ${at}: ${problem}`))
    }
    expect(broken).toEqual([])
  })

  it.each([
    ['while the first runs', 0],
    ['when the first counts as dead', 61_000],
  ])('make one connection by one Idempotency-Key, sent again %s', async (_, stallMs) => {
    const broken: string[] = []
    for (let at = 1; at <= MAX_CALLS; at++) {
      const problems = await createTwice(at, stallMs)
      if (problems === undefined) break
      broken.push(...problems.map((problem) => `before call ${at}: ${problem}`))
    }
    expect(broken).toEqual([])
  })
})
