import type { Page } from 'playwright-core'
import { eventually } from './support/eventually.ts'
import { screens, useVaultInBrowser } from './support/vault-in-browser.ts'

const VAULT = '/api/v2/flows/vault'
const CONNECTIONS = `${VAULT}/connections`
const SUBSCRIPTIONS = `${VAULT}/subscriptions`
const SETUP = { type: 'BEARER', token: 'my-token-bearer-1234567' }

describe('looking after a vault', () => {
  const world = useVaultInBrowser()

  const added = (tenant: string, name: string, more: object = { setup: SETUP }) =>
    world.added({ tenant }, { name, ...more })

  async function listed(tenant: string, query = ''): Promise<unknown> {
    return (await world.vault.request({ tenant }, 'GET', `${CONNECTIONS}?view=full${query}`)).json()
  }

  test('freezes several with a reason, and deletes them after a question, with a way back', async () => {
    const tenant = 'several'
    for (const name of ['first', 'second']) await added(tenant, name)
    const page = await world.signedIn({ tenant })
    const bar = page.locator('bulk-bar')
    await page.getByLabel('Select first').check()
    await page.getByLabel('Select second').check()
    await bar.getByRole('button', { name: 'Test' }).click()
    await bar.getByText('second: This app cannot be tried').waitFor()
    await bar.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Select first').check()
    await bar.getByRole('button', { name: 'Freeze' }).click()
    await bar.getByLabel('Reason').press('Escape')
    const focused = (name: string) => bar.getByRole('button', { name }).and(page.locator(':focus'))
    await focused('Freeze').click()
    await bar.getByLabel('Reason').fill('leaked key')
    await screens(page, 'several-freeze')
    await page.keyboard.press('Enter')
    await page.getByText('Frozen by ada: leaked key').waitFor()
    await bar.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel('Select first').check()
    await page.getByLabel('Select second').check()
    await bar.getByRole('button', { name: 'Delete' }).click()
    await bar.getByText('Delete 2 connections?').waitFor()
    expect(await listed(tenant)).toHaveLength(2)
    await bar.getByRole('button', { name: 'Delete' }).click()
    await bar.getByText('second: Deleted').waitFor()
    await focused('Undo').waitFor()
    await screens(page, 'several-deleted')
    await eventually(() => listed(tenant), [])
    await page.route('**/restore', (route) => route.fulfill({ status: 503, json: { message: 'Busy.' } }))
    await bar.getByRole('button', { name: 'Undo' }).click()
    await bar.getByText('second: Busy.').waitFor()
    await page.unroute('**/restore')
    await bar.getByRole('button', { name: 'Undo' }).click()
    await bar.getByText('second: Restored').waitFor()
    await eventually(() => page.locator('a.name').count(), 2)
    await page.context().close()
  })

  test('sends a subscription again what happened, and removes it after a question', async () => {
    const tenant = 'telling'
    await world.vault.request({ tenant }, 'POST', SUBSCRIPTIONS, { url: 'https://hooks.example.test/vault' })
    await added(tenant, 'orders')
    const page = await world.signedIn({ tenant })
    await page.goto(`${world.vault.url}/vault/settings`)
    const section = page.locator('subscriptions-section')
    await section.getByRole('button', { name: 'Send again' }).click()
    const since = section.getByLabel('Everything since')
    await since.fill('2020-01-01T00:00')
    const send = section.locator('form', { has: page.getByLabel('Everything since') }).getByRole('button')
    await page.context().setOffline(true)
    await eventually(() => send.getAttribute('title'), 'Offline: this waits for the line.')
    await page.context().setOffline(false)
    await eventually(() => send.getAttribute('title'), null)
    await page.route('**/subscriptions', async (route) => {
      const list = (await (await route.fetch()).json()) as object[]
      await route.fulfill({
        json: list.map((each) => ({ ...each, last_success_at: '2026-01-02T03:04:05Z' })),
      })
    })
    await section.getByRole('button', { name: 'Send a test' }).click()
    await section.getByText('last delivered').waitFor()
    await page.unroute('**/subscriptions')
    expect(await since.inputValue()).toBe('2020-01-01T00:00')
    await send.click()
    await section.getByText('The feed keeps events for 30 days').waitFor()
    await since.fill(localMinute(Date.now() - 60_000))
    await send.click()
    await section.getByText('1 event on the way.').waitFor()
    const asked: (string | null)[] = []
    const turns = [
      { status: 200, json: { queued: 40, after: 'the-fortieth', more: true } },
      { status: 503, json: { statusCode: 503, error: 'Service Unavailable', message: 'Busy.' } },
      { status: 200, json: { queued: 1, after: 'the-last', more: false } },
    ]
    const again = Promise.withResolvers<void>()
    await page.route('**/replay?*', async (route) => {
      const turn = turns[asked.push(new URL(route.request().url()).searchParams.get('after')) - 1]!
      await again.promise
      await route.fulfill(turn)
    })
    await section.getByRole('button', { name: 'Send again' }).click()
    await since.fill(localMinute(Date.now() - 60_000))
    await send.click()
    await eventually(() => send.getAttribute('aria-disabled'), 'true')
    await send.click({ force: true })
    again.resolve()
    await section.getByText('40 events on the way; there are more.').waitFor()
    await section.getByRole('button', { name: 'Send the rest' }).click()
    await section.getByText('41 events on the way.').waitFor()
    expect(asked).toEqual([expect.any(String), 'the-fortieth', 'the-fortieth'])
    await page.unroute('**/replay?*')
    await section.getByRole('button', { name: 'Deliveries' }).click()
    await section.getByText('Created ·').waitFor()
    await screens(page, 'subscription')
    await section.getByRole('button', { name: 'Remove https://hooks.example.test/vault' }).click()
    await section.getByText('Nothing is sent there any more').waitFor()
    await screens(page, 'remove-subscription')
    const subscriptions = async () =>
      (await world.vault.request({ tenant }, 'GET', SUBSCRIPTIONS)).json() as Promise<unknown[]>
    expect(await subscriptions()).toHaveLength(1)
    await section.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await eventually(subscriptions, [])
    await page.context().close()
  })

  test('says under its field what a browser keeps back, and saves nothing', async () => {
    const tenant = 'dates'
    await added(tenant, 'key')
    const page = await world.signedIn({ tenant })
    const dialog = page.locator('dialog.add')
    await page.getByRole('button', { name: 'More for key' }).click()
    await page.getByRole('menuitem', { name: 'Replace credentials' }).click()
    await dialog.getByText('It ends on a date').click()
    const end = dialog.getByLabel('Last day on which it works')
    const save = dialog.getByRole('button', { name: 'Save credentials' })
    await end.press('1')
    await save.click()
    await dialog.getByText('A part of the date is missing').waitFor()
    await setDate(end, '275760-09-13')
    await save.click()
    await dialog.getByText('Years have four digits.').waitFor()
    await screens(page, 'kept-back')
    await setDate(end, '2099-05-01')
    await save.click()
    await dialog.waitFor({ state: 'hidden' })
    expect(await listed(tenant)).toEqual([
      expect.objectContaining({ credential_expires_at: expect.stringMatching(/^2099-0[45]/) }),
    ])
    await page.goto(`${world.vault.url}/vault/settings`)
    await page.getByLabel('Client id').fill('flow-server')
    await page.getByLabel('Its apps, or its connections').fill('NO_SUCH_APP')
    await setDate(page.getByLabel('Last day'), '275760-09-13')
    await page.getByRole('button', { name: 'Add a permit' }).click()
    await eventually(() => page.locator('#permit-until:invalid:focus').count(), 1)
    await page.getByLabel('Last day').fill('')
    await page.getByRole('button', { name: 'Add a permit' }).click()
    await page.locator('permits-section .field .error').waitFor()
    await eventually(() => page.getByLabel('Its apps').getAttribute('aria-invalid'), 'true')
    await page.context().close()
  })

  test('offers to bring back what a link leads to, and nothing of what was destroyed', async () => {
    const tenant = 'gone'
    const id = await added(tenant, 'orders')
    await world.vault.request({ tenant }, 'DELETE', `${CONNECTIONS}/${id}`)
    const page = await world.signedIn({ tenant })
    await page.goto(`${world.vault.url}/vault/connections/${id}`)
    const panel = page.locator('vault-connection')
    await panel.getByText(/^Deleted/).waitFor()
    await screens(page, 'gone')
    await panel.getByRole('button', { name: 'Restore' }).click()
    await page.getByRole('link', { name: 'orders' }).waitFor()
    await world.vault.request({ tenant }, 'DELETE', `${CONNECTIONS}/${id}`)
    await page.goto(`${world.vault.url}/vault?state=deleted`)
    await page.getByRole('button', { name: 'More for orders' }).click()
    await page.getByRole('menuitem', { name: 'Delete for good' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
    await page.getByText('orders was deleted for good.').waitFor()
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0)
    await page.context().close()
  })

  test('keeps the way out of a sheet in the window, whatever stands in its head', async () => {
    const tenant = 'narrow'
    const id = await added(tenant, 'a-name-without-a-single-blank-that-is-longer-than-the-window', {})
    const page = await world.signedIn({ tenant, width: 320 })
    await page.goto(`${world.vault.url}/vault/connections/${id}`)
    const sheet = page.locator('dialog.sheet')
    const buttons = ['Add credentials', 'More', 'Close'].map((name) =>
      sheet.getByRole('button', { name, exact: true }),
    )
    const expectInside = async (): Promise<void> => {
      for (const button of buttons) {
        const box = (await button.boundingBox())!
        expect(box.x).toBeGreaterThanOrEqual(0)
        expect(box.x + box.width).toBeLessThanOrEqual(320)
      }
    }
    await sheet.getByRole('tab', { name: 'Overview' }).waitFor()
    await expectInside()
    await sheet.getByRole('button', { name: 'More', exact: true }).click()
    await sheet.getByRole('menuitem', { name: 'Rename' }).click()
    await sheet.getByLabel('Connection name').waitFor()
    await expectInside()
    await page.context().close()
  })

  test('holds back what cannot be saved while the line is gone, and says so', async () => {
    const tenant = 'away'
    await added(tenant, 'orders', {})
    const page = await world.signedIn({ tenant })
    const repair = page.getByRole('button', { name: 'Add credentials, orders' })
    await repair.waitFor()
    await page.context().setOffline(true)
    for (const button of [repair, page.getByRole('button', { name: 'Add Vault Connection' })])
      await eventually(() => button.getAttribute('title'), 'Offline: this waits for the line.')
    await page.context().setOffline(false)
    await eventually(() => repair.getAttribute('aria-disabled'), null)
    await page.goto(`${world.vault.url}/vault/settings`)
    const client = page.getByLabel('Client id')
    await client.fill('flow-server')
    await page.context().setOffline(true)
    const permit = page.getByRole('button', { name: 'Add a permit' })
    await eventually(() => permit.getAttribute('title'), 'Offline: this waits for the line.')
    expect(await client.inputValue()).toBe('flow-server')
    await page.context().setOffline(false)
    await eventually(() => permit.getAttribute('aria-disabled'), null)
    await page.context().close()
  })

  test('closes the dialog by a click beside it, and asks first where something was typed', async () => {
    const page = await world.signedIn({ tenant: 'beside' })
    const dialog = page.locator('dialog.add')
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await dialog.getByPlaceholder('Search apps').waitFor()
    await page.mouse.click(20, 400)
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await dialog.locator('label.app-choice', { hasText: 'Slack' }).click()
    await page.mouse.click(20, 400)
    await dialog.getByText('Discard what you typed?').waitFor()
    await page.context().close()
  })
})

/** As a field for dates and times takes it; the browser of a test has the zone of this machine. */
function localMinute(atMs: number): string {
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Puts a date in as a script, or the browser's own picker, would: more than four digits cannot be typed. */
async function setDate(input: ReturnType<Page['getByLabel']>, value: string): Promise<void> {
  await input.evaluate((element, date) => Object.assign(element, { value: date }), value)
}
