import { eventually } from './support/eventually.ts'
import { screens, settled, useVaultInBrowser } from './support/vault-in-browser.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const SETUP = { type: 'BEARER', token: 'my-token-bearer-1234567' }
const SUBSCRIPTIONS = '/api/v2/flows/vault/subscriptions'
/** What would run, or break out, if a name were ever taken for markup. */
const PAYLOADS = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  '{{7*7}}',
  "javascript:alert('x')",
  '\u202Egnp.exe',
]

describe('the other views', () => {
  const world = useVaultInBrowser()

  async function pausedSubscription(caller: { tenant: string }): Promise<void> {
    const body = { url: 'https://hooks.example.test/vault' }
    const made = await world.vault.request(caller, 'POST', SUBSCRIPTIONS, body)
    const { id } = (await made.json()) as { id: string }
    await world.vault.request(caller, 'PATCH', `${SUBSCRIPTIONS}/${id}`, { status: 'paused' })
  }

  test('say how renewals stand, what happened, and what is set', async () => {
    const caller = { tenant: 'views' }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'orders', app_id: 'HTTP', setup: SETUP })
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'sms', app_id: 'TWILIO' })
    await pausedSubscription(caller)
    const page = await world.signedIn(caller)
    await page.goto(`${world.vault.url}/vault/health`)
    await page.getByText('needs a person').waitFor()
    await screens(page, 'health')
    await page.goto(`${world.vault.url}/vault/activity`)
    await page.getByRole('link', { name: 'orders' }).waitFor()
    const connections = page.getByLabel('Connection').locator('option')
    await eventually(
      () => connections.allTextContents(),
      ['All connections', 'sms · TWILIO', 'orders · HTTP'],
    )
    await page.getByText('The subscription was paused').waitFor()
    await page.getByLabel('Kind').selectOption('Subscription paused')
    await eventually(() => page.locator('.timeline li').count(), 1)
    await page.getByLabel('Kind').selectOption('Everything')
    await screens(page, 'activity')
    await page.goto(`${world.vault.url}/vault/settings`)
    await page.getByText('Paused · by a person').waitFor()
    await page.getByLabel('Name').fill('a flow server')
    await page.getByRole('button', { name: 'Add a client' }).click()
    await page.getByText('Its secret, shown this once:').waitFor()
    await page.getByLabel('Client id').fill('flow-server')
    await page.getByLabel('Its apps, or its connections').fill('TWILIO, SLACK')
    await page.getByLabel('Last day').fill('2099-05-01')
    await page.getByRole('button', { name: 'Add a permit' }).click()
    await page.getByText('TWILIO, SLACK').waitFor()
    await page.getByText(/until (?:30 Apr|[12] May) 2099/).waitFor()
    await screens(page, 'settings')
    await page.context().close()
  })

  test('look for what happened in the vault, and not only in what is shown', async () => {
    const caller = { tenant: 'far-back' }
    await world.added(caller, { name: 'rare' })
    const id = await world.added(caller, { name: 'busy' })
    for (let at = 0; at < 120; at += 1)
      await world.vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: `busy ${at}` })
    const page = await world.signedIn(caller)
    await page.goto(`${world.vault.url}/vault/activity`)
    const lines = page.locator('.timeline li')
    await eventually(() => lines.count(), 100)
    expect(await page.getByRole('link', { name: 'rare' }).count()).toBe(0)
    // Asked twice, before the first answer is there: what is older comes once.
    let answered = 0
    page.on('requestfinished', (request) => {
      if (/\border=desc\b.*\bafter=/.test(request.url())) answered += 1
    })
    await page.getByRole('button', { name: 'Show older' }).dblclick()
    await eventually(async () => answered, 2)
    await eventually(() => lines.count(), 122)
    await settled(page)
    expect(await lines.count()).toBe(122)
    await page.getByLabel('Kind').selectOption('Created')
    await eventually(() => lines.count(), 2)
    await page.getByRole('link', { name: 'rare' }).waitFor()
    await page.getByLabel('Connection').selectOption('rare · HTTP')
    await eventually(() => lines.count(), 1)
    await page.getByLabel('Day').fill('2026-01-02')
    await page.getByText('The feed keeps events for 30 days').waitFor()
    await page.getByLabel('Day').fill(new Date().toISOString().slice(0, 10))
    await eventually(() => lines.count(), 1)
    await page.getByLabel('Kind').selectOption('Frozen')
    await page.getByText('Nothing like that has happened').waitFor()
    await page.context().close()
  })

  test('hold back no row for what happened to a subscription', async () => {
    const caller = { tenant: 'no-row' }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'orders', app_id: 'HTTP' })
    const page = await world.signedIn(caller)
    const followed = page.waitForResponse(/\/events\?after=latest/)
    await page.reload()
    await followed
    await pausedSubscription(caller)
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'later', app_id: 'HTTP' })
    await page.getByRole('button', { name: '1 change – show' }).click()
    await page.getByRole('link', { name: 'later' }).waitFor()
    await page.context().close()
  })

  test('show what people typed as text, whatever it is', async () => {
    const caller = { tenant: 'payloads' }
    for (const name of PAYLOADS)
      await world.vault.request(caller, 'POST', CONNECTIONS, { name, app_id: 'HTTP' })
    const page = await world.signedIn(caller)
    page.on('dialog', (dialog) => world.offences.push(`a script ran: ${dialog.message()}`))
    const names = page.locator('a.name')
    await eventually(async () => (await names.allTextContents()).toSorted(), PAYLOADS.toSorted())
    await page.locator('a.name').first().click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await screens(page, 'payloads')
    await page.context().close()
  })

  test('say which scope is lacking', async () => {
    await world.vault.request({ tenant: 'reader' }, 'POST', CONNECTIONS, { name: 'sms', app_id: 'TWILIO' })
    const page = await world.signedIn({ tenant: 'reader', scopes: ['read:flows_vault_connections'] })
    const add = page.getByRole('button', { name: 'Add Vault Connection' }).first()
    await add.waitFor()
    await eventually(() => add.getAttribute('aria-disabled'), 'true')
    const repair = page.getByRole('button', { name: 'Add credentials, sms' })
    await eventually(
      () => repair.getAttribute('title'),
      'Needs update:flows_vault_connections. Ask who runs this vault.',
    )
    await repair.click({ force: true })
    expect(await page.locator('dialog[open]').count()).toBe(0)
    await page.goto(`${world.vault.url}/vault/settings`)
    await page.getByText('Needs read:flows_vault_oauth_apps').waitFor()
    await page.goto(`${world.vault.url}/vault/activity`)
    await page.getByText('Needs read:flows_vault_events').waitFor()
    await screens(page, 'forbidden')
    await page.context().close()
  })

  test('offer what the permits name, and nothing about the tenant as a whole', async () => {
    const caller = { tenant: 'narrowed' }
    const { clientId } = world.vault.client(caller)
    const permit = { client: clientId, apps: ['HTTP'] }
    const made = await world.vault.request(caller, 'POST', '/api/v2/flows/vault/permits', permit)
    const page = await world.signedIn({ ...caller, clientId })
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: 'HTTP Request' }).waitFor()
    await eventually(() => page.locator('label.app-choice').count(), 1)
    const places = page.getByRole('navigation').getByRole('link')
    await eventually(() => places.allTextContents(), ['Connections', 'Activity', 'Settings'])
    await page.goto(`${world.vault.url}/vault/settings`)
    await page.getByRole('heading', { name: 'This browser' }).waitFor()
    await eventually(() => page.getByRole('heading', { level: 2 }).allTextContents(), ['This browser'])
    await page.getByText('What is about the whole vault').waitFor()
    await screens(page, 'settings-narrowed')
    const { id } = (await made.json()) as { id: string }
    await world.vault.request(caller, 'DELETE', `/api/v2/flows/vault/permits/${id}`)
    await world.vault.request(caller, 'POST', '/api/v2/flows/vault/permits', {
      client: clientId,
      connections: ['ac_00000000000000000000'],
    })
    await page.goto(`${world.vault.url}/vault`)
    const add = page.getByRole('button', { name: 'Add Vault Connection' }).first()
    await add.waitFor()
    await eventually(() => add.getAttribute('title'), expect.stringContaining('Your permits name no app'))
    await page.context().close()
  })

  test('ask for what is shown, and for nothing beside it', async () => {
    const caller = { tenant: 'asked' }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'orders', app_id: 'HTTP', setup: SETUP })
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'any', app_id: 'OAUTH2' })
    const page = await world.signedIn(caller)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    const count = (ending: RegExp) => asked.filter((path) => ending.test(path)).length
    await page.getByRole('link', { name: 'orders' }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    expect(count(/\/connections\/ac_\w+$/)).toBe(1)
    await page.getByLabel('Select orders').check()
    await page.getByText('1 selected').waitFor()
    await page.getByRole('button', { name: 'Add credentials' }).first().click()
    await page.locator('dialog.add').getByRole('button', { name: 'Connect', exact: true }).waitFor()
    expect(count(/\/connections\/ac_\w+$/)).toBe(1)
    expect(count(/\/presets$/)).toBe(0)
    await page.context().close()
  })

  test('keep what is shown while the line is gone', async () => {
    const caller = { tenant: 'offline' }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'orders', app_id: 'HTTP', setup: SETUP })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'orders' }).waitFor()
    await page.context().setOffline(true)
    await page.getByText('Offline. You see').waitFor()
    await screens(page, 'offline')
    await page.context().setOffline(false)
    await page.getByText('Offline. You see').waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('sign a person in once a link, and out in every tab', async () => {
    const context = await world.browser.newContext()
    world.watch(context)
    const page = await context.newPage()
    await page.goto(`${world.vault.url}/`)
    await page.getByRole('heading', { name: 'Sign in to the vault' }).waitFor()
    await screens(page, 'sign-in')
    const { clientId } = world.vault.client({ tenant: 'acme' })
    const link = world.vault.server.vault.signInLink({ clientId, person: 'ada' })!
    await page.goto(link)
    await page.locator('page-header').waitFor()
    await page.waitForURL(`${world.vault.url}/vault`)
    const other = await context.newPage()
    await other.goto(`${world.vault.url}/vault`)
    await other.locator('page-header').waitFor()
    await page.getByRole('button', { name: 'Signed in as ada' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await other.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await screens(other, 'signed-out')
    await other.goto(link)
    await other.getByText('That link does not work any more.').waitFor()
    await context.close()
  })

  test('show what happens elsewhere without being asked', async () => {
    const caller = { tenant: 'elsewhere' }
    const id = await world.added(caller, { name: 'before', setup: SETUP })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'before' }).waitFor()
    // What is written from here on is news to the page.
    await page.waitForFunction(
      "performance.getEntriesByType('resource').some(({ name }) => name.includes('after=latest'))",
    )
    await world.vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: 'after' })
    await page.getByRole('link', { name: 'after' }).waitFor()
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'new', app_id: 'HTTP' })
    await page.getByRole('button', { name: '1 change – show' }).click()
    await page.getByRole('link', { name: 'new' }).waitFor()
    await page.context().close()
  })
})
