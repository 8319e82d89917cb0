import { VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { ItemKey } from '../../domain/item-key.ts'
import { turnKey } from '../../domain/limit-keys.ts'
import { type GrantOperation, type GrantRunner, grantRunnerOver } from '../../ports/grant-runner.ts'
import { ConditionFailedError, StoreUnavailableError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { WorkItem } from '../../ports/work-queue.ts'
import { TURN_ROWS } from '../../rows/limit-rows.ts'

/**
 * Who finds no place free waits for one while places change hands: while any was taken so lately. Behind a provider
 * that hangs nobody waits, so that it holds no more processes than there are places.
 */
const LIVELY_MS = 3_000
/** The longest wait for a place, within a fetch's 10 s. */
const PATIENCE_MS = 8_000
/**
 * Calls of one tenant at a time that somebody waits for, over all processes, and as many more that wait for a place at
 * most: who asks faster than its provider answers is told so. Each holds two instances, its caller's too, so that
 * together they may take eight of ten: a new account has no more.
 */
const MOST_CALLS = 5
const CALLS_AN_INSTANCE = 0.3
const MOST_WAITS = 30
const WAITS_AN_INSTANCE = 0.1
/** With so many functions at a time a tenant has all its calls and waits: more change nothing. */
export const FULL_TURNS_INSTANCES = Math.ceil(
  Math.max(MOST_CALLS / CALLS_AN_INSTANCE, MOST_WAITS / WAITS_AN_INSTANCE),
)
/** Rotations of one tenant at a time out of the queue, of the fifty that the least number of workers has. */
const ROTATIONS: Turns = { kind: 'rotation', count: 20 }
/** Calls of one tenant at a time to receivers of its subscriptions, of the twenty that there are. */
const DELIVERIES: Turns = { kind: 'delivery', count: 8 }
/** Longer than a call can last, so that one whose process died stands in nobody's way for long. */
const TURN_MS = 130_000
/** Places looked at; with most of them taken, one more looks at a free one by chance, or comes again. */
const MAX_LOOKS = 5
/** A provider's usual answer and a little. */
const RETRY_AFTER_S = 2
/** Between two looks for a free place: this much, and as much again by chance. */
const LOOK_AGAIN_MS = 50
/**
 * What may hold a process for as long as a provider likes, and loses nothing when it is refused. The exchange of a code
 * is not among them: it has one chance.
 */
const COUNTED: ReadonlySet<GrantOperation> = new Set(['mintFirst', 'rotate', 'probe', 'send'])

type TurnPorts = Pick<Ports, 'items' | 'clock' | 'random' | 'log'>

interface Turns {
  readonly kind: string
  readonly count: number
  /** For how long one who waits looks for a place, in a turn of these; what comes again by itself does not wait. */
  readonly patience?: { readonly ms: number; readonly turns: Turns }
}

/** The calls and waits of one tenant where so many functions may run at a time. */
function callsOf(instances: number): Turns {
  const share = (most: number, each: number) => Math.max(1, Math.min(most, Math.floor(each * instances)))
  const waits = { kind: 'wait', count: share(MOST_WAITS, WAITS_AN_INSTANCE) }
  const patience = { ms: PATIENCE_MS, turns: waits }
  return { kind: 'call', count: share(MOST_CALLS, CALLS_AN_INSTANCE), patience }
}

/**
 * The runner, with so many calls of one tenant under way at a time over all processes, of which `instances` may run;
 * past that a rotation is `late`, and the rest is refused with `too-many-requests`. So a tenant whose provider is slow
 * leaves room for the others, however many processes there are.
 */
export function runnerInTurns(runner: GrantRunner, ports: TurnPorts, instances: number): GrantRunner {
  const turns = callsOf(instances)
  return grantRunnerOver(async (op, request, budgetMs) => {
    const call = () =>
      (runner[op] as (request: unknown, budgetMs?: number) => Promise<unknown>)(request, budgetMs)
    if (!COUNTED.has(op)) return call()
    const done = await inTurn(ports, { turns, tenant: (request as { tenant: string }).tenant }, call)
    if (done !== undefined) return done.result
    // A flow is served what still works, and a person is told to look again.
    if (op === 'rotate') return { kind: 'late' }
    throw new VaultError(
      'too-many-requests',
      'So many calls to providers are under way for this tenant. Try again.',
      {
        retryAfterSeconds: RETRY_AFTER_S,
      },
    )
  })
}

/** The work of a queue, with so many rotations of one tenant at a time; one past that is still due, and comes again. */
export function workInTurns(
  doWork: (item: WorkItem) => Promise<void>,
  ports: TurnPorts,
): (item: WorkItem) => Promise<void> {
  return async (item) => {
    if (item.kind !== 'rotate') return doWork(item)
    const done = await inTurn(ports, { turns: ROTATIONS, tenant: item.tenant }, () => doWork(item))
    if (done === undefined) {
      ports.log.info('a rotation waits: its tenant has as many under way as it may', { tenant: item.tenant })
    }
  }
}

/** A delivery in one of the tenant's turns; undefined, and nothing done, when none is free. */
export function deliverInTurn<Result>(
  ports: TurnPorts,
  tenant: string,
  act: () => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  return inTurn(ports, { turns: DELIVERIES, tenant }, act)
}

/** Does it in one of the tenant's turns; undefined, and nothing done, when none is free. */
async function inTurn<Result>(
  ports: TurnPorts,
  { turns, tenant }: { turns: Turns; tenant: string },
  act: () => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  const op = newUuid(ports.random)
  const turn = await findTurn(ports, { turns, tenant, op })
  if (turn === 'none-free') return undefined
  try {
    return { result: await act() }
  } finally {
    if (turn !== 'uncounted') {
      const when = [{ kind: 'equals', attribute: 'op', value: op }] as const
      // One that stays is over by itself; what ended well is not failed for it.
      await ports.items.transact([{ op: 'delete', key: turn, when }]).catch(() => undefined)
    }
  }
}

interface Asked {
  readonly turns: Turns
  readonly tenant: string
  readonly op: string
}

/** A free place, looked for as long as that is worth it. */
async function findTurn(ports: TurnPorts, asked: Asked): Promise<ItemKey | 'none-free' | 'uncounted'> {
  const { patience } = asked.turns
  const found = await takeTurn(ports, asked)
  if (!isTaken(found)) return found
  if (patience === undefined || !isLively(ports, found)) return 'none-free'
  const deadlineMs = ports.clock.monotonicMs() + patience.ms
  const waited = await inTurn(ports, { turns: patience.turns, tenant: asked.tenant }, async () => {
    for (;;) {
      await ports.clock.sleep(LOOK_AGAIN_MS * (1 + ports.random.fraction()))
      const again = await takeTurn(ports, asked)
      if (!isTaken(again)) return again
      if (!isLively(ports, again) || ports.clock.monotonicMs() >= deadlineMs) return 'none-free'
    }
  })
  return waited?.result ?? 'none-free'
}

/** No place is free, and when the last of them was taken. */
interface AllTaken {
  readonly takenLastMs: number
}

function isTaken(found: ItemKey | AllTaken | 'uncounted'): found is AllTaken {
  return typeof found === 'object' && 'takenLastMs' in found
}

function isLively({ clock }: TurnPorts, { takenLastMs }: AllTaken): boolean {
  return clock.nowMs() - takenLastMs < LIVELY_MS
}

/**
 * A place among the tenant's, from a random one on; when none is free, when the last of them was taken. `uncounted`
 * when the store does not answer: the work will tell.
 */
async function takeTurn(
  ports: TurnPorts,
  { turns, tenant, op }: Asked,
): Promise<ItemKey | AllTaken | 'uncounted'> {
  const first = Math.floor(ports.random.fraction() * turns.count)
  let takenLastMs = 0
  for (let looks = 0; looks < Math.min(MAX_LOOKS, turns.count); looks++) {
    const key = turnKey(tenant, turns.kind, (first + looks) % turns.count)
    const nowMs = ports.clock.nowMs()
    const untilMs = nowMs + TURN_MS
    const attributes = { ...TURN_ROWS.encode({ op, untilMs }), expires_at_s: Math.ceil(untilMs / 1000) }
    const when = [{ kind: 'absent-or-at-most', attribute: 'untilMs', value: nowMs }] as const
    try {
      await ports.items.transact([{ op: 'put', key, attributes, when }])
      return key
    } catch (error) {
      if (error instanceof StoreUnavailableError) return 'uncounted'
      if (!(error instanceof ConditionFailedError)) throw error
      takenLastMs = Math.max(takenLastMs, Number(error.current?.['untilMs'] ?? 0) - TURN_MS)
    }
  }
  return { takenLastMs }
}
