import { trustedCertificate } from '../local-certificate.ts'
import { startLocalProvider } from '../local-provider.ts'
import { startOwnVault } from '../own-vault.ts'
import { authorizedConnection } from './authorized-connection.ts'
import { createRowFlow } from './flow.ts'
import { startLocalSheets } from './local-sheets.ts'

/*
 * `npm run example:sheets`: authorizes a connection at an OAuth provider on this machine and appends a row to a double
 * of Google Sheets with it. It brings its own vault, which may call both of them.
 */
const certificate = await trustedCertificate()
const provider = await startLocalProvider(certificate)
const sheets = await startLocalSheets((token) => provider.accepts(token), certificate)
const { vault, create, stop } = await startOwnVault([provider, sheets])
try {
  const id = await create(await authorizedConnection(provider, sheets.url))
  const append = createRowFlow(vault, id)
  const { updatedRange } = await append({ spreadsheet: 'orders', row: ['pencil', '3'] })
  process.stdout.write(`Appended ${updatedRange} with the credential of ${id}.\n`)
} finally {
  await stop()
  await Promise.all([provider.stop(), sheets.stop()])
}
