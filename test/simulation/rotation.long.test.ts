import { simulate } from './simulate.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** The same seeds on every machine, however fast it is; a night's run sets `FLOW_VAULT_SEEDS`. */
const SEEDS = Number(process.env['FLOW_VAULT_SEEDS'] ?? 500)
/** Two idle cores need three of these. */
const MINUTES = Number(process.env['FLOW_VAULT_MINUTES'] ?? 12)
/** The quick suite has the first seeds already. */
const FIRST_SEED = Number(process.env['FLOW_VAULT_FIRST_SEED'] ?? 1_000)

describe('rotation under faults', () => {
  it(
    `keeps its promises with ${SEEDS} seeds`,
    async () => {
      const failed: string[] = []
      let simulatedMs = 0
      let requests = 0
      let seed = FIRST_SEED
      for (; seed < FIRST_SEED + SEEDS && failed.length < 5; seed++) {
        const report = await simulate(seed, { scenario: { secretsAmongRows: seed % 2 === 1 } })
        simulatedMs += report.simulatedMs
        requests += report.counts.tokenRequests
        if (report.violations[0] === undefined) continue
        failed.push(
          `${report.violations[0]}\n  FLOW_VAULT_SEED=${seed} npm test -- test/simulation/rotation.test.ts`,
        )
      }
      process.stdout.write(
        `${seed - FIRST_SEED} seeds, ${Math.round(simulatedMs / HOUR_MS)} simulated hours, ${requests} token requests\n`,
      )
      expect(failed).toEqual([])
    },
    MINUTES * MINUTE_MS,
  )
})
