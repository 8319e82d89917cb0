import type { Move } from '../../../shared/domain/restored-store.ts'
import { HOLD_MS } from '../../../shared/domain/rotation-policy.ts'
import type { Item } from '../../../shared/ports/item-store.ts'
import { findMark, MARK_MAX_AGE_MS } from '../../../shared/use-cases/grants/restored-mark.ts'
import { ToolError } from '../../tool-command.ts'
import { compareItem, copyItem, inLanes, removeStrays } from './copied-items.ts'
import { type Filling, filledBy, type MoveInput } from './move-input.ts'
import { handOverOutbox, moveEvents } from './moved-events.ts'
import { isNarrowing } from './moved-kinds.ts'
import type { Sides } from './moved-secrets.ts'
import { beginFilling, beginMove, endMove, sayEmpty, sayMoved } from './moved-store.ts'
import type { MovedVault } from './moved-vault.ts'
import { hasData, type Survey, survey } from './survey.ts'

/** After this every process has seen the mark, and whoever asked a provider before that has stored the answer. */
const QUIET_MS = MARK_MAX_AGE_MS + HOLD_MS
/** After this every process of a target refuses changes, and API Gateway has answered or cut those before (30 s). */
const CLOSED_MS = MARK_MAX_AGE_MS + 30_000
/** Undoing an operation takes three minutes, an authorization ten. */
const PATIENCE_MS = 15 * 60_000
const LOOK_AGAIN_MS = 10_000

/** Says what a move would take along, and in which state it is; changes nothing. */
export async function lookAtMove({ source, target, clock, say }: MoveInput): Promise<void> {
  const found = await survey(source, clock.nowMs())
  say(`${source.name} → ${target.name}: ${countsOf(found)}, of ${found.tenants.size} tenants`)
  for (const words of found.stays) say(`stays behind: ${words}`)
  for (const words of found.underWay) say(`has to end first: ${words}`)
  const move = (await findMark(source.items))?.move
  const filled = await fillingOf({ source, target })
  if (filled === undefined && move?.goneAtMs === undefined) {
    if ((await findMark(target.items)) !== undefined)
      say(`refused: ${target.name} carries the mark of another move, or of a restored table.`)
    else if (await hasData(target))
      say(`refused: ${target.name} holds data of its own, and a move would mix the two.`)
  }
  if (filled?.givenUpAtMs !== undefined)
    say('The move was given up: --give-up again ends that, --copy moves anew.')
  else if (move?.goneAtMs !== undefined) say('It was moved; the source sends no refresh token any more.')
  else if (move !== undefined)
    say(`The move began ${new Date(move.startedAtMs).toISOString()}; it goes on where it was.`)
}

/**
 * Freezes the source, copies what it holds and compares both, opened: after this the target has everything and sends
 * no refresh token. A run that was stopped is repeated. Throws `ToolError` in one sentence.
 */
export async function copyVault(input: MoveInput): Promise<{ readonly move: Move }> {
  const { filling, move } = await mark(input)
  await copyAll(filling, await settle(input, move))
  return { move }
}

/**
 * Puts the target into service: the source is gone first, and only then may the target send what both have.
 * Stopped anywhere it is repeated; it goes on where it was.
 */
export async function switchOver(input: MoveInput): Promise<void> {
  const { source, target, say } = input
  if ((await moveOf(input))?.goneAtMs === undefined) await copyAndLeave(input)
  const goneAtMs = (await moveOf(input))?.goneAtMs ?? 0
  say(`${source.name} is gone: it renews nothing and takes no change any more.`)
  const move = await fillingOf(input)
  let handed = 0
  if (move !== undefined) {
    if (move.givenUpAtMs !== undefined)
      throw new ToolError('The move is being given up: end that with --give-up. Nothing was changed.')
    handed = await bringRest(filledBy(input, move), goneAtMs)
    if (!(await endMove(target.items, move)))
      throw new ToolError(`Another run goes on with ${target.name}: let it end, or run this again.`)
  }
  say(
    `${target.name} is in service: it renews every grant within ten seconds, and tells ${handed} changes that wait.`,
  )
}

/** Copies, and then says that the source is gone, if it is still the one that was copied as it is. */
async function copyAndLeave(input: MoveInput): Promise<void> {
  const { source, target, clock } = input
  const { move } = await copyVault(input)
  if (await sayMoved(source.items, move, clock.nowMs())) return
  throw new ToolError(
    `The move was given up by somebody else meanwhile: ${source.name} goes on, and ${target.name} was not put into service.`,
  )
}

/**
 * Brings what a source that is gone had renewed and told after it was compared: a row without its last event would
 * number the next one as that. Then hands over what is still to be told; answers how many events.
 */
async function bringRest(input: Filling, goneAtMs: number): Promise<number> {
  const found = await settle(input, { startedAtMs: goneAtMs })
  await inLanes(input, 'looked at', (item) => copyItem(input, item, found))
  const place = { untold: found.untold, nowMs: input.clock.nowMs() }
  let handed = 0
  for (const tenant of found.tenants) {
    await moveEvents(input, tenant)
    handed += await handOverOutbox(input, tenant, place)
  }
  return handed
}

/** The move that the source is marked with. Throws `ToolError` when that leads elsewhere. */
export async function moveOf({ source, target }: Sides): Promise<Move | undefined> {
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

/** The move that fills the target from this source; undefined where its mark is another one, or none. */
export async function fillingOf({ source, target }: Sides): Promise<Move | undefined> {
  const move = (await findMark(target.items))?.move
  return move?.side === 'target' && move.other === source.name ? move : undefined
}

/** Waits until the target takes no change, and looks whether it is empty then. Throws `ToolError`. */
async function closeTarget({ target, clock, say }: MoveInput, filled: Move): Promise<void> {
  say(`waiting: until ${target.name} takes no change`)
  await clock.sleep(CLOSED_MS)
  // What somebody has made there since would be removed as what the source does not have.
  if (await hasData(target)) {
    await endMove(target.items, filled)
    throw inUse(target)
  }
  if ((await sayEmpty(target.items, filled, clock.nowMs())) === undefined)
    throw new ToolError(`Another run fills ${target.name} by now: this one stopped. Go on with that.`)
}

/** Marks the target first: nothing may be copied into a vault that would use it. */
async function mark(input: MoveInput): Promise<{ readonly filling: Filling; readonly move: Move }> {
  const { source, target, clock, say } = input
  if ((await moveOf(input))?.goneAtMs !== undefined)
    throw new ToolError(`${source.name} was switched to ${target.name} already. Nothing was changed.`)
  if ((await findMark(target.items)) === undefined && (await hasData(target))) throw inUse(target)
  const filled = await beginFilling(target.items, source.name, clock.nowMs())
  if (filled === undefined)
    throw new ToolError(
      `${target.name} carries the mark of another move, or of a restored table. Nothing was changed.`,
    )
  // A run that was killed while it waited has marked the target, and has not looked at it.
  if (filled.emptyAtMs === undefined) await closeTarget(input, filled)
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

/** Waits until nothing is under way at the source that could change what is copied; answers what is there then. */
async function settle(
  { source, clock, say }: MoveInput,
  { startedAtMs }: Pick<Move, 'startedAtMs'>,
): Promise<Survey> {
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

function countsOf({ counts }: Survey): string {
  const named = Object.entries(counts).map(
    ([kind, count]) => `${count} ${kind.toLowerCase().replace('_', ' ')}`,
  )
  return named.length === 0 ? 'nothing' : named.join(', ')
}
