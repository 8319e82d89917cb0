import type { Page } from 'playwright-core'
import { CONNECTIONS, type GrantCalls } from '../support/grant-calls.ts'
import { OAUTH_APPS } from '../support/vault-with-provider.ts'
import { eventually } from './support/eventually.ts'
import { screens, useProviderInBrowser } from './support/vault-in-browser.ts'

const BROUGHT = 'refresh-token-of-another-system'

describe('connecting in the provider’s window', () => {
  const { provided, world } = useProviderInBrowser()

  async function openStep3(page: Page, app: string): Promise<void> {
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: app }).first().click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
  }

  async function fill(page: Page, name: string, value: string): Promise<void> {
    const described = await provided.vault.request(
      { tenant: 'moving' },
      'GET',
      '/api/v2/flows/vault/connectors/OAUTH2',
    )
    const { setups } = (await described.json()) as {
      setups: { fields: { name: string; options?: unknown }[] }[]
    }
    const { fields } = setups[0]!
    const at = fields.findIndex((field) => field.name === name)
    const input = page.locator(`#field-${at}`)
    if (fields[at]!.options === undefined) await input.fill(value)
    else await input.selectOption(value)
  }

  const waiting = async (name: string): Promise<string> => {
    const calls: GrantCalls = provided
    return (await calls.create({ name, app_id: 'OAUTH2', setup: provided.codeSetup({}) })).body.id
  }

  /** One whose provider says who authorized it. */
  const ofSomebody = (name: string): object => ({
    name,
    app_id: 'OAUTH2',
    setup: provided.codeSetup({ scope: 'openid read write' }),
  })

  const authorizedBy = async (id: string, account: string): Promise<void> => {
    expect((await provided.open(await provided.consent(id, { consent: { account } }))).status).toBe(200)
  }

  test('goes on when the vault says that it was granted', async () => {
    const id = await waiting('orders by oauth')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.getByRole('button', { name: 'Connect, orders by oauth' }).click()
    await page.locator('dialog.add').waitFor()
    await screens(page, 'connect')
    // A window that was left at the provider before the page was loaded again is nobody's any more.
    const who = `${provided.provider.issuer}/who`
    const body = `<meta http-equiv="refresh" content="0;url=${who}">`
    await page
      .context()
      .route('**/oauth/start?*', (route) => route.fulfill({ contentType: 'text/html', body }))
    await page.context().route(who, (route) => route.fulfill({ body: 'Who are you?' }))
    const connect = page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true })
    const left = page.waitForEvent('popup')
    await connect.click()
    await (await left).getByText('Who are you?').waitFor()
    await page.context().unrouteAll()
    await page.reload()
    await page.getByRole('button', { name: 'Connect, orders by oauth' }).click()
    await connect.click()
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
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText('Your browser blocked the window.').waitFor()
    await screens(page, 'blocked')
    await page.getByRole('button', { name: 'Stop waiting' }).click()
    await page.getByText('waits for its authorization').waitFor()
    await page.context().close()
  })

  test('repairs one whose authorization has ended, and offers to delete nothing', async () => {
    const { id } = (await provided.create(ofSomebody('broken'))).body
    await authorizedBy(id, 'alice')
    const { fields } = (await provided.fetchCredential(id)).body
    provided.provider.revokeGrantOf(fields.access_token)
    await provided.call('POST', `${CONNECTIONS}/${id}/rotate`)
    await authorizedBy((await provided.create(ofSomebody('twin'))).body.id, 'alice')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.getByText('Authorization ended').waitFor()
    await screens(page, 'broken')
    const searched: string[] = []
    page.on('request', (request) => request.url().includes('q=alice') && searched.push(request.url()))
    await page.getByRole('button', { name: 'Authorize again, broken' }).click()
    const opened = page.waitForEvent('popup')
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    await opened
    await page.getByText('broken is ready.').waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: 'broken', exact: true }).and(page.locator(':focus')).waitFor()
    expect(await page.getByText('is connected already').count()).toBe(0)
    expect(searched).toEqual([])
    await screens(page, 'repaired')
    expect(await provided.view(id)).toMatchObject({ status: 'ready', account: { id: 'alice' } })
    await page.context().close()
  })

  test('offers to switch where somebody else signed in, and switches only then', async () => {
    const { id } = (await provided.create(ofSomebody('of bob'))).body
    await authorizedBy(id, 'bob')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.getByRole('button', { name: 'More for of bob' }).click()
    await page.getByRole('menuitem', { name: 'Authorize again' }).click()
    const dialog = page.locator('dialog.add')
    await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
    await dialog.getByText('You signed in as alice, and this connection is bob.').waitFor({ timeout: 30_000 })
    await screens(page, 'other-account')
    expect(await provided.view(id)).toMatchObject({ account: { id: 'bob' } })
    await dialog.getByRole('button', { name: 'Switch to alice' }).click()
    await page.getByText('of bob is ready.').waitFor({ timeout: 30_000 })
    expect(await provided.view(id)).toMatchObject({ account: { id: 'alice' } })
    await page.context().close()
  })

  test('registers the application that asks, where an app needs one', async () => {
    const page = await world.signedIn({ tenant: 'registering' })
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: 'Salesforce' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Name of the application').fill('production')
    await screens(page, 'name-application')
    await page.getByRole('button', { name: 'Get the callback URL' }).click()
    await page.getByText(/\/oauth\/return\/oa_/).waitFor()
    await screens(page, 'register-application')
    await page.getByLabel('Client id').fill('3MVG9.example')
    const key = page.locator('#app-key')
    await key.fill('oauth-app-secret-000')
    const save = page.getByRole('button', { name: 'Save the application' })
    await page.context().setOffline(true)
    await eventually(() => save.getAttribute('title'), 'Offline: this waits for the line.')
    await page.context().setOffline(false)
    await eventually(() => save.getAttribute('aria-disabled'), null)
    expect(await key.inputValue()).toBe('oauth-app-secret-000')
    await page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(await key.inputValue()).toBe('')
    await page.getByLabel('Client id').fill('3MVG9.example')
    await key.fill('oauth-app-secret-000')
    await save.click()
    await page.getByLabel('Which OAuth application asks?').waitFor()
    await screens(page, 'permissions')
    const applications = async () =>
      (await provided.vault.request({ tenant: 'registering' }, 'GET', OAUTH_APPS)).json()
    const registered = expect.objectContaining({ app_id: 'SALESFORCE', name: 'production', ready: true })
    expect(await applications()).toEqual([registered])
    // One that is given up again leaves nothing.
    await page.getByRole('button', { name: 'Register one' }).click()
    await page.getByLabel('Name of the application').fill('a second one')
    await page.getByRole('button', { name: 'Get the callback URL' }).click()
    await page.getByText(/\/oauth\/return\/oa_/).waitFor()
    expect(await applications()).toHaveLength(2)
    await page.locator('register-application').getByRole('button', { name: 'Cancel' }).click()
    await eventually(applications, [registered])
    await page.context().close()
  })
  test('asks by an application that several connections share, and says whose account is there twice', async () => {
    const caller = { tenant: 'sharing' }
    const { client_id, client_secret, scope: _scope, ...setup } = provided.codeSetup({})
    const body = { app_id: 'OAUTH2', name: 'our client', client_id, client_secret, setup }
    const made = await provided.vault.request(caller, 'POST', OAUTH_APPS, body)
    expect(made.status).toBe(201)
    const { id } = (await made.json()) as { id: string }
    const page = await world.signedIn(caller)
    await openStep3(page, 'OAuth 2.0')
    await page.getByLabel('Client ID').waitFor()
    await page.getByLabel('Which client asks?').selectOption('our client')
    await page.getByLabel('Client ID').waitFor({ state: 'detached' })
    await page.getByLabel('Scopes').fill('openid read write')
    await screens(page, 'shared-application')
    const opened = page.waitForEvent('popup')
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    await opened
    await page.getByText('is ready.').waitFor({ timeout: 30_000 })
    const answer = await provided.vault.request(caller, 'GET', `${CONNECTIONS}?view=full`)
    expect(await answer.json()).toMatchObject([{ status: 'ready', oauth_app_id: id }])
    await openStep3(page, 'OAuth 2.0')
    await page.getByLabel('Which client asks?').selectOption('our client')
    await page.getByLabel('Scopes').fill('openid read write')
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText(/^alice is connected already, as “/).waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Delete this one' }).waitFor()
    await page.context().close()
  })

  test('makes an application of a client that is typed, for others to share', async () => {
    const caller = { tenant: 'offering' }
    const page = await world.signedIn(caller)
    await openStep3(page, 'OAuth 2.0')
    await page.getByLabel('Which client asks?').selectOption('A new one that several connections can share')
    await page.getByLabel('Name of the application').fill('ours')
    await page.getByText(/^More settings/).click()
    const { type: _type, ...setup } = provided.codeSetup({})
    for (const [name, value] of Object.entries(setup)) await fill(page, name, value)
    await screens(page, 'new-shared-application')
    const opened = page.waitForEvent('popup')
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    await opened
    await page.getByText('is ready.').waitFor({ timeout: 30_000 })
    const made = await provided.vault.request(caller, 'GET', OAUTH_APPS)
    const [application] = (await made.json()) as { id: string }[]
    expect(application).toMatchObject({ app_id: 'OAUTH2', name: 'ours', client_id: setup['client_id'] })
    const answer = await provided.vault.request(caller, 'GET', `${CONNECTIONS}?view=full`)
    expect(await answer.json()).toMatchObject([{ status: 'ready', oauth_app_id: application!.id }])
    await page.context().close()
  })

  test('asks by the vault’s own application where the caller may not choose one', async () => {
    const caller = { tenant: 'narrowed' }
    const body = {
      app_id: 'SALESFORCE',
      name: 'ours',
      client_id: '3MVG9.ours',
      client_secret: 'oauth-app-secret-000',
    }
    expect((await provided.vault.request(caller, 'POST', OAUTH_APPS, body)).status).toBe(201)
    const { clientId } = provided.vault.client(caller)
    const permit = { client: clientId, apps: ['SALESFORCE'] }
    await provided.vault.request(caller, 'POST', '/api/v2/flows/vault/permits', permit)
    const provider = 'https://login.salesforce.com'
    const page = await world.signedIn({ ...caller, clientId, allowed: [provider] })
    await openStep3(page, 'Salesforce')
    await page.getByText('The vault’s own OAuth application asks.').waitFor()
    const leaves = page.context().waitForEvent('request', (request) => request.url().startsWith(provider))
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).click()
    expect((await leaves).url()).toContain('client_id=3MVG9.ours')
    await page.context().close()
  })

  test('brings along what another system has, and asks nobody', async () => {
    const caller = { tenant: 'moving' }
    const page = await world.signedIn(caller)
    await openStep3(page, 'OAuth 2.0')
    const { type: _type, ...setup } = provided.codeSetup({})
    await page.getByText(/^More settings/).click()
    for (const [name, value] of Object.entries(setup)) await fill(page, name, value)
    await page.getByLabel('I have a refresh token already').check()
    await page.getByText('First stop what renews this token today.').waitFor()
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.locator('#brought-refresh-token[aria-invalid="true"]').waitFor()
    await screens(page, 'bring-a-grant')
    await page.locator('#brought-refresh-token').fill(BROUGHT)
    await page.locator('#brought-access-token').fill('access-token-of-another-system')
    await page.locator('#brought-expires-at').fill('2199-01-01T00:00')
    await page.locator('#brought-scopes').fill('read write')
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.getByText('is ready.').waitFor()
    expect(await page.content()).not.toContain(BROUGHT)
    const answer = await provided.vault.request(caller, 'GET', `${CONNECTIONS}?view=full`)
    expect(await answer.json()).toMatchObject([
      { scopes: { granted: ['read', 'write'] }, expires_at: expect.stringMatching(/^219[89]-/) },
    ])
    await page.context().close()
  })

  test('goes on with what another system has, where a connection waits for a person', async () => {
    const id = await waiting('moved by hand')
    const page = await world.signedIn({ tenant: 'acme' })
    await page.getByRole('button', { name: 'Connect, moved by hand' }).click()
    await page.getByLabel('I have a refresh token already').check()
    await screens(page, 'bring-to-existing')
    await page.locator('#brought-refresh-token').fill('refresh-token-of-a-third-system')
    await page.locator('#brought-access-token').fill('access-token-of-a-third-system')
    await page.locator('#brought-expires-at').fill('2199-01-01T00:00')
    await page.getByRole('button', { name: 'Save credentials' }).click()
    await page.getByText('moved by hand is ready.').waitFor()
    expect(await provided.view(id)).toMatchObject({ status: 'ready' })
    await page.context().close()
  })
})
