import { describeFuzz } from './fuzz-suite.ts'

/** The same seed each time, so that a change is blamed for what it broke; set another to search on. */
const seed = Number(process.env['FLOW_VAULT_TEST_SEED'] ?? 20_261_125)

describeFuzz({ runs: 1000, seed })
