import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { SeedShare, ShareReport } from './seeds-worker.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** The same seeds on every machine, however fast it is; a night's run sets `FLOW_VAULT_SEEDS`. */
const SEEDS = Number(process.env['FLOW_VAULT_SEEDS'] ?? 3_000)
/** Two idle cores need six of these. */
const MINUTES = Number(process.env['FLOW_VAULT_MINUTES'] ?? 20)
/** The quick suite has the first seeds already. */
const FIRST_SEED = Number(process.env['FLOW_VAULT_FIRST_SEED'] ?? 1_000)
/** Seeds that failed are run again one by one: five show whether they have one cause or many. */
const MOST_FAILED = 5

/** Simulates in a thread of its own, so that all cores share the seeds. */
async function runShare(share: SeedShare): Promise<ShareReport> {
  const worker = new Worker(path.resolve('test/simulation/seeds-worker.ts'), { workerData: share })
  const [report] = (await once(worker, 'message')) as [ShareReport]
  return report
}

describe('rotation under faults', () => {
  it(
    `keeps its promises with ${SEEDS} seeds`,
    async () => {
      const step = availableParallelism()
      const last = FIRST_SEED + SEEDS - 1
      const shares = Array.from({ length: step }, (_, index) => FIRST_SEED + index)
      const reports = await Promise.all(
        shares.map((first) => runShare({ first, last, step, mostFailed: MOST_FAILED })),
      )
      const sum = (figure: 'seeds' | 'simulatedMs' | 'tokenRequests') =>
        reports.reduce((total, report) => total + report[figure], 0)
      process.stdout.write(
        `${sum('seeds')} seeds, ${Math.round(sum('simulatedMs') / HOUR_MS)} simulated hours, ${sum('tokenRequests')} token requests\n`,
      )
      const failed = reports.flatMap((report) =>
        report.failed.map(
          ({ seed, violation }) =>
            `${violation}\n  FLOW_VAULT_SEED=${seed} npm test -- test/simulation/rotation.test.ts`,
        ),
      )
      expect(failed).toEqual([])
    },
    MINUTES * MINUTE_MS,
  )
})
