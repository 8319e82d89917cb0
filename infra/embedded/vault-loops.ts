import type { SqliteItemStore } from '../../shared/adapters/sqlite/sqlite-item-store.ts'
import { figuresOf } from '../../shared/ports/log.ts'
import { measuredComparison, measuredReconcile } from '../../shared/use-cases/reconcile/measured-reconcile.ts'
import { measuredSweep } from '../../shared/use-cases/rotation/sweep-due.ts'
import type { LocalWorkQueue } from './local-work-queue.ts'
import type { Loop } from './loops.ts'
import { measuredLoop } from './measured-loop.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** A start has other things to do first; and a server that is started each day still compares each day. */
const FIRST_COMPARISON_MS = 5 * MINUTE_MS
/** What the workers of one tenant can do in a minute when a provider takes 200 ms; a faster one is asked again a second later. */
const SWEEP_CAPACITY = 20_000
const SWEEP_PER_TENANT = 5_000
/** Expired records removed in one go; the rest waits a minute. */
const EXPIRED_A_RUN = 5_000

/** What the embedded vault does by itself, and how often: the schedules of the functions on AWS. */
export function vaultLoops(
  ports: Parameters<typeof measuredReconcile>[0] & { work: LocalWorkQueue },
  items: SqliteItemStore,
): Loop[] {
  const loops: Loop[] = [
    {
      name: 'sweep',
      everyMs: 5_000,
      run: async () => {
        // The queue is the worker: what it has not done yet is not enqueued again.
        const capacity = SWEEP_CAPACITY - ports.work.depth
        if (capacity > 0) await measuredSweep(ports, { capacity, perTenant: SWEEP_PER_TENANT })
      },
    },
    {
      name: 'reconcile',
      everyMs: MINUTE_MS,
      run: async () => {
        const report = await measuredReconcile(ports)
        if (report.found > 0) ports.log.info('reconciled', figuresOf(report))
        await items.removeExpired(ports.clock.nowMs(), EXPIRED_A_RUN)
      },
    },
    {
      name: 'move-log',
      everyMs: MINUTE_MS,
      // The log keeps nothing that was replaced, and a crash leaves little to recover.
      run: async () => items.moveLog(),
    },
    {
      name: 'compare',
      everyMs: DAY_MS,
      firstAfterMs: FIRST_COMPARISON_MS,
      run: async () => {
        await measuredComparison(ports)
      },
    },
  ]
  return loops.map((loop) => measuredLoop(loop, ports.metrics))
}
