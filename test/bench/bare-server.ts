import { startBareServer } from './load.ts'

// A process of its own, so that it has a core to itself as the vault has.
process.stdout.write(`${await startBareServer(process.env['BARE_BODY'] ?? '{}')}\n`)
