import { describeFuzz } from './fuzz-suite.ts'

/** Enough to meet each kind of input at each route; the long suite goes on from here. */
describeFuzz({ runs: 20, seed: 20_240_601 })
