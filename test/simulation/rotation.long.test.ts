import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { SeedShare, ShareReport } from './seeds-worker.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** How many, however fast the machine is: half of them the same each time, half new each day. */
const SEEDS = Number(process.env['FLOW_VAULT_SEEDS'] ?? 1_500)
/** Two idle cores need six of these. */
const MINUTES = Number(process.env['FLOW_VAULT_MINUTES'] ?? 20)
/** The quick suite has the first seeds already; who asks for others gets all of them from there on. */
const FIRST_SEED = Number(process.env['FLOW_VAULT_FIRST_SEED'] ?? 1_000)
const DAY_MS = 24 * HOUR_MS
/** Each day has 100,000 seeds of its own, far above those that are named anywhere. */
const FIRST_OF_TODAY = 1_000_000 + Math.floor(Date.now() / DAY_MS) * 100_000
/** Seeds that failed are run again one by one: five show whether they have one cause or many. */
const MOST_FAILED = 5

/** Simulates in a thread of its own, so that all cores share the seeds. */
async function runShare(share: SeedShare): Promise<ShareReport> {
  const worker = new Worker(path.resolve('test/simulation/seeds-worker.ts'), { workerData: share })
  const [report] = (await once(worker, 'message')) as [ShareReport]
  return report
}

function rangesOfSeeds(): { first: number; count: number }[] {
  if (process.env['FLOW_VAULT_FIRST_SEED'] !== undefined) return [{ first: FIRST_SEED, count: SEEDS }]
  const half = Math.ceil(SEEDS / 2)
  return [
    { first: FIRST_SEED, count: half },
    { first: FIRST_OF_TODAY, count: SEEDS - half },
  ]
}

function runRange(start: number, count: number): Promise<ShareReport[]> {
  const step = availableParallelism()
  const last = start + count - 1
  const firsts = Array.from({ length: step }, (_, index) => start + index)
  return Promise.all(firsts.map((first) => runShare({ first, last, step, mostFailed: MOST_FAILED })))
}

describe('rotation under faults', () => {
  it(
    `keeps its promises with ${SEEDS} seeds`,
    async () => {
      const reports: ShareReport[] = []
      for (const { first, count } of rangesOfSeeds()) {
        process.stdout.write(`seeds ${first} to ${first + count - 1}\n`)
        reports.push(...(await runRange(first, count)))
      }
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
