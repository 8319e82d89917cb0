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
    ready = await world.added(CALLER, { name: 'sms', app_id: 'TWILIO', setup: SETUP })
    await world.added(CALLER, { name: 'sms, second', app_id: 'TWILIO' })
    await world.added(CALLER, { name: 'orders', setup: { type: 'BEARER', token: 'my-token-bearer-1234567' } })
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

  test('shows what can be used first, searches in the vault, and takes the colours of its editor', async () => {
    const caller = { tenant: 'grouped' }
    const add = (name: string, more: object = {}) => world.added(caller, { name, app_id: 'TWILIO', ...more })
    for (const name of ['a', 'b']) await add(name)
    await add('z', { setup: SETUP })
    await inEditor(
      'plain.js',
      async (page) => {
        const box = page.getByRole('combobox')
        const options = page.getByRole('option')
        await box.click()
        await eventually(() => options.locator('.strong').allTextContents(), ['z', 'a', 'b'])
        await page.getByRole('group', { name: 'Not ready' }).getByRole('option', { name: /^a / }).waitFor()
        await eventually(() => box.getAttribute('inputmode'), 'none')
        await screens(page, 'picker-groups')
        await box.press('ArrowDown')
        await box.press('ArrowDown')
        await eventually(() => page.locator('.is-active .strong').textContent(), 'a')
        const outline =
          "getComputedStyle(document.querySelector('vault-connection-picker').shadowRoot.querySelector('.is-active')).outlineColor"
        await page.evaluate(
          "document.querySelector('vault-connection-picker').style.setProperty('--vault-accent', 'rgb(1, 2, 3)')",
        )
        await eventually(() => page.evaluate(outline), 'rgb(1, 2, 3)')
        for (let more = 0; more < 50; more++) await add(`more ${more}`)
        await box.press('Escape')
        await box.click()
        await page.getByText('There are more: go on typing.').waitFor()
        await eventually(() => box.getAttribute('inputmode'), null)
        // The last by its name is not among the fifty.
        await eventually(() => options.filter({ hasText: 'z' }).count(), 0)
        await box.fill('z')
        await eventually(() => options.locator('.strong').allTextContents(), ['z'])
      },
      () => world.vault.token(caller),
    )
  })

  test('tells of a connection that was added though its authorization failed', async () => {
    const caller = { tenant: 'unauthorized' }
    await inEditor(
      'plain.js',
      async (page) => {
        const dialog = page.locator('dialog.add')
        await page.getByRole('combobox').waitFor()
        await page.evaluate(`(() => {
          const picker = document.querySelector('vault-connection-picker')
          picker.appId = 'OAUTH2'
          window.told = []
          picker.addEventListener('connection-added', ({ detail }) => told.push(detail.id))
        })()`)
        await page.route('**/authorize', (route) =>
          route.fulfill({ status: 503, json: { message: 'Busy.' } }),
        )
        await page.getByRole('button', { name: 'Add Vault Connection' }).click()
        await dialog.getByRole('button', { name: 'Continue' }).click()
        await dialog.getByLabel('Client ID').fill('some-client')
        await dialog.locator('input[type="password"]').first().fill('some-client-secret-000')
        await dialog.getByLabel('Authorization URL').fill('https://idp.example.com/authorize')
        await dialog.getByLabel('Token URL').fill('https://idp.example.com/token')
        await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
        await dialog.getByText('Busy.').waitFor()
        expect(await page.evaluate('told')).toEqual([])
        await dialog.getByRole('button', { name: 'Close' }).click()
        await dialog.getByRole('button', { name: 'Discard' }).click()
        await eventually(() => page.evaluate('told'), [expect.stringMatching(/^ac_/)])
        await page.getByText('Waiting for authorization').waitFor()
      },
      () => world.vault.token(caller),
    )
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
