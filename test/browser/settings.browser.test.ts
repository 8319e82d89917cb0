import { CONNECTIONS } from '../support/grant-calls.ts'
import { eventually } from './support/eventually.ts'
import { fetched, KEY, openSettings, TOKEN } from './support/settings-tab.ts'
import { screens, useProviderInBrowser } from './support/vault-in-browser.ts'

describe('the settings of a connection', () => {
  const { provided, world } = useProviderInBrowser()

  test('are changed in their place, and a stored secret is kept, replaced, and never shown', async () => {
    const caller = { tenant: 'in-place' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    const { panel } = await openSettings(world, page, id)
    const save = panel.getByRole('button', { name: 'Save' })
    const name = panel.getByLabel('Name', { exact: true })
    await eventually(() => name.inputValue(), KEY.name)
    await panel.getByText(/^Stored \d\d:\d\d$/).waitFor()
    expect(await panel.locator('input[type="password"]').count()).toBe(0)
    await eventually(() => save.getAttribute('title'), 'Nothing is changed.')
    await screens(page, 'settings-in-place')
    await name.fill('X-Other')
    await panel.getByRole('button', { name: 'Replace, Key' }).click()
    const value = panel.locator('input[type="password"]')
    await eventually(() => panel.locator('input[type="password"]:focus').count(), 1)
    expect(await value.inputValue()).toBe('')
    await screens(page, 'settings-replace')
    await save.click()
    await panel.getByText('Saved.').waitFor()
    expect(await fetched(world, caller, id)).toMatchObject({ request: { headers: { 'X-Other': TOKEN } } })
    await panel.getByRole('button', { name: 'Replace, Key' }).click()
    await value.fill(`  ${TOKEN}-new `)
    await panel.getByLabel('Last day on which it works').fill('2099-05-01')
    await panel.getByText('Removed blanks at the ends').waitFor()
    await page.keyboard.press('Enter')
    await eventually(
      () => fetched(world, caller, id),
      expect.objectContaining({
        request: expect.objectContaining({ headers: { 'X-Other': `${TOKEN}-new` } }),
      }),
    )
    await panel.getByText('Saved.').waitFor()
    expect(await value.count()).toBe(0)
    expect(await page.content()).not.toContain(TOKEN)
    const end = panel.getByLabel('Last day on which it works')
    await eventually(() => end.inputValue(), '2099-05-01')
    await end.fill('')
    await save.click()
    const seen = async () =>
      (await world.vault.request(caller, 'GET', `${CONNECTIONS}/${id}?view=full`)).json()
    await eventually(seen, expect.objectContaining({ credential_expires_at: null }))
    await page.context().close()
  })

  test('say under its field what is wrong, and keep what was typed', async () => {
    const caller = { tenant: 'wrong' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    const { panel } = await openSettings(world, page, id)
    const name = panel.getByLabel('Name', { exact: true })
    await name.fill('not a header')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.locator('.field .error').getByText('The name of an HTTP header').waitFor()
    await eventually(() => panel.locator('[aria-invalid="true"]:focus').inputValue(), 'not a header')
    await screens(page, 'settings-wrong')
    await page.route(`**/connections/${id}?*`, (route) =>
      route.request().method() === 'PATCH' ? route.abort() : route.continue(),
    )
    await name.fill('X-Later')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel
      .getByText('everything you typed is still here', { exact: false })
      .or(panel.getByText('Everything you typed is still here', { exact: false }))
      .first()
      .waitFor()
    expect(await name.inputValue()).toBe('X-Later')
    await page.context().close()
  })

  test('are taken from nobody who types, and closed only after a question', async () => {
    const caller = { tenant: 'meanwhile' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const path = `${CONNECTIONS}/${id}`
    const page = await world.signedIn(caller)
    const { panel } = await openSettings(world, page, id)
    const name = panel.getByLabel('Name', { exact: true })
    await name.fill('X-Mine')
    // A name is none of what was entered: it is no reason to ask.
    await world.vault.request(caller, 'PATCH', path, { name: 'renamed' })
    await panel.getByRole('heading', { name: 'renamed' }).waitFor()
    expect(await name.inputValue()).toBe('X-Mine')
    await panel.getByRole('tab', { name: 'Overview' }).click()
    await panel.getByRole('button', { name: 'Close' }).click()
    await panel.getByText('Discard what you typed?').waitFor()
    await eventually(() => panel.locator('.keep:focus').count(), 1)
    await screens(page, 'settings-discard')
    await panel.getByRole('button', { name: 'Keep editing' }).click()
    expect(await name.inputValue()).toBe('X-Mine')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText('Saved.').waitFor()
    await name.fill('X-Mine-Again')
    await world.vault.request(caller, 'PATCH', path, { setup_changes: { name: 'X-Theirs' } })
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText('changed this').waitFor()
    await panel.getByText('Name is now X-Theirs.').waitFor()
    await screens(page, 'settings-conflict')
    await panel.getByRole('button', { name: 'Save mine anyway' }).click()
    await panel.getByText('Saved.').waitFor()
    expect(await fetched(world, caller, id)).toMatchObject({
      request: { headers: { 'X-Mine-Again': TOKEN } },
    })
    await page.context().close()
  })

  test('are asked for before another row, another view, or the browser’s Back takes them away', async () => {
    const caller = { tenant: 'elsewhere' }
    await world.added(caller, { name: 'first', setup: KEY })
    await world.added(caller, { name: 'second', setup: KEY })
    const page = await world.signedIn(caller)
    const panel = page.locator('vault-connection')
    const name = panel.getByLabel('Name', { exact: true })
    const question = panel.getByText('Discard what you typed?')
    const openFirst = async () => {
      await page.getByRole('link', { name: 'first' }).click()
      await panel.getByRole('tab', { name: 'Settings' }).click()
      await name.fill('X-Mine')
    }
    const keep = async () => {
      await question.waitFor()
      await eventually(() => panel.locator('.keep:focus').count(), 1)
      await panel.getByRole('heading', { name: 'first' }).waitFor()
      await page.keyboard.press('Enter')
      await eventually(() => panel.locator('input:focus').inputValue(), 'X-Mine')
    }
    await openFirst()
    const place = page.url()
    await page.getByRole('link', { name: 'second' }).click()
    await keep()
    await page.getByRole('link', { name: 'Health' }).click()
    await keep()
    await page.goBack()
    await keep()
    expect(page.url()).toBe(place)
    await page.goBack()
    await panel.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await panel.waitFor({ state: 'detached' })
    expect(page.url()).toBe(`${world.vault.url}/vault`)
    await openFirst()
    await page.getByRole('link', { name: 'second' }).click()
    await panel.getByRole('alertdialog').getByRole('button', { name: 'Discard' }).click()
    await panel.getByRole('heading', { name: 'second' }).waitFor()
    await openFirst()
    await panel.getByRole('button', { name: 'Discard' }).click()
    await eventually(() => name.inputValue(), KEY.name)
    await eventually(() => panel.getByRole('button', { name: 'Save' }).and(page.locator(':focus')).count(), 1)
    await name.fill('X-Mine')
    await panel.getByRole('button', { name: 'More' }).click()
    await panel.getByRole('menuitem', { name: 'Delete', exact: true }).click()
    await page.getByRole('dialog', { name: 'Delete first?' }).getByRole('button', { name: 'Delete' }).click()
    await panel.waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('say before an address is typed over that its query goes with it', async () => {
    const caller = { tenant: 'queries' }
    const setup = {
      type: 'CLIENT_CREDENTIALS',
      client_id: 'settings-client',
      client_secret: TOKEN,
      token_url: 'https://idp.example.test/token?key=hidden',
    }
    const id = await world.added(caller, { name: 'key', app_id: 'OAUTH2', setup })
    const page = await world.signedIn(caller)
    const { panel } = await openSettings(world, page, id)
    const address = panel.getByLabel('Token URL')
    await eventually(() => address.inputValue(), 'https://idp.example.test/token')
    const about = panel.locator(`#${await address.getAttribute('aria-describedby')}`)
    await eventually(() => about.textContent(), expect.stringContaining('type its query too'))
    await eventually(() => panel.getByText('type its query too').count(), 1)
    await screens(page, 'settings-query')
    const reader = await world.signedIn({ ...caller, scopes: ['read:flows_vault_connections'] })
    await reader.goto(`${world.vault.url}/vault/connections/${id}?tab=settings`)
    await reader.getByText('https://idp.example.test/token?…').waitFor()
    await page.context().close()
    await reader.context().close()
  })

  test('are shown to who may not change them', async () => {
    const id = await world.added({ tenant: 'reading' }, { name: 'key', setup: KEY })
    const page = await world.signedIn({ tenant: 'reading', scopes: ['read:flows_vault_connections'] })
    await page.goto(`${world.vault.url}/vault/connections/${id}?tab=settings`)
    const panel = page.locator('vault-connection')
    await panel.getByText('X-Api-Key').waitFor()
    await panel.getByText('A header', { exact: true }).waitFor()
    await panel.getByText('Needs update:flows_vault_connections').first().waitFor()
    expect(await panel.locator('connection-settings :is(input, form)').count()).toBe(0)
    await screens(page, 'settings-read')
    await page.context().close()
  })

  test('end an authorization only after a question', async () => {
    const { id } = (
      await provided.create({ name: 'orders', app_id: 'OAUTH2', setup: provided.codeSetup({}) })
    ).body
    expect((await provided.open(await provided.consent(id, {}))).status).toBe(200)
    const page = await world.signedIn({ tenant: 'acme' })
    const { panel } = await openSettings(world, page, id)
    const client = panel.getByLabel('Client ID', { exact: false }).first()
    const before = await client.inputValue()
    await client.fill('another-client')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText('the authorization ends').waitFor()
    await screens(page, 'settings-ending')
    await panel.getByRole('button', { name: 'Keep editing' }).click()
    expect(await provided.view(id)).toMatchObject({ status: 'ready', settings: { client_id: before } })
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByRole('button', { name: 'Save and end it' }).click()
    await panel.getByText('Saved.').waitFor()
    expect(await provided.view(id)).toMatchObject({
      status: 'pending',
      settings: { client_id: 'another-client' },
    })
    await page.context().close()
  })

  test('are tried where the app can be tried, and kept back where nobody answers', async () => {
    const caller = { tenant: 'trying' }
    const setup = { type: 'API_KEY', account_id: `AC${'0'.repeat(32)}`, api_key: 'twilio-auth-token-000' }
    const id = await world.added(caller, { name: 'sms', app_id: 'TWILIO', setup })
    const page = await world.signedIn(caller)
    const { panel } = await openSettings(world, page, id)
    await panel.getByRole('button', { name: /^Replace, / }).click()
    await panel.locator('input[type="password"]').fill('twilio-auth-token-111')
    const answer = {
      statusCode: 400,
      error: 'Bad Request',
      errorCode: 'provider_refused',
      message: 'Twilio refuses it. Nothing was saved.',
    }
    await page.route('**/connections/*verify=true', (route) => route.fulfill({ status: 400, json: answer }))
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.getByText('Twilio refuses it.').waitFor()
    await screens(page, 'settings-refused')
    await panel.getByRole('button', { name: 'Save it anyway' }).click()
    await panel.getByText('Saved.').waitFor()
    expect(await fetched(world, caller, id)).toMatchObject({ fields: { api_key: 'twilio-auth-token-111' } })
    await page.context().close()
  })
})
