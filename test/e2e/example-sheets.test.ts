import { authorizedConnection } from '../../examples/append-row-to-google-sheets/authorized-connection.ts'
import { createRowFlow } from '../../examples/append-row-to-google-sheets/flow.ts'
import { startLocalSheets } from '../../examples/append-row-to-google-sheets/local-sheets.ts'
import { trustedCertificate } from '../../examples/local-certificate.ts'
import { startLocalProvider } from '../../examples/local-provider.ts'
import { type OwnVault, startOwnVault } from '../../examples/own-vault.ts'

describe('the example "Append row to Google Sheets"', () => {
  let provider: Awaited<ReturnType<typeof startLocalProvider>>
  let sheets: Awaited<ReturnType<typeof startLocalSheets>>
  let own: OwnVault
  const tokens: string[] = []

  beforeAll(async () => {
    const certificate = await trustedCertificate()
    provider = await startLocalProvider(certificate)
    sheets = await startLocalSheets((token) => {
      tokens.push(token)
      return provider.accepts(token)
    }, certificate)
    own = await startOwnVault([provider, sheets])
  })
  afterAll(async () => {
    await own.stop()
    await Promise.all([provider.stop(), sheets.stop()])
  })

  test('goes on when its access token ends, with one that the vault has renewed', async () => {
    const id = await own.create(await authorizedConnection(provider, sheets.url))
    const append = createRowFlow(own.vault, id)
    expect(await append({ spreadsheet: 'orders', row: ['pencil', '3'] })).toEqual({
      updatedRange: 'Sheet1!A1',
    })
    await provider.revoke(tokens[0]!)
    expect(await append({ spreadsheet: 'orders', row: ['ruler', '1'] })).toEqual({
      updatedRange: 'Sheet1!A2',
    })
    expect(tokens).toEqual([tokens[0], tokens[0], expect.not.stringContaining(tokens[0]!)])
    expect(sheets.rows).toEqual([
      ['pencil', '3'],
      ['ruler', '1'],
    ])
  })
})
