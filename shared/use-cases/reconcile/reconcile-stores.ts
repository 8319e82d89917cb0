import type { Segment } from '../../ports/item-store.ts'
import { figuresOf } from '../../ports/log.ts'
import {
  type ComparisonCounts,
  type ComparisonPorts,
  type ComparisonReport,
  noCounts,
  PageComparison,
} from './page-comparison.ts'

const PAGE_ITEMS = 100
/** Between two pages others get their turn: in an embedded vault the row store answers within the same thread. */
const PAUSE_MS = 2

/** How far the comparison of a segment has come: through the rows first, then through the secrets. */
export interface ComparisonProgress {
  readonly phase: 'rows' | 'secrets' | 'done'
  /** Where the phase goes on; absent at its beginning. */
  readonly cursor?: string
  readonly counts: ComparisonCounts
}

/** A segment of which nothing has been compared. */
export function atTheBeginning(): ComparisonProgress {
  return { phase: 'rows', counts: noCounts() }
}

/**
 * Compares both stores in both directions, without reading a value. A secret or version that nothing points at is
 * removed after two sightings about a day apart and an age of 24 h: a secret is scheduled for deletion first and
 * destroyed a recovery window later. A pointer to nothing is logged as an error and left as it is.
 */
export async function reconcileStores(ports: ComparisonPorts): Promise<ComparisonReport> {
  const whole = { index: 0, of: 1 }
  const { counts } = await compareSegment(ports, whole, { from: atTheBeginning(), goOn: async () => true })
  tellCompared(ports, counts)
  return counts
}

/** The line of a comparison that has come to its end. */
export function tellCompared({ log }: Pick<ComparisonPorts, 'log'>, counts: ComparisonReport): void {
  log.info('compared both stores', figuresOf(counts))
}

/** Compares one segment on from where it was, page by page, while `goOn` says so; answers how far it came. */
export async function compareSegment(
  ports: ComparisonPorts,
  segment: Segment,
  { from, goOn }: { from: ComparisonProgress; goOn(progress: ComparisonProgress): Promise<boolean> },
): Promise<ComparisonProgress> {
  let progress = from
  while (progress.phase !== 'done') {
    const comparison = new PageComparison(ports, { counts: progress.counts, parts: segment.of })
    const query = {
      limit: PAGE_ITEMS,
      segment,
      ...(progress.cursor === undefined ? {} : { nextToken: progress.cursor }),
    }
    const nextToken = await comparePage(ports, comparison, { phase: progress.phase, query })
    const { counts } = comparison
    if (nextToken !== undefined) progress = { phase: progress.phase, cursor: nextToken, counts }
    else progress = { phase: progress.phase === 'rows' ? 'secrets' : 'done', counts }
    if (!(await goOn(progress))) break
    await ports.clock.sleep(PAUSE_MS)
  }
  return progress
}

async function comparePage(
  { items, secrets }: ComparisonPorts,
  comparison: PageComparison,
  { phase, query }: { phase: 'rows' | 'secrets'; query: Parameters<ComparisonPorts['items']['scan']>[0] },
): Promise<string | undefined> {
  if (phase === 'rows') {
    const page = await items.scan(query)
    await comparison.ofRows(page.items)
    return page.nextToken
  }
  const page = await secrets.list(query)
  await comparison.ofSecrets(page)
  return page.nextToken
}
