import type { Page } from 'playwright-core'
import { OAUTH_APPS } from '../support/vault-with-provider.ts'
import { eventually } from './support/eventually.ts'
import { screens, useVaultInBrowser } from './support/vault-in-browser.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const TOKEN = 'my-token-bearer-1234567'

describe('a person', () => {
  const world = useVaultInBrowser()

  async function openDialog(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.getByRole('dialog').getByPlaceholder('Search apps').waitFor()
  }

  test('adds an API key in three steps, and finds it in the list', async () => {
    const page = await world.signedIn({ tenant: 'adding' })
    await openDialog(page)
    await screens(page, 'add-1-app')
    await page.locator('label.app-choice', { hasText: 'HTTP Request' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Connection name').fill('orders api')
    await screens(page, 'add-2-name')
    await page.getByLabel('Connection name').fill('n'.repeat(151))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('At most 150 characters.').waitFor()
    await page.getByLabel('Connection name').fill('orders api')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.locator('#field-0').fill(`  ${TOKEN} `)
    await page.keyboard.press('Tab')
    await page.getByText('Removed blanks at the ends').waitFor()
    await screens(page, 'add-3-credentials')
    for (const [name, step] of [
      ['Back', 2],
      ['Back', 1],
      ['Continue', 2],
      ['Continue', 3],
    ] as const) {
      await page.getByRole('button', { name }).click()
      await page.getByText(`Step ${step} of 3`).waitFor()
    }
    expect(await page.locator('#field-0').inputValue()).toBe(TOKEN)
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.getByText('orders api is ready.').waitFor()
    await page.locator('tr[data-id] a.name', { hasText: 'orders api' }).waitFor()
    expect(await page.content()).not.toContain(TOKEN)
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(
      TOKEN,
    )
    await screens(page, 'added')
    await page.context().close()
  })

  test('adds an empty connection, and gives it its credentials later', async () => {
    const page = await world.signedIn({ tenant: 'later' })
    await openDialog(page)
    await page.getByPlaceholder('Search apps').fill('twil')
    await page.locator('label.app-choice', { hasText: 'Twilio' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Create an empty connection' }).click()
    await page.getByText('it has no credentials yet').waitFor()
    await eventually(() => page.title(), '(1) Connections · Flow Vault')
    await page.getByRole('button', { name: 'Add credentials, Twilio' }).click()
    await page.getByLabel('Account SID').fill('AC00000000000000000000000000000000')
    await page.getByLabel('Auth token', { exact: false }).first().fill('not a token')
    await page.getByLabel('Test it before saving').uncheck()
    await page.getByRole('button', { name: 'Save credentials' }).click()
    await page.locator('[aria-invalid="true"]').waitFor()
    await screens(page, 'refused-field')
    await page.locator('[aria-invalid="true"]').fill('twilio-auth-token-000')
    await page.getByRole('button', { name: 'Save credentials' }).click()
    await page.getByText('Twilio is ready.').waitFor()
    await page.context().close()
  })

  test('finds a service by its name among hundreds, and fills in what is its own', async () => {
    const caller = { tenant: 'services' }
    const provider = 'https://github.com'
    const page = await world.signedIn({ ...caller, allowed: [provider] })
    await openDialog(page)
    await page.getByPlaceholder('Search apps').fill('github')
    const services = page.locator('fieldset', { hasText: 'Services by name' })
    await services.locator('label.app-choice', { hasText: 'HTTP Request' }).first().waitFor()
    await screens(page, 'add-service')
    await services.locator('label.app-choice', { hasText: 'OAuth 2.0' }).first().click()
    await page.route('**/connectors/OAUTH2/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('The vault did not answer.').waitFor()
    await page.getByText('Step 1 of 3').waitFor()
    await page.unroute('**/connectors/OAUTH2/**')
    await page.getByRole('button', { name: 'Continue' }).click()
    const name = page.getByLabel('Connection name')
    await eventually(() => name.inputValue(), 'GitHub (OAuth app)')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Client ID').fill('Iv1.0123456789')
    await screens(page, 'add-service-fields')
    await page.locator('input[type="password"]').first().fill('github-client-secret-000')
    const leaves = page.context().waitForEvent('request', (request) => request.url().startsWith(provider))
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    expect((await leaves).url()).toMatch(
      /^https:\/\/github\.com\/login\/oauth\/authorize\?.*client_id=Iv1\.0123456789&/,
    )
    const answer = await world.vault.request(caller, 'GET', `${CONNECTIONS}?view=full`)
    expect(await answer.json()).toMatchObject([
      { name: 'GitHub (OAuth app)', app_id: 'OAUTH2', provider: 'github' },
    ])
    await page.context().close()
  })

  test('says of each field that it is needed, where nothing is typed', async () => {
    const caller = { tenant: 'nothing-typed' }
    const page = await world.signedIn(caller)
    await openDialog(page)
    const dialog = page.locator('dialog.add')
    await page.keyboard.type('twilio')
    for (const _ of ['takes it', 'goes on']) await page.keyboard.press('Enter')
    await dialog.getByLabel('Connection name').waitFor()
    await page.keyboard.press('Enter')
    await dialog.getByLabel('Account SID').waitFor()
    await dialog.getByRole('button', { name: 'Add Vault Connection' }).click()
    await eventually(() => dialog.getByText('This is needed.').count(), 2)
    await screens(page, 'add-nothing-typed')
    await dialog.getByLabel('Test it before saving').uncheck()
    await dialog.getByRole('button', { name: 'Add Vault Connection' }).click()
    await eventually(() => dialog.getByText('This is needed.').count(), 2)
    expect(await (await world.vault.request(caller, 'GET', CONNECTIONS)).json()).toEqual([])
    await page.context().close()
  })

  test('says it of a client too, before anybody is sent to a provider', async () => {
    const caller = { tenant: 'no-client-typed' }
    const id = await world.added(caller, { name: 'empty', app_id: 'OAUTH2' })
    const page = await world.signedIn(caller)
    const dialog = page.locator('dialog.add')
    const connect = dialog.getByRole('button', { name: 'Connect', exact: true })
    await openDialog(page)
    await dialog.locator('label.app-choice', { hasText: 'OAuth 2.0' }).first().click()
    for (const _ of ['to the name', 'to the client'])
      await dialog.getByRole('button', { name: 'Continue' }).click()
    await connect.click()
    await eventually(() => dialog.getByText('This is needed.').count(), 3)
    await screens(page, 'add-no-client-typed')
    await dialog.getByLabel('Which client asks?').selectOption('A new one that several connections can share')
    const refused = page.waitForResponse('**/oauth-apps')
    await connect.click()
    await refused
    await eventually(() => dialog.getByText('This is needed.').count(), 3)
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('button', { name: 'Add credentials, empty' }).click()
    await connect.click()
    await eventually(() => dialog.getByText('This is needed.').count(), 3)
    const listed = async (path: string) => (await world.vault.request(caller, 'GET', path)).json()
    expect(await listed(CONNECTIONS)).toEqual([expect.objectContaining({ id })])
    expect(await listed(OAUTH_APPS)).toEqual([])
    await page.context().close()
  })

  test('takes an app far down by a click, and goes on by the second', async () => {
    const page = await world.signedIn({ tenant: 'far-down', width: 768 })
    await openDialog(page)
    const dialog = page.locator('dialog.add')
    const last = dialog.locator('label.app-choice').last()
    await last.click()
    await eventually(() => last.locator('input').isChecked(), true)
    // What is hidden of a choice lies where the choice does: the focus on it moves nothing out of sight.
    expect(await page.evaluate("document.querySelector('dialog.add').scrollTop")).toBe(0)
    await screens(page, 'add-last-app')
    await last.dblclick()
    await dialog.getByLabel('Connection name').waitFor()
    await page.context().close()
  })

  test('is asked before what was typed is thrown away', async () => {
    const page = await world.signedIn({ tenant: 'careful' })
    await openDialog(page)
    await page.keyboard.press('Escape')
    await page.locator('dialog.add').waitFor({ state: 'hidden' })
    await openDialog(page)
    await page.locator('label.app-choice', { hasText: 'Slack' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Connection name').fill('alerts')
    for (const _ of [1, 2, 3]) await page.keyboard.press('Escape')
    await page.getByRole('alertdialog').waitFor()
    expect(await page.locator('dialog.add').isVisible()).toBe(true)
    await screens(page, 'discard')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.locator('dialog.add').waitFor({ state: 'hidden' })
    await page.context().close()
  })

  test('opens, renames, freezes, unfreezes, deletes and brings back a connection', async () => {
    const caller = { tenant: 'managing' }
    const setup = { type: 'BEARER', token: TOKEN }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'orders', app_id: 'HTTP', setup })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'orders' }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await screens(page, 'panel-overview')
    for (const tab of ['Settings', 'Use it', 'Used by', 'Activity']) {
      await page.getByRole('tab', { name: tab }).click()
      await screens(page, `panel-${tab.toLowerCase().replaceAll(' ', '-')}`)
    }
    const panel = page.locator('vault-connection')
    const choose = async (item: string): Promise<void> => {
      await panel.getByRole('button', { name: 'More' }).click()
      await panel.getByRole('menuitem', { name: item, exact: true }).click()
    }
    await page.setViewportSize({ width: 1440, height: 900 })
    await choose('Rename')
    await screens(page, 'rename')
    await page.setViewportSize({ width: 1440, height: 900 })
    await panel.getByLabel('Connection name').fill('orders, new')
    await panel.getByLabel('Connection name').press('Enter')
    await page.getByText('It is now called orders, new.').first().waitFor()
    await choose('Freeze')
    await page.getByLabel('Reason').fill('leaked key')
    await screens(page, 'freeze')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('dialog').getByRole('button', { name: 'Freeze' }).click()
    await page.getByText('Frozen by ada: leaked key').first().waitFor()
    await screens(page, 'frozen')
    await page.setViewportSize({ width: 1440, height: 900 })
    await panel.getByRole('button', { name: 'Unfreeze' }).click()
    await page.getByText('works again').first().waitFor()
    await choose('Delete')
    await screens(page, 'delete')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('was deleted').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('link', { name: 'orders, new' }).waitFor()
    await page.context().close()
  })

  test('keeps an end that is typed for a credential that is there', async () => {
    const caller = { tenant: 'ends' }
    const setup = { type: 'BEARER', token: TOKEN }
    const id = await world.added(caller, { name: 'key', setup })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'key' }).click()
    await page.locator('vault-connection').getByRole('tab', { name: 'Settings' }).click()
    await page.locator('vault-connection').getByRole('button', { name: 'Replace credentials' }).click()
    const dialog = page.locator('dialog.add')
    await dialog.getByText('It ends on a date').click()
    await dialog.locator('#ends-on').fill('2099-05-01')
    await dialog.getByRole('button', { name: 'Save credentials' }).click()
    await dialog.waitFor({ state: 'hidden' })
    const view = await world.vault.request(caller, 'GET', `${CONNECTIONS}/${id}?view=full`)
    expect(await view.json()).toMatchObject({ credential_expires_at: expect.stringMatching(/^2099-05-0/) })
    const fetched = await world.vault.request(caller, 'GET', `${CONNECTIONS}/${id}/credentials`)
    expect(await fetched.json()).toMatchObject({ fields: { token: TOKEN } })
    await page.context().close()
  })

  test('shows several states at a time, and keeps them in the address', async () => {
    const caller = { tenant: 'states' }
    const setup = { type: 'BEARER', token: TOKEN }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'works', app_id: 'HTTP', setup })
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'lacks', app_id: 'TWILIO' })
    const page = await world.signedIn(caller)
    await page.locator('.states summary').click()
    await page.getByLabel('Missing credentials').check()
    await page.getByRole('link', { name: 'works' }).waitFor({ state: 'detached' })
    await page.getByLabel('Ready', { exact: true }).check()
    await page.getByRole('link', { name: 'works' }).waitFor()
    await screens(page, 'states')
    await page.waitForURL('**/vault?state=empty%2Cready')
    await page.keyboard.press('Escape')
    await page.reload()
    await page.getByText('2 states').waitFor()
    await page.context().close()
  })

  test('changes one field, and is asked for no other again', async () => {
    const caller = { tenant: 'parts' }
    const setup = { type: 'API_KEY', name: 'X-Api-Key', value: TOKEN, in: 'HEADER' }
    const id = await world.added(caller, { name: 'key', setup })
    const flows = [
      { name: 'New order', action: 'call the API', url: 'https://editor.example.test/flows/f1' },
      { name: '<img src=x onerror=alert(1)>' },
    ]
    for (const [at, flow] of flows.entries())
      await world.vault.request(caller, 'PUT', `${CONNECTIONS}/${id}/flows/f${at}`, flow)
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'key' }).click()
    const panel = page.locator('vault-connection')
    await panel.getByRole('tab', { name: 'Used by' }).click()
    const link = panel.getByRole('link', { name: 'New order' })
    await eventually(() => link.getAttribute('href'), flows[0]!.url)
    await eventually(() => link.getAttribute('rel'), expect.stringContaining('noopener'))
    await panel.getByText(flows[1]!.name).waitFor()
    await eventually(() => panel.locator('.flows a').count(), 1)
    await screens(page, 'panel-flows')
    await page.setViewportSize({ width: 1440, height: 900 })
    await panel.getByRole('button', { name: 'More' }).click()
    await panel.getByRole('menuitem', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog', { name: 'Delete key?' }).getByText('New order').waitFor()
    await screens(page, 'delete-used')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await panel.getByRole('tab', { name: 'Settings' }).click()
    await panel.getByText('X-Api-Key').waitFor()
    await panel.getByRole('button', { name: 'Replace credentials' }).click()
    const dialog = page.locator('dialog.add')
    const name = dialog.getByLabel('Name', { exact: true })
    await eventually(() => name.inputValue(), 'X-Api-Key')
    await screens(page, 'change-part')
    await name.fill('X-Other-Key')
    await dialog.getByText('It ends on a date').click()
    await dialog.getByLabel('Last day on which it works').fill('2099-12-31')
    await dialog.getByRole('button', { name: 'Save credentials' }).click()
    await page.getByText('key is ready.').waitFor()
    const fetched = await world.vault.request(caller, 'GET', `${CONNECTIONS}/${id}/credentials`)
    expect(await fetched.json()).toMatchObject({ request: { headers: { 'X-Other-Key': TOKEN } } })
    const seen = await world.vault.request(caller, 'GET', `${CONNECTIONS}/${id}?view=full`)
    expect(await seen.json()).toMatchObject({
      credential_expires_at: expect.stringMatching(/^(?:2099-12-31|2100-01-01)/),
    })
    await page.context().close()
  })
})
