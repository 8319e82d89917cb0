import type { Move } from '../../../shared/domain/restored-store.ts'
import { ConditionFailedError } from '../../../shared/ports/item-store.ts'
import { ToolError } from '../../tool-command.ts'
import { findTenants, removeFound } from '../remove-tenant.ts'
import type { MoveInput } from './move-input.ts'
import { fillingOf, moveOf } from './move-vault.ts'
import { endMove, isFilling, sayGivenUp } from './moved-store.ts'
import { survey } from './survey.ts'

/**
 * Ends a move whose target is not in service yet, also one that has said of its source that it is gone: the target is
 * kept out of service first, for good, then the source goes on as if nothing had been, and then what was brought is
 * removed from the target. So never do two send a refresh token. A run that was stopped is repeated. Throws
 * `ToolError` when the target is in service: then it has renewed what the source holds.
 */
export async function giveUp(input: MoveInput): Promise<void> {
  const { source, target, say } = input
  const move = await moveOf(input)
  const filled = await fillingOf(input)
  if (move === undefined && filled?.givenUpAtMs === undefined)
    throw new ToolError(`${source.name} is not being moved. Nothing was changed.`)
  if (move !== undefined) await takeBack(input, { move, filled })
  // Only what held nothing when it was closed, and takes no change since, holds nothing but what was brought.
  if (filled?.emptyAtMs === undefined) return say(`${source.name} goes on. ${target.name} was left as it is.`)
  const ended = await fillingOf(input)
  if (ended?.givenUpAtMs === undefined) throw overtaken(input)
  await emptyTarget(input, ended)
  say(
    `${source.name} goes on. ${target.name} is emptied and stays out of service: destroy it, or move again.`,
  )
}

async function takeBack(
  { source, target, clock, say }: MoveInput,
  { move, filled }: { readonly move: Move; readonly filled: Move | undefined },
): Promise<void> {
  if (filled === undefined && move.goneAtMs !== undefined)
    throw new ToolError(
      `${source.name} was switched to ${target.name}, which has its grants: there is no way back.`,
    )
  const isEnded = filled === undefined || filled.givenUpAtMs !== undefined
  if (!isEnded && !(await sayGivenUp(target.items, filled, clock.nowMs()))) throw overtaken({ target })
  if (!(await endMove(source.items, move)))
    throw new ToolError(`${source.name} was switched by somebody else meanwhile: run this again to see.`)
  say(`${source.name} takes changes and renews again, within ten seconds.`)
}

function overtaken({ target }: Pick<MoveInput, 'target'>): ToolError {
  return new ToolError(`Another run goes on with ${target.name}: run this again to see.`)
}

/**
 * Removes what a move can have brought, as long as that move is the one that was given up: one that was begun meanwhile
 * brings the same again. What a run that is being stopped still writes stays, and is never sent.
 */
async function emptyTarget({ source, target, clock, say }: MoveInput, ended: Move): Promise<void> {
  const [here, there] = [await survey(source, clock.nowMs()), await survey(target, clock.nowMs())]
  const tenants = new Set([...here.tenants, ...there.tenants])
  const tell = (line: string) => say(`${target.name}: ${line}`)
  const found = await findTenants(target, tenants, tell)
  await removeFound(target, found, { onlyIf: isFilling(ended), tell }).catch((error: unknown) => {
    throw error instanceof ConditionFailedError ? overtaken({ target }) : error
  })
  const { rows, tokens, secrets } = found
  say(`${rows} rows, ${tokens} sealed tokens and ${secrets} secrets removed from ${target.name}`)
}
