import { eventually } from './support/eventually.ts'
import { fetched, KEY, openSettings, TOKEN } from './support/settings-tab.ts'
import { expectAccessible, screens, signInLink, useVaultInBrowser } from './support/vault-in-browser.ts'

const PAYLOAD = '<img src=x onerror=alert(1)>'

describe('settings that are saved while something is wrong', () => {
  const world = useVaultInBrowser()

  test('wait for the line, and keep what was typed', async () => {
    const caller = { tenant: 'no-line' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    const { save, name, secret, replace, panel } = await openSettings(world, page, id)
    await name.fill('X-Offline')
    await replace.click()
    await secret.fill(`${TOKEN}-new`)
    await page.context().setOffline(true)
    await page.getByText('Offline. You see').waitFor()
    await eventually(() => save.getAttribute('aria-disabled'), 'true')
    await save.click({ force: true })
    await screens(page, 'settings-offline')
    expect([await name.inputValue(), await secret.inputValue()]).toEqual(['X-Offline', `${TOKEN}-new`])
    await page.context().setOffline(false)
    await page.getByText('Offline. You see').waitFor({ state: 'detached' })
    await save.click()
    await panel.getByText('Saved.').waitFor()
    expect(await fetched(world, caller, id)).toMatchObject({
      request: { headers: { 'X-Offline': `${TOKEN}-new` } },
    })
    await page.context().close()
  })

  test.each([
    [429, { 'retry-after': '30' }, /^Not saved\. Try again in \d+ s/],
    [503, {}, 'Not saved. Everything you typed is still here'],
    [500, { 'x-request-id': 'rq-1' }, 'rq-1'],
  ])('tell of a %i, as text, and keep what was typed', async (status, headers, words) => {
    const caller = { tenant: `refused-${status}` }
    const id = await world.added(caller, { name: PAYLOAD, setup: KEY })
    const page = await world.signedIn(caller)
    page.on('dialog', (dialog) => world.offences.push(`a script ran: ${dialog.message()}`))
    const { save, name, secret, replace, panel } = await openSettings(world, page, id)
    await name.fill('X-Later')
    await replace.click()
    await secret.fill(`${TOKEN}-new`)
    const json = { statusCode: status, error: 'x', message: `Busy ${PAYLOAD}` }
    await page.route(`**/connections/${id}?*`, (route) =>
      route.request().method() === 'PATCH' ? route.fulfill({ status, headers, json }) : route.continue(),
    )
    await save.click()
    await panel.getByText(words).first().waitFor()
    await panel.getByText(`Busy ${PAYLOAD}`).waitFor()
    await screens(page, `settings-${status}`)
    expect([await name.inputValue(), await secret.inputValue()]).toEqual(['X-Later', `${TOKEN}-new`])
    await page.unroute(`**/connections/${id}?*`)
    await save.click()
    await panel.getByText('Saved.').waitFor()
    await page.context().close()
  })

  test('wait for whoever is signed out meanwhile, and lose nothing', async () => {
    const tenant = 'signed-out'
    const { clientId } = world.vault.client({ tenant })
    const caller = { tenant, clientId }
    const id = await world.added({ tenant }, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    const { save, name, secret, replace, panel } = await openSettings(world, page, id)
    await name.fill('X-Signed')
    await replace.click()
    await secret.fill(`${TOKEN}-new`)
    const other = await page.context().newPage()
    await other.goto(`${world.vault.url}/vault`)
    await other.getByRole('button', { name: 'Signed in as ada' }).click()
    await other.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await screens(page, 'settings-signed-out')
    // A window that was made narrower meanwhile: the sheet waits for whoever is asked to sign in.
    await page.setViewportSize({ width: 768, height: 900 })
    await other.goto(signInLink(world.vault, caller))
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor({ state: 'hidden' })
    await panel.getByRole('heading', { name: 'key' }).waitFor()
    expect([await name.inputValue(), await secret.inputValue()]).toEqual(['X-Signed', `${TOKEN}-new`])
    await save.click()
    await panel.getByText('Saved.').waitFor()
    expect(await fetched(world, { tenant }, id)).toMatchObject({
      request: { headers: { 'X-Signed': `${TOKEN}-new` } },
    })
    await page.context().close()
  })

  test('of two tabs are not written over each other unseen', async () => {
    const caller = { tenant: 'two-tabs' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    const one = await openSettings(world, page, id)
    const tab = await page.context().newPage()
    const other = await openSettings(world, tab, id)
    await one.name.fill('X-One')
    await other.name.fill('X-Other')
    await other.panel.getByLabel('Sent in').selectOption('QUERY')
    await other.save.click()
    await other.panel.getByText('Saved.').waitFor()
    await one.save.click()
    await one.panel.getByText('Name is now X-Other.').waitFor()
    await one.panel.getByText('Sent in is now The query string.').waitFor()
    expect(await one.name.inputValue()).toBe('X-One')
    await one.panel.getByRole('button', { name: 'Show theirs' }).click()
    await eventually(() => one.name.inputValue(), 'X-Other')
    await eventually(() => page.locator(':focus').textContent(), expect.stringContaining('Save'))
    await eventually(() => other.name.inputValue(), 'X-Other')
    await page.context().close()
  })

  test('are asked for in the dialog before the browser’s Back takes them away with their view', async () => {
    const page = await world.signedIn({ tenant: 'going-back' })
    await page.getByRole('link', { name: 'Health' }).click()
    await page.getByRole('link', { name: 'Connections', exact: true }).click()
    const add = page.getByRole('button', { name: 'Add Vault Connection' }).first()
    const dialog = page.locator('dialog.add')
    await add.click()
    await dialog.getByRole('button', { name: 'Continue' }).waitFor()
    await page.goBack()
    // The address is that of the other view for a moment already before the dialog is asked.
    await page.locator('vault-health').waitFor()
    await page.goForward()
    await add.click()
    await dialog.locator('label.app-choice', { hasText: 'HTTP Request' }).click()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    const name = dialog.getByLabel('Connection name')
    await name.fill('typed')
    await page.goBack()
    await dialog.getByText('Discard what you typed?').waitFor()
    await page.keyboard.press('Enter')
    expect([new URL(page.url()).pathname, await name.inputValue()]).toEqual(['/vault', 'typed'])
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByRole('button', { name: 'Create an empty connection' }).click()
    await page.getByRole('link', { name: 'typed' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/vault')
    await add.click()
    await dialog.locator('label.app-choice', { hasText: 'HTTP Request' }).click()
    await page.goBack()
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await page.waitForURL('**/vault/health')
    await page.context().close()
  })

  test('are reached, changed and saved by the keyboard alone', async () => {
    const caller = { tenant: 'keys-alone' }
    const id = await world.added(caller, { name: 'key', setup: KEY })
    const page = await world.signedIn(caller)
    await page.getByRole('link', { name: 'key' }).focus()
    await page.keyboard.press('Enter')
    const panel = page.locator('vault-connection')
    await eventually(() => page.locator(':focus').textContent(), 'key')
    const reach = async (name: string) => {
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press('Tab')
        if ((await page.locator(':focus').and(panel.locator(name)).count()) > 0) return
      }
      throw new Error(`no Tab leads to ${name}`)
    }
    await reach('[role="tab"]')
    await page.keyboard.press('ArrowRight')
    await panel.getByRole('button', { name: 'Save' }).waitFor()
    await reach('input')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('X-Typed')
    await reach('button[aria-label^="Replace"]')
    await page.keyboard.press('Enter')
    await eventually(() => panel.locator('input[type="password"]:focus').count(), 1)
    await page.keyboard.type(`${TOKEN}-typed`)
    await expectAccessible(page)
    await page.keyboard.press('Enter')
    await panel.getByText('Saved.').waitFor()
    await eventually(() => panel.locator(':focus').count(), 1)
    expect(await fetched(world, caller, id)).toMatchObject({
      request: { headers: { 'X-Typed': `${TOKEN}-typed` } },
    })
    await page.context().close()
  })
})
