import type { Move } from '../../../shared/domain/restored-store.ts'
import { HOLD_MS } from '../../../shared/domain/rotation-policy.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import { ConditionFailedError, type Item } from '../../../shared/ports/item-store.ts'
import { SecretNotFoundError } from '../../../shared/ports/secret-store.ts'
import { beginFilling, beginMove, endMove, sayMoved } from '../../../shared/use-cases/grants/moved-store.ts'
import { findMark, MARK_MAX_AGE_MS } from '../../../shared/use-cases/grants/restored-mark.ts'
import { ToolError } from '../../tool-command.ts'
import { FilledItems } from './filled-items.ts'
import { handOverOutbox, moveEvents } from './moved-events.ts'
import { isNarrowing, wayOf } from './moved-kinds.ts'
import { isMoved, moveItem } from './moved-rows.ts'
import type { Sides } from './moved-secrets.ts'
import type { MovedVault } from './moved-vault.ts'
import { hasData, itemsIn, nameOf, type Survey, survey } from './survey.ts'

/** Items on their way at a time: each waits for KMS and the table, a few ms. */
const LANES = 16
/** After this every process has seen the mark, and whoever asked a provider before that has stored the answer. */
const QUIET_MS = MARK_MAX_AGE_MS + HOLD_MS
/** After this every process of a target refuses changes, and API Gateway has answered or cut those before (30 s). */
const CLOSED_MS = MARK_MAX_AGE_MS + 30_000
/** Undoing an operation takes three minutes, an authorization ten. */
const PATIENCE_MS = 15 * 60_000
const LOOK_AGAIN_MS = 10_000
/** What is renewed without a refresh token goes on at a stage, so a row may be another one by the time it is looked at. */
const MAX_TRIES = 5
/** A line at least this often. */
const TELL_EVERY = 500

/** A move of a whole vault: both sides, the clock, and where its progress is told. */
export interface MoveInput extends Sides {
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
  say(line: string): void
}

/** A move by the one run that fills the target. */
interface Filling extends MoveInput {
  readonly target: MovedVault & { readonly items: FilledItems }
}

/** Says what a move would take along, and in which state it is; changes nothing. */
export async function lookAtMove({ source, target, clock, say }: MoveInput): Promise<void> {
  const found = await survey(source, clock.nowMs())
  say(`${source.name} → ${target.name}: ${countsOf(found)}, of ${found.tenants.size} tenants`)
  for (const words of found.stays) say(`stays behind: ${words}`)
  for (const words of found.underWay) say(`has to end first: ${words}`)
  const move = (await findMark(source.items))?.move
  const isBegun = (await findMark(target.items))?.move?.other === source.name
  if (!isBegun && move?.goneAtMs === undefined && (await hasData(target)))
    say(`refused: ${target.name} holds data of its own, and a move would mix the two.`)
  if (move?.goneAtMs !== undefined) say('It was moved; the source sends no refresh token any more.')
  else if (move !== undefined)
    say(`The move began ${new Date(move.startedAtMs).toISOString()}; it goes on where it was.`)
}

/**
 * Freezes the source, copies what it holds and compares both, opened: after this the target has everything and sends
 * no refresh token. A run that was stopped is repeated. Throws `ToolError` in one sentence.
 */
export async function copyVault(input: MoveInput): Promise<{ readonly found: Survey; readonly move: Move }> {
  const { filling, move } = await mark(input)
  const found = await settle(input, move)
  await copyAll(filling, found)
  return { found, move }
}

/**
 * Puts the target into service: the source is gone first, for ever, and only then may the target send what both have.
 * Stopped anywhere it is repeated; it goes on where it was.
 */
export async function switchOver(input: MoveInput): Promise<void> {
  const { source, target, clock, say } = input
  const isGone = (await moveOf(input))?.goneAtMs !== undefined
  const found = isGone ? await survey(source, clock.nowMs()) : await copyAndLeave(input)
  say(`${source.name} is gone: it sends no refresh token and takes no change any more.`)
  const place = { untold: found.untold, nowMs: clock.nowMs() }
  let handed = 0
  const move = (await findMark(target.items))?.move
  if (move?.side === 'target' && move.other === source.name) {
    const filling = filledBy(input, move)
    for (const tenant of found.tenants) handed += await handOverOutbox(filling, tenant, place)
    if (!(await endMove(target.items, move)))
      throw new ToolError(`Another run goes on with ${target.name}: let it end, or run this again.`)
  }
  say(
    `${target.name} is in service: it renews every grant within ten seconds, and tells ${handed} changes that wait.`,
  )
}

/** Copies, and then says that the source is gone, if it is still the one that was copied as it is. */
async function copyAndLeave(input: MoveInput): Promise<Survey> {
  const { source, target, clock } = input
  const { found, move } = await copyVault(input)
  if (await sayMoved(source.items, move, clock.nowMs())) return found
  throw new ToolError(
    `The move was given up by somebody else meanwhile: ${source.name} goes on, and ${target.name} was not put into service.`,
  )
}

/** Ends a move that was not switched: the source goes on as if nothing had been. Throws `ToolError` when it was. */
export async function giveUp(input: MoveInput): Promise<void> {
  const { source, target, say } = input
  const move = await moveOf(input)
  if (move === undefined) throw new ToolError(`${source.name} is not being moved. Nothing was changed.`)
  if (move.goneAtMs !== undefined)
    throw new ToolError(
      `${source.name} was switched to ${target.name}, which has its grants: there is no way back.`,
    )
  if (!(await endMove(source.items, move)))
    throw new ToolError(`${source.name} was switched by somebody else meanwhile: run this again to see.`)
  say(
    `${source.name} goes on. ${target.name} keeps what was copied and stays out of service: destroy it, or move again.`,
  )
}

/** The move that the source is marked with. Throws `ToolError` when that leads elsewhere. */
async function moveOf({ source, target }: Sides): Promise<Move | undefined> {
  const found = await findMark(source.items)
  if (found === undefined) return undefined
  if (found.move === undefined)
    throw new ToolError(
      `${source.name} carries the mark of a restored vault: say first that its original is gone. Nothing was changed.`,
    )
  if (found.move.other !== target.name || found.move.side !== 'source')
    throw new ToolError(`${source.name} is part of a move with ${found.move.other}. Nothing was changed.`)
  return found.move
}

/** Marks the target first: nothing may be copied into a vault that would use it. */
async function mark(input: MoveInput): Promise<{ readonly filling: Filling; readonly move: Move }> {
  const { source, target, clock, say } = input
  if ((await moveOf(input))?.goneAtMs !== undefined)
    throw new ToolError(`${source.name} was switched to ${target.name} already. Nothing was changed.`)
  const isMine = (await findMark(target.items))?.move?.other === source.name
  if (!isMine && (await hasData(target))) throw inUse(target)
  const filled = await beginFilling(target.items, source.name, clock.nowMs())
  if (filled === undefined)
    throw new ToolError(
      `${target.name} carries the mark of another move, or of a restored table. Nothing was changed.`,
    )
  if (!isMine) {
    say(`waiting: until ${target.name} takes no change`)
    await clock.sleep(CLOSED_MS)
    // What somebody has made there since would be removed as what the source does not have.
    if (await hasData(target)) {
      await endMove(target.items, filled)
      throw inUse(target)
    }
  }
  const move = await beginMove(source.items, { side: 'source', other: target.name }, clock.nowMs())
  if (move === undefined || move.goneAtMs !== undefined)
    throw new ToolError(`${source.name} was marked by somebody else meanwhile: run this again.`)
  say(
    `${source.name} is frozen: it serves what it holds, takes no change, and sends no refresh token that may change.`,
  )
  return { filling: filledBy(input, filled), move }
}

function inUse({ name }: MovedVault): ToolError {
  return new ToolError(
    `${name} holds data of its own, and a move would mix the two: deploy a stage for it. Nothing was changed.`,
  )
}

function filledBy(input: MoveInput, move: Move): Filling {
  const { target } = input
  return { ...input, target: { ...target, items: new FilledItems(target.items, move, target.name) } }
}

/** Waits until nothing is under way at the source that could change what is copied; answers what is there then. */
async function settle({ source, clock, say }: MoveInput, { startedAtMs }: Move): Promise<Survey> {
  const quietAtMs = source.isAlone ? 0 : startedAtMs + QUIET_MS
  const endAtMs = clock.nowMs() + PATIENCE_MS
  for (;;) {
    const nowMs = clock.nowMs()
    const found = await survey(source, nowMs)
    if (found.underWay.length === 0 && nowMs >= quietAtMs) return found
    if (source.isAlone)
      throw new ToolError(
        `${found.underWay.join(', ')}: start the vault there, let it run for five minutes, stop it, and go on. The source stays frozen until then.`,
      )
    if (nowMs > endAtMs)
      throw new ToolError(
        `${found.underWay.join(', ')}, after a quarter of an hour: look at the alarms of the source, and go on.`,
      )
    const waits = found.underWay.length > 0 ? found.underWay.join(', ') : 'until every function has seen it'
    say(`waiting: ${waits}`)
    await clock.sleep(LOOK_AGAIN_MS)
  }
}

/** Copies everything, then looks at everything again and opens it on both sides. */
async function copyAll(input: Filling, found: Survey): Promise<void> {
  const { say } = input
  const copy = (item: Item) => copyItem(input, item, found)
  // First, because the target answers fetches of what has come already.
  const narrowing = await inLanes(
    input,
    'looked through',
    async (item) => isNarrowing(item.key) && copy(item),
  )
  const copied = narrowing + (await inLanes(input, 'looked at', copy))
  let events = 0
  for (const tenant of found.tenants) events += await moveEvents(input, tenant)
  const removed = await removeStrays(input)
  say(
    `${copied} rows copied with what they point at, ${events} events; ${removed} removed that the source has no more`,
  )
  const again = await inLanes(input, 'compared', (item) => compareItem(input, item, found))
  say(`Both hold the same, opened and compared; ${again} rows changed meanwhile and were copied again.`)
}

async function copyItem(input: MoveInput, item: Item, found: Survey): Promise<boolean> {
  for (let current: Item | undefined = item, tries = 1; current !== undefined; tries++) {
    try {
      return await moveItem(input, current, found)
    } catch (error) {
      // It was replaced since the row was read, and the row says by what; or another run has just written it.
      const isOld = error instanceof SecretNotFoundError || error instanceof ConditionFailedError
      if (!isOld || tries === MAX_TRIES) throw lostOr(error, item)
      current = await asItIsNow(input, item)
    }
  }
  return false
}

/** Answers whether the item had to be copied again. Throws `ToolError` when it never came to be the same. */
async function compareItem(input: MoveInput, item: Item, found: Survey): Promise<boolean> {
  for (let current: Item | undefined = item, tries = 0; current !== undefined; tries++) {
    try {
      if (await isMoved(input, current)) return tries > 0
    } catch (error) {
      if (!(error instanceof SecretNotFoundError)) throw error
    }
    if (tries === MAX_TRIES)
      throw new ToolError(
        `${nameOf(item.key)} is not the same on both sides, however often it is copied. Nothing was switched.`,
      )
    const now = await asItIsNow(input, item)
    if (now !== undefined) await copyItem(input, now, found)
    current = now
  }
  return true
}

async function asItIsNow({ source }: MoveInput, { key }: Item): Promise<Item | undefined> {
  const attributes = await source.items.get(key)
  return attributes === undefined ? undefined : { key, attributes }
}

function lostOr(error: unknown, { key }: Item): unknown {
  if (!(error instanceof SecretNotFoundError)) return error
  return new ToolError(
    `${nameOf(key)} points at a secret that is not there: delete the connection at the source, and go on.`,
  )
}

/** Does something to every item of the source, some at a time; answers for how many it was true. */
async function inLanes(
  { source, say }: Pick<MoveInput, 'source' | 'say'>,
  done: string,
  act: (item: Item) => Promise<boolean>,
): Promise<number> {
  let seen = 0
  let count = 0
  for await (const page of itemsIn(source.items)) {
    const rest = [...page]
    const lane = async (): Promise<void> => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) if (await act(item)) count++
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    const before = seen
    seen += page.length
    if (Math.floor(before / TELL_EVERY) < Math.floor(seen / TELL_EVERY)) say(`${seen} items ${done}`)
  }
  return count
}

/** Rows that the source had when it was copied before, and has no more. */
async function removeStrays({ source, target }: Filling): Promise<number> {
  let removed = 0
  for await (const page of itemsIn(target.items)) {
    for (const { key } of page) {
      const way = wayOf(key)?.way
      if (way === undefined || way === 'stays' || way === 'events') continue
      if ((await source.items.get(key)) !== undefined) continue
      await target.items.transactInTurn([{ op: 'delete', key }])
      removed++
    }
  }
  return removed
}

function countsOf({ counts }: Survey): string {
  const named = Object.entries(counts).map(
    ([kind, count]) => `${count} ${kind.toLowerCase().replace('_', ' ')}`,
  )
  return named.length === 0 ? 'nothing' : named.join(', ')
}
