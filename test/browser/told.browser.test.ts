import { eventually } from './support/eventually.ts'
import { useVaultInBrowser } from './support/vault-in-browser.ts'

const VAULT = '/api/v2/flows/vault'
const SETUP = { type: 'BEARER', token: 'my-token-told-1234567' }

describe('what the page tells', () => {
  const world = useVaultInBrowser()

  const added = (tenant: string, name: string) => world.added({ tenant }, { name, setup: SETUP })

  test('of several rows stands until it is closed, which gives the focus back', async () => {
    const tenant = 'bulk'
    for (const name of ['first', 'second', 'third']) await added(tenant, name)
    const page = await world.signedIn({ tenant })
    const bar = page.locator('bulk-bar')
    const close = bar.getByRole('button', { name: 'Close' })
    const focused = (name: string) => page.getByRole('link', { name }).and(page.locator(':focus'))
    await page.getByLabel('Select second').check()
    await bar.getByRole('button', { name: 'Clear' }).click()
    await focused('second').waitFor()
    for (const name of ['first', 'second']) await page.getByLabel(`Select ${name}`).check()
    const held = Promise.withResolvers<void>()
    await page.route('**/verify', async (route) => {
      await held.promise
      await route.continue()
    })
    await bar.getByRole('button', { name: 'Test' }).click()
    await bar.getByText('0 of 2').waitFor()
    // What is under way is stopped, and not put out of sight.
    await bar.getByRole('button', { name: 'Stop' }).waitFor()
    expect(await close.count()).toBe(0)
    held.resolve()
    await bar.getByText('second: This app cannot be tried').waitFor()
    await close.click()
    await focused('first').waitFor()
    for (const name of ['first', 'second']) await page.getByLabel(`Select ${name}`).check()
    await bar.getByRole('button', { name: 'Delete' }).click()
    await bar.getByRole('button', { name: 'Delete' }).click()
    await bar.getByText('second: Deleted').waitFor()
    await eventually(() => page.locator('a.name').allTextContents(), ['third'])
    // Their rows are gone, and it still says how many there were.
    await eventually(() => bar.locator('strong').textContent(), '2 selected')
    await close.click()
    await focused('third').waitFor()
    await page.context().close()
  })

  test('last is not taken back by what was asked before', async () => {
    const tenant = 'newer'
    await added(tenant, 'other')
    const page = await world.signedIn({ tenant })
    const asked = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const account = { id: 'alice' }
    await page.route('**/connections?*', async (route) => {
      const { url, method } = { url: route.request().url(), method: route.request().method() }
      if (url.includes('q=alice')) {
        asked.resolve()
        await held.promise
        return route.fulfill({ json: [{ id: 'ac_twin', name: 'twin', account }] })
      }
      if (method !== 'POST') return route.continue()
      const answer = await route.fetch()
      return route.fulfill({ response: answer, json: { ...((await answer.json()) as object), account } })
    })
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: 'HTTP Request' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Connection name').fill('mine')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.locator('#field-0').fill(SETUP.token)
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.getByText('mine is ready.').waitFor()
    await asked.promise
    await page.getByRole('button', { name: 'More for other' }).click()
    await page.getByRole('menuitem', { name: 'Rename', exact: true }).click()
    await page.getByLabel('Connection name').fill('another')
    await page.keyboard.press('Enter')
    const line = page.locator('.outcome')
    await line.getByText('It is now called another.').waitFor()
    const answered = page.waitForResponse(/q=alice/)
    held.resolve()
    await (await answered).finished()
    await page.getByRole('link', { name: 'another' }).waitFor()
    expect(await line.textContent()).not.toContain('is connected already')
    await page.context().close()
  })

  test('to a subscription again stops after a hundred requests, and goes on when it is asked to', async () => {
    const caller = { tenant: 'endless' }
    const url = 'https://hooks.example.test/vault'
    await world.vault.request(caller, 'POST', `${VAULT}/subscriptions`, { url })
    const page = await world.signedIn(caller)
    let requests = 0
    await page.route('**/replay?*', (route) => {
      requests += 1
      return route.fulfill({ json: { queued: 1, after: `the-${requests}th`, more: true } })
    })
    await page.goto(`${world.vault.url}/vault/settings`)
    const section = page.locator('subscriptions-section')
    await section.getByRole('button', { name: 'Send again' }).click()
    const since = new Date(Date.now() - 60_000).toISOString().slice(0, 16)
    await section.getByLabel('Everything since').fill(since)
    const form = section.locator('form', { has: page.getByLabel('Everything since') })
    await form.getByRole('button').click()
    const rest = section.getByRole('button', { name: 'Send the rest' })
    await rest.waitFor()
    expect(requests).toBe(100)
    await section.getByText('100 events on the way; there are more.').waitFor()
    await rest.click()
    await section.getByText('200 events on the way; there are more.').waitFor()
    expect(requests).toBe(200)
    await page.context().close()
  })
})
