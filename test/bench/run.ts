import { benchBundles } from './bundles.ts'
import { benchColdStart } from './cold-start.ts'
import { benchEvents } from './events.ts'
import { benchFlowClient } from './flow-client.ts'
import { benchGrants } from './grants.ts'
import { benchHttp } from './http.ts'
import { benchNeighbours } from './neighbours.ts'
import { benchPage } from './page.ts'
import { benchRotation } from './rotation.ts'
import { benchSeenChange } from './seen-change.ts'
import { benchStorage } from './storage.ts'

/*
 * `npm run bench [-- NAME …]`: measures and prints tables; asserts nothing. The figures are of this machine and
 * this minute, which is why everything is measured beside something bare.
 */

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  bundles: benchBundles,
  'cold-start': benchColdStart,
  events: benchEvents,
  'flow-client': benchFlowClient,
  grants: benchGrants,
  http: benchHttp,
  neighbours: benchNeighbours,
  page: benchPage,
  rotation: benchRotation,
  'seen-change': benchSeenChange,
  storage: benchStorage,
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => BENCHES[name] === undefined)
if (unknown === undefined) {
  for (const name of wanted.length === 0 ? Object.keys(BENCHES) : wanted) await BENCHES[name]!()
} else {
  process.stderr.write(`There is no bench "${unknown}". There are: ${Object.keys(BENCHES).join(', ')}.\n`)
  process.exitCode = 2
}
