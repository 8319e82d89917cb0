import { InvariantError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { Ports } from '../../ports/ports.ts'
import { endPass, findOrBeginPass, type HeldSegment, keepProgress, takeSegment } from './comparison-pass.ts'
import type { ComparisonPorts, ComparisonReport } from './page-comparison.ts'
import { type ComparisonProgress, compareSegment, tellCompared } from './reconcile-stores.ts'

/** A little less than a day, so that one that is looked after every few minutes begins at about the same time. */
const EVERY_MS = 23.5 * 3600_000
/** Pages of a segment between two writes of how far it has come: a run that dies repeats these, which does no harm. */
const PAGES_KEPT_TOGETHER = 20

/** What one run may take on. */
export interface ComparisonRun {
  /** How many parts a comparison has, each of which one process works on at a time. */
  readonly segments: number
  /** How many of them this run works on side by side: it mostly waits for the store. */
  readonly lanes: number
  /** How long it may go on; it ends within a page of that. */
  readonly runMs: number
  /** For how long a segment is nobody else's: longer than a run can last. */
  readonly holdMs: number
}

/**
 * Goes on with the daily comparison for as long as this run may, segment by segment, from where earlier runs were or
 * others are not; the cursors are in the row store. So a vault of any size is compared by runs that are short, and as
 * many side by side as are started. Answers the counts of all runs together when this one ended it.
 */
export async function compareOn(
  ports: ComparisonPorts & Pick<Ports, 'random'>,
  run: ComparisonRun,
): Promise<ComparisonReport | undefined> {
  const { clock } = ports
  const untilMs = clock.monotonicMs() + run.runMs
  const nowMs = clock.nowMs()
  const pass = await findOrBeginPass(ports, { nowMs, everyMs: EVERY_MS, of: run.segments })
  if (pass === undefined) return undefined
  const mayGoOn = (): boolean => clock.monotonicMs() < untilMs
  const lane = async (): Promise<void> => {
    while (mayGoOn()) {
      const hold = { holder: newUuid(ports.random), nowMs: clock.nowMs(), holdMs: run.holdMs }
      const held = await takeSegment(ports, pass, hold)
      if (held === undefined) return
      await compareHeld(ports, held, mayGoOn)
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: run.lanes }, lane))
  // What failed stays held, and is gone on with once that hold ends; the others have come as far as they could.
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const counts = await endPass(ports, pass, clock.nowMs())
  if (counts !== undefined) tellCompared(ports, counts)
  return counts
}

async function compareHeld(ports: ComparisonPorts, held: HeldSegment, mayGoOn: () => boolean): Promise<void> {
  const segment = { index: held.index, of: held.pass.of }
  let pages = 0
  const goOn = async (progress: ComparisonProgress): Promise<boolean> => {
    pages++
    const isLast = !mayGoOn()
    if (!isLast && progress.phase !== 'done' && pages % PAGES_KEPT_TOGETHER !== 0) return true
    return (await keepProgress(ports, held, progress, { isLast })) && !isLast
  }
  const { counts, phase } = held.progress
  try {
    await compareSegment(ports, segment, { from: held.progress, goOn })
  } catch (error) {
    // Secrets Manager does not say for how long a token of ListSecrets is good: then the list is begun anew.
    if (!(error instanceof InvariantError) || pages > 0 || phase !== 'secrets') throw error
    await compareSegment(ports, segment, { from: { phase, counts }, goOn })
  }
}
