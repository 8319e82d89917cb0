import type { Page } from 'playwright-core'
import { fetchToken } from '../support/vault-token.ts'
import { type EditorHost, startEditorHost } from './support/editor-host.ts'
import { eventually, PATIENCE_MS } from './support/eventually.ts'
import { screens, useVaultInBrowser } from './support/vault-in-browser.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const SETUP = {
  type: 'API_KEY',
  account_id: 'AC00000000000000000000000000000000',
  api_key: 'twilio-auth-token-000',
}
const CALLER = { tenant: 'editor' }

describe('the picker', () => {
  const world = useVaultInBrowser()
  let ready: string

  beforeAll(async () => {
    const add = async (body: unknown): Promise<string> =>
      ((await (await world.vault.request(CALLER, 'POST', CONNECTIONS, body)).json()) as { id: string }).id
    ready = await add({ name: 'sms', app_id: 'TWILIO', setup: SETUP })
    await add({ name: 'sms, second', app_id: 'TWILIO' })
    await add({ name: 'orders', app_id: 'HTTP', setup: { type: 'BEARER', token: 'my-token-bearer-1234567' } })
  })

  async function inEditor(
    host: string,
    use: (page: Page) => Promise<void>,
    token = () => world.vault.token(CALLER),
  ): Promise<void> {
    const editor: EditorHost = await startEditorHost({
      vaultUrl: world.vault.url,
      host,
      token,
    })
    const context = await world.browser.newContext({ viewport: { width: 1440, height: 900 } })
    world.watch(context, [editor.url])
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    try {
      await page.goto(editor.url)
      await use(page)
    } finally {
      await context.close()
      await editor.close()
    }
  }

  test('never chooses by itself, takes part in the form, and says what the chosen one needs', async () => {
    await inEditor('plain.js', async (page) => {
      const box = page.getByRole('combobox', { name: 'Vault connection' })
      await box.waitFor()
      await page.getByRole('button', { name: 'Save the action' }).click()
      expect(await page.locator('output').textContent()).toBe('')
      await box.click()
      await page.getByRole('option').nth(1).waitFor()
      await eventually(() => page.getByRole('option').count(), 2)
      await screens(page, 'picker-open')
      await page.getByRole('option', { name: /sms, second/ }).click()
      await page.getByText('Missing credentials').waitFor()
      await screens(page, 'picker-needs')
      await page.getByRole('button', { name: 'Save the action' }).click()
      await page.getByText(/^saved ac_/).waitFor()
      await page.evaluate("document.querySelector('form').reset()")
      expect(await page.evaluate("document.querySelector('vault-connection-picker').value")).toBe('')
    })
  })

  test('is used by keyboard alone, adding included', async () => {
    await inEditor('plain.js', async (page) => {
      await page.getByRole('combobox').waitFor()
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowDown')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await eventually(() => page.evaluate("document.querySelector('vault-connection-picker').value"), ready)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByLabel('Connection name').waitFor()
      await page.keyboard.type('sms, third')
      await page.keyboard.press('Enter')
      await page.getByLabel('Account SID').waitFor()
      await page.keyboard.type(SETUP.account_id)
      await page.keyboard.press('Tab')
      await page.keyboard.type(SETUP.api_key)
      await page.getByLabel('Test it before saving').focus()
      await page.keyboard.press('Space')
      await page.keyboard.press('Enter')
      await page.locator('dialog.add').waitFor({ state: 'hidden' })
      await eventually(() => page.getByRole('combobox').inputValue(), expect.stringContaining('sms, third'))
    })
  })

  test('keeps a value that this vault does not have', async () => {
    await inEditor('plain.js', async (page) => {
      await page.getByRole('combobox').waitFor()
      await page.evaluate(
        "document.querySelector('vault-connection-picker').value = 'ac_0000000000000000000000'",
      )
      await page.getByText('This connection is not in this vault: ac_0000000000000000000000').waitFor()
      expect(await page.evaluate("document.querySelector('vault-connection-picker').value")).toBe(
        'ac_0000000000000000000000',
      )
    })
  })

  test('offers no adding that permits forbid, and says why', async () => {
    const who = world.vault.client(CALLER)
    const permit = { client: who.clientId, apps: ['HTTP'] }
    const made = await world.vault.request(CALLER, 'POST', '/api/v2/flows/vault/permits', permit)
    expect(made.status).toBe(201)
    await inEditor(
      'plain.js',
      async (page) => {
        await page.getByText('Your permits do not name this app').waitFor()
        const add = page.getByRole('button', { name: 'Add Vault Connection' })
        await eventually(() => add.getAttribute('aria-disabled'), 'true')
        await screens(page, 'picker-narrowed')
        await add.click({ force: true })
        expect(await page.locator('dialog[open]').count()).toBe(0)
        await page.evaluate("document.querySelector('vault-connection-picker').appId = 'HTTP TWILIO'")
        await page.getByText('Your permits do not name this app').waitFor({ state: 'detached' })
        await add.click()
        // The one app of the two that may be added is not asked for.
        await page.getByLabel('Connection name').waitFor()
      },
      () => fetchToken(world.vault.url, who),
    )
  })

  test.each(['react.js', 'vue.js'])('works in %s', async (host) => {
    await inEditor(host, async (page) => {
      await page.getByRole('combobox').click()
      await page
        .getByRole('option', { name: /^TW|sms/ })
        .first()
        .click()
      await page.getByText(`chosen ${ready}`).waitFor()
    })
  })
})
