import { ConditionFailedError, type Item } from '../../../shared/ports/item-store.ts'
import { SecretNotFoundError } from '../../../shared/ports/secret-store.ts'
import { ToolError } from '../../tool-command.ts'
import type { Filling, MoveInput } from './move-input.ts'
import { rowWayOf } from './moved-kinds.ts'
import { isMoved, moveItem } from './moved-rows.ts'
import { itemsIn, nameOf, type Survey } from './survey.ts'

/** Items on their way at a time: each waits for KMS and the table, a few ms. */
const LANES = 16
/**
 * What is renewed without a refresh token goes on at a stage, so a row may be another one by the time it is looked at.
 */
const MAX_TRIES = 5
/** A line at least this often. */
const TELL_EVERY = 500

/** Copies an item as it is by now; answers whether that took a write. Throws `ToolError` for what points nowhere. */
export async function copyItem(input: Filling, item: Item, found: Survey): Promise<boolean> {
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
export async function compareItem(input: Filling, item: Item, found: Survey): Promise<boolean> {
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
export async function inLanes(
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
export async function removeStrays({ source, target }: Filling): Promise<number> {
  let removed = 0
  for await (const page of itemsIn(target.items)) {
    for (const { key } of page) {
      if (rowWayOf(key) === undefined || (await source.items.get(key)) !== undefined) continue
      await target.items.transactInTurn([{ op: 'delete', key }])
      removed++
    }
  }
  return removed
}
