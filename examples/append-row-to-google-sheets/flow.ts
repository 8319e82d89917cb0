import type { FlowVault } from '../../shared/flow-client/client.ts'

/** What starts the flow. */
export interface RowEvent {
  readonly spreadsheet: string
  readonly row: readonly string[]
}

/**
 * "Append row to Google Sheets". The vault lays the access token over the call and renews it; the flow never sees a
 * refresh token, and the token goes to the connection's own origin and no other.
 */
export function createRowFlow(vault: FlowVault, connectionId: string) {
  return async ({ spreadsheet, row }: RowEvent): Promise<{ updatedRange: string }> => {
    const path = `/v4/spreadsheets/${encodeURIComponent(spreadsheet)}/values/A1:append?valueInputOption=USER_ENTERED`
    const answer = await vault.fetch(connectionId, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ values: [row] }),
    })
    if (!answer.ok) throw new Error(`Google Sheets answered ${answer.status}`)
    const { updates } = (await answer.json()) as { updates: { updatedRange: string } }
    return updates
  }
}
