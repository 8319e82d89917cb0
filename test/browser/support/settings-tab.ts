import type { Page } from 'playwright-core'
import { CONNECTIONS } from '../../support/grant-calls.ts'
import type { Caller, VaultInBrowser } from './vault-in-browser.ts'

/** A key that is stored, and never shown. */
export const TOKEN = 'my-token-settings-1234567'

/** The setup of `HTTP` that has it in a header. */
export const KEY = { type: 'API_KEY', name: 'X-Api-Key', value: TOKEN, in: 'HEADER' }

/** The settings of a connection as they are opened by their address, and what of `KEY` stands in them. */
export async function openSettings({ vault }: VaultInBrowser, page: Page, id: string) {
  await page.goto(`${vault.url}/vault/connections/${id}?tab=settings`)
  const panel = page.locator('vault-connection')
  const save = panel.getByRole('button', { name: 'Save', exact: true })
  await save.waitFor()
  return {
    panel,
    save,
    name: panel.getByLabel('Name', { exact: true }),
    secret: panel.locator('input[type="password"]'),
    replace: panel.getByRole('button', { name: 'Replace, Key' }),
  }
}

/** What a flow is handed by now. */
export async function fetched({ vault }: VaultInBrowser, caller: Caller, id: string): Promise<unknown> {
  return (await vault.request(caller, 'GET', `${CONNECTIONS}/${id}/credentials`)).json()
}
