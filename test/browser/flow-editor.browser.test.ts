import type { Page } from 'playwright-core'
import { DEMO_KEYS, type Demo, startDemo } from '../../examples/flow-editor/demo.ts'
import { launchChromium } from './support/chromium.ts'
import { eventually, PATIENCE_MS } from './support/eventually.ts'
import { screens, watchPage } from './support/vault-in-browser.ts'

describe('the flow editor', () => {
  let demo: Demo
  let page: Page
  const offences: string[] = []

  beforeAll(async () => {
    demo = await startDemo()
    const browser = await launchChromium()
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
    page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    watchPage(page, [demo.url], offences)
  })

  afterAll(async () => {
    await page.context().browser()?.close()
    await demo.stop()
    expect(offences).toEqual([])
  })

  const step = (number: number) => page.locator('#steps > li').nth(number)

  test('asks for a connection before it saves', async () => {
    await page.goto(demo.url)
    await page.getByRole('button', { name: '+ Send SMS with Twilio' }).click()
    await page.getByRole('button', { name: 'Save the flow' }).click()
    await step(0).getByText('Choose the connection that this action uses.').waitFor()
    await screens(page, 'editor-asks')
  })

  test('adds the credential where the action asks for it', async () => {
    await step(0).getByRole('button', { name: 'Add' }).click()
    const dialog = step(0).locator('dialog.add')
    await dialog.getByLabel('Connection name').waitFor()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByLabel('Account SID').fill(DEMO_KEYS.twilioAccount)
    await dialog.locator('input[type="password"]').fill(DEMO_KEYS.twilioKey)
    await screens(page, 'editor-adds')
    await dialog.getByLabel('Test it before saving').uncheck()
    await dialog.getByRole('button', { name: 'Add Vault Connection' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await eventually(() => step(0).getByRole('combobox').inputValue(), expect.stringContaining('Twilio'))
  })

  test('takes a connection that is there, and one of an app among several', async () => {
    await page.getByRole('button', { name: '+ Append row to Google Sheets' }).click()
    await step(1).getByRole('combobox').click()
    await step(1).getByRole('option', { name: 'Google Sheets (example)' }).click()
    await page.getByRole('button', { name: '+ HTTP request' }).click()
    await step(2).getByRole('button', { name: 'Add' }).click()
    const dialog = step(2).locator('dialog.add')
    await dialog.locator('label.app-choice', { hasText: 'HTTP' }).first().click()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByLabel('Connection name').fill('Orders API')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByRole('radio', { name: /API key/ }).check()
    await dialog.getByLabel('Name', { exact: true }).fill('X-Api-Key')
    await dialog.locator('input[type="password"]').fill(DEMO_KEYS.ordersKey)
    await screens(page, 'editor-http')
    await dialog.getByRole('button', { name: 'Add Vault Connection' }).click()
    await dialog.waitFor({ state: 'hidden' })
  })

  test('tells the vault which connections the flow uses', async () => {
    await page.getByRole('button', { name: 'Save the flow' }).click()
    await page.getByText('The vault knows that this flow uses its connections.').waitFor()
    const all = await demo.vault.call<{ id: string; name: string }[]>('GET', '/connections')
    const used = await Promise.all(
      all.map(async ({ id }) => demo.vault.call<object[]>('GET', `/connections/${id}/flows`)),
    )
    expect(used.map((flows) => flows.length)).toEqual([1, 1, 1])
    const url = page.url()
    expect(used.flat()).toContainEqual(
      expect.objectContaining({ name: 'New order', action: 'append-row', url }),
    )
    await page.goto('about:blank')
    await page.goto(url)
    await eventually(() => step(0).getByRole('combobox').inputValue(), expect.stringContaining('Twilio'))
    await eventually(() => page.locator('#steps > li').count(), 3)
  })

  test('shows the calls that a run sent, and nothing of a credential', async () => {
    await page.getByRole('button', { name: 'Run it' }).click()
    await page.getByText('It ran to its end.').waitFor()
    const shown = (await page.locator('#sent').textContent()) ?? ''
    expect(shown).toContain('POST https://api.twilio.com/')
    expect(shown).toContain('Sheet1!A1')
    expect(shown).toContain('x-api-key: [redacted]')
    expect(shown.match(/The service answered 20[01]\./g)).toHaveLength(3)
    const document = await page.content()
    for (const secret of [DEMO_KEYS.twilioKey, DEMO_KEYS.ordersKey]) expect(document).not.toContain(secret)
    await screens(page, 'editor-ran', { fullPage: true })
  })

  test('takes the flow out of a connection that it no longer uses', async () => {
    await page.getByRole('button', { name: 'Remove HTTP request' }).click()
    await page.getByRole('button', { name: 'Save the flow' }).click()
    await page.getByText('The vault knows that this flow uses its connections.').waitFor()
    const orders = await demo.vault.call<{ id: string }[]>('GET', '/connections?app_id=HTTP')
    expect(await demo.vault.call('GET', `/connections/${orders[0]!.id}/flows`)).toEqual([])
  })
})
