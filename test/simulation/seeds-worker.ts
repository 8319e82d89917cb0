import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './simulate.ts'

/** What one worker thread simulates: every `step`th seed from `first` on, `last` at most. */
export interface SeedShare {
  readonly first: number
  readonly last: number
  readonly step: number
  /** It stops at that many seeds that failed: more tell nothing new. */
  readonly mostFailed: number
}

/** What a share came to. */
export interface ShareReport {
  readonly seeds: number
  readonly simulatedMs: number
  readonly tokenRequests: number
  readonly failed: readonly { readonly seed: number; readonly violation: string }[]
}

async function run({ first, last, step, mostFailed }: SeedShare): Promise<ShareReport> {
  const failed: { seed: number; violation: string }[] = []
  let seeds = 0
  let simulatedMs = 0
  let tokenRequests = 0
  for (let seed = first; seed <= last && failed.length < mostFailed; seed += step) {
    // Half of them keep their secrets among the rows, and half beside them.
    const report = await simulate(seed, { scenario: { secretsAmongRows: seed % 2 === 1 } })
    seeds++
    simulatedMs += report.simulatedMs
    tokenRequests += report.counts.tokenRequests
    const violation = report.violations[0]
    if (violation !== undefined) failed.push({ seed, violation })
  }
  return { seeds, simulatedMs, tokenRequests, failed }
}

parentPort!.postMessage(await run(workerData as SeedShare))
