import { COMPARISON_KEY, comparedSegmentKey } from '../../domain/store-keys.ts'
import { type Condition, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import {
  COMPARED_SEGMENT_ROWS,
  COMPARISON_ROWS,
  type ComparedSegment,
  type ComparisonPass,
} from '../../rows/comparison-row.ts'
import { type ComparisonCounts, noCounts } from './page-comparison.ts'
import { atTheBeginning, type ComparisonProgress } from './reconcile-stores.ts'

type PassPorts = Pick<Ports, 'items'>

/** A segment that this process works on, and nobody else until its hold ends. */
export interface HeldSegment {
  readonly index: number
  readonly pass: ComparisonPass
  readonly holder: string
  readonly heldUntilMs: number
  readonly progress: ComparisonProgress
}

/**
 * The comparison that is under way: one that was left is gone on with, however old, and a new one begins `everyMs`
 * after the last did. Undefined while there is nothing to do.
 */
export async function findOrBeginPass(
  { items }: PassPorts,
  { nowMs, everyMs, of }: { nowMs: number; everyMs: number; of: number },
): Promise<ComparisonPass | undefined> {
  const before = COMPARISON_ROWS.find(await items.get(COMPARISON_KEY))
  if (before !== undefined && before.finishedAtMs === undefined) return before
  if (before !== undefined && nowMs < before.startedAtMs + everyMs) return undefined
  const pass: ComparisonPass = { startedAtMs: nowMs, of }
  const when: Condition =
    before === undefined
      ? { kind: 'item-absent' }
      : { kind: 'equals', attribute: 'startedAtMs', value: before.startedAtMs }
  const segments = Array.from({ length: of }, (_, index) =>
    segmentWrite(index, { pass: nowMs, ...atTheBeginning() }),
  )
  const attributes = COMPARISON_ROWS.encode(pass)
  if (await tryTransact(items, { op: 'put', key: COMPARISON_KEY, attributes, when: [when] }, ...segments))
    return pass
  // Another run has begun it in the same moment.
  return COMPARISON_ROWS.find(await items.get(COMPARISON_KEY))
}

/** Takes a segment that is not done and that nobody holds; undefined when there is none. */
export async function takeSegment(
  { items }: PassPorts,
  pass: ComparisonPass,
  { holder, nowMs, holdMs }: { holder: string; nowMs: number; holdMs: number },
): Promise<HeldSegment | undefined> {
  for (let index = 0; index < pass.of; index++) {
    const segment = COMPARED_SEGMENT_ROWS.find(await items.get(comparedSegmentKey(index)))
    if (segment === undefined || segment.pass !== pass.startedAtMs || segment.phase === 'done') continue
    if ((segment.heldUntilMs ?? 0) > nowMs) continue
    const { heldUntilMs: before, holder: _gone, ...rest } = segment
    const heldUntilMs = nowMs + holdMs
    const when = [sameAs('pass', pass.startedAtMs), sameAs('heldUntilMs', before)]
    const write = segmentWrite(index, { ...rest, holder, heldUntilMs }, when)
    if (!(await tryTransact(items, write))) continue
    const { phase, cursor, counts } = segment
    const known: ComparisonCounts = { ...noCounts(), ...counts }
    const progress = { phase, counts: known, ...(cursor === undefined ? {} : { cursor }) }
    return { index, pass, holder, heldUntilMs, progress }
  }
  return undefined
}

/** Keeps how far a segment has come, and lets it go where it is done or `isLast`. False when it is held by others. */
export async function keepProgress(
  { items }: PassPorts,
  { index, pass, holder, heldUntilMs }: HeldSegment,
  progress: ComparisonProgress,
  { isLast }: { isLast: boolean },
): Promise<boolean> {
  const isFree = isLast || progress.phase === 'done'
  const segment = {
    pass: pass.startedAtMs,
    ...progress,
    counts: { ...progress.counts },
    ...(isFree ? {} : { holder, heldUntilMs }),
  }
  return tryTransact(items, segmentWrite(index, segment, [sameAs('holder', holder)]))
}

/** Ends a comparison of which every segment is done; answers its counts to the one who ended it, and to nobody else. */
export async function endPass(
  { items }: PassPorts,
  pass: ComparisonPass,
  nowMs: number,
): Promise<ComparisonCounts | undefined> {
  const sum = noCounts()
  for (let index = 0; index < pass.of; index++) {
    const segment = COMPARED_SEGMENT_ROWS.find(await items.get(comparedSegmentKey(index)))
    if (segment?.pass !== pass.startedAtMs || segment.phase !== 'done') return undefined
    for (const name of Object.keys(sum) as (keyof ComparisonCounts)[]) sum[name] += segment.counts[name] ?? 0
  }
  const isMine = [sameAs('startedAtMs', pass.startedAtMs), sameAs('finishedAtMs', undefined)]
  const set = { finishedAtMs: nowMs }
  const isEnded = await tryTransact(items, { op: 'update', key: COMPARISON_KEY, set, when: isMine })
  return isEnded ? sum : undefined
}

function segmentWrite(index: number, segment: ComparedSegment, when: readonly Condition[] = []): Write {
  return {
    op: 'put',
    key: comparedSegmentKey(index),
    attributes: COMPARED_SEGMENT_ROWS.encode(segment),
    when,
  }
}
