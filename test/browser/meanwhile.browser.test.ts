import type { Route } from 'playwright-core'
import { screens, settled, signInLink, useVaultInBrowser } from './support/vault-in-browser.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const TOKEN = 'my-token-bearer-1234567'

describe('a page that is open while something happens elsewhere', () => {
  const world = useVaultInBrowser()

  test('renames in the row, and is shown what somebody else changed meanwhile', async () => {
    const caller = { tenant: 'conflicts' }
    const setup = { type: 'BEARER', token: TOKEN }
    const id = await world.added(caller, { name: 'orders', setup })
    const page = await world.signedIn(caller)
    const rename = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: /^More for/ }).click()
      await page.getByRole('menuitem', { name: 'Rename', exact: true }).click()
      await page.getByLabel('Connection name').fill(name)
    }
    await rename('dropped')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'orders' }).waitFor()
    await rename('  ')
    await page.keyboard.press('Enter')
    await page.getByText('This is needed.').waitFor()
    await page.keyboard.press('Escape')
    await rename('mine')
    // The page is told of changes; it is kept from seeing this one, as by a slow line.
    await page.route('**/events*', (route) => route.abort())
    await world.vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: 'theirs' })
    await page.keyboard.press('Enter')
    await page.getByText('It is now called theirs.').waitFor()
    await screens(page, 'conflict')
    expect(await page.getByLabel('Connection name').inputValue()).toBe('mine')
    await page.getByRole('button', { name: 'Save mine anyway' }).click()
    await page.getByRole('link', { name: 'mine' }).waitFor()
    await page.context().close()
  })

  test('loads the list anew when what it followed is no longer kept', async () => {
    const caller = { tenant: 'gone' }
    const setup = { type: 'BEARER', token: TOKEN }
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'first', app_id: 'HTTP', setup })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'first' }).waitFor()
    const kept = (route: Route) => route.fulfill({ status: 410, json: { message: 'Older than 30 days.' } })
    await page.route('**/events?after=*&wait=*', kept)
    const refused = page.waitForResponse((response) => response.status() === 410)
    // What it waits for ends with this one, and the next place that it asks for is gone.
    await world.vault.request(caller, 'POST', CONNECTIONS, { name: 'second', app_id: 'HTTP', setup })
    await refused
    await page.unroute('**/events?after=*&wait=*', kept)
    await page.getByRole('link', { name: 'second' }).waitFor()
    await page.context().close()
  })

  test('shows nothing of one person to the next who signs in in the same tab', async () => {
    const setup = { type: 'BEARER', token: TOKEN }
    await world.vault.request({ tenant: 'before' }, 'POST', CONNECTIONS, {
      name: 'hers',
      app_id: 'HTTP',
      setup,
    })
    await world.vault.request({ tenant: 'after' }, 'POST', CONNECTIONS, {
      name: 'his',
      app_id: 'HTTP',
      setup,
    })
    const page = await world.signedIn({ tenant: 'before' })
    await page.getByRole('link', { name: 'hers' }).waitFor()
    await page.goto(signInLink(world.vault, { tenant: 'after' }))
    await page.getByRole('link', { name: 'his' }).waitFor()
    expect(await page.getByRole('link', { name: 'hers' }).count()).toBe(0)
    await page.context().close()
  })

  test('begins one session, and takes a link that is opened meanwhile after it', async () => {
    const page = await world.signedIn({ tenant: 'before' })
    const held = Promise.withResolvers<void>()
    let asked = 0
    await page.route('**/config.json', async (route) => {
      asked += 1
      await held.promise
      await route.continue()
    })
    const asks = page.waitForRequest('**/config.json')
    await page.reload()
    await asks
    await page.goto(signInLink(world.vault, { tenant: 'later' }))
    await settled(page)
    expect(asked).toBe(1)
    held.resolve()
    await page.locator('[title^="Tenant later"]').waitFor()
    await page.context().close()
  })

  test('waits a stated time when the vault is busy, and goes on by itself', async () => {
    const page = await world.signedIn({ tenant: 'busy' })
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor()
    const headers = { 'retry-after': '2' }
    const busy = (route: Route) =>
      route.fulfill({ status: 429, headers, json: { message: 'Too many requests.' } })
    await page.route('**/connections/summary*', busy)
    await page.reload()
    await page.getByText(/Busy\. Trying again in [12] s/).waitFor()
    await page.waitForResponse((response) => response.status() === 429)
    await screens(page, 'busy')
    await page.unroute('**/connections/summary*', busy)
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor()
    await page.context().close()
  })
})
