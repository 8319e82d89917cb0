import { describeFuzz } from './fuzz-suite.ts'

/** Another seed each time, which the titles tell; set it to repeat a run. */
const seed = Number(process.env['FLOW_VAULT_TEST_SEED'] ?? Date.now() % 2 ** 31)

describeFuzz({ runs: 1000, seed })
