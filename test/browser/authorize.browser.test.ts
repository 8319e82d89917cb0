import type { GrantCalls } from '../support/grant-calls.ts'
import { OAUTH_APPS, startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'
import { screens, startVaultInBrowser, type VaultInBrowser } from './support/vault-in-browser.ts'

describe('connecting in the provider’s window', () => {
  let provided: VaultWithProvider
  let world: VaultInBrowser

  beforeAll(async () => {
    provided = await startVaultWithProvider()
    world = await startVaultInBrowser({ vault: provided.vault, elsewhere: [provided.provider.issuer] })
  })

  afterAll(async () => {
    await world.close()
    await provided.close()
    expect(world.offences).toEqual([])
  })

  const waiting = async (name: string): Promise<string> => {
    const calls: GrantCalls = provided
    return (await calls.create({ name, app_id: 'OAUTH2', setup: provided.codeSetup({}) })).body.id
  }

  test('goes on when the vault says that it was granted', async () => {
    const id = await waiting('orders by oauth')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.getByRole('button', { name: 'Connect, orders by oauth' }).click()
    await page.locator('dialog.add').waitFor()
    await screens(page, 'connect')
    const opened = page.waitForEvent('popup')
    await page.locator('dialog.add').getByRole('button', { name: 'Connect' }).click()
    await opened
    await page.getByText('orders by oauth is ready.').waitFor({ timeout: 30_000 })
    expect(await provided.view(id)).toMatchObject({ status: 'ready' })
    await screens(page, 'connected')
    await page.context().close()
  })

  test('offers a link where the browser blocks the window, and a way out', async () => {
    await waiting('blocked window')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.evaluate('window.open = () => null')
    await page.getByRole('button', { name: 'Connect, blocked window' }).click()
    await page.locator('dialog.add').getByRole('button', { name: 'Connect' }).click()
    await page.getByText('Your browser blocked the window.').waitFor()
    await screens(page, 'blocked')
    await page.getByRole('button', { name: 'Stop waiting' }).click()
    await page.getByText('waits for its authorization').waitFor()
    await page.context().close()
  })

  test('registers the application that asks, where an app needs one', async () => {
    const page = await world.signedIn({ tenant: 'registering' })
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: 'Salesforce' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Client id').waitFor()
    await screens(page, 'register-application')
    await page.getByLabel('Name of the application').fill('production')
    await page.getByLabel('Client id').fill('3MVG9.example')
    await page.locator('#app-key').fill('oauth-app-secret-000')
    await page.getByRole('button', { name: 'Save the application' }).click()
    await page.getByLabel('Which OAuth application asks?').waitFor()
    await screens(page, 'permissions')
    const applications = await provided.vault.request({ tenant: 'registering' }, 'GET', OAUTH_APPS)
    expect(await applications.json()).toMatchObject([{ app_id: 'SALESFORCE', name: 'production' }])
    await page.context().close()
  })
})
