import { eventually } from './support/eventually.ts'
import { screens, useVaultInBrowser } from './support/vault-in-browser.ts'

const TENANT = { tenant: 'acme' }
const COLOURS =
  "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.querySelector('button.primary')))"
const CONNECTIONS = '/api/v2/flows/vault/connections'

describe('the list of connections', () => {
  const world = useVaultInBrowser()

  test('tells a person with an empty vault what to do', async () => {
    const page = await world.signedIn({ tenant: 'empty' })
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor()
    await screens(page, 'empty')
    await page.context().close()
  })

  test('shows each connection with its state in words', async () => {
    const add = (body: unknown) => world.vault.request(TENANT, 'POST', CONNECTIONS, body)
    await add({
      name: 'orders api',
      app_id: 'HTTP',
      setup: { type: 'BEARER', token: 'my-token-bearer-1234' },
    })
    await add({
      name: 'sms',
      app_id: 'TWILIO',
      setup: {
        type: 'API_KEY',
        account_id: 'AC00000000000000000000000000000000',
        api_key: 'twilio-auth-token-000',
      },
    })
    await add({ name: 'sms, second', app_id: 'TWILIO' })
    await add({ name: 'prod', app_id: 'SALESFORCE' })
    const page = await world.signedIn(TENANT)
    await page.getByRole('link', { name: 'sms', exact: true }).waitFor()
    await eventually(() => page.locator('tr.row', { hasText: 'Missing credentials' }).count(), 2)
    await screens(page, 'list')
    await page.setViewportSize({ width: 768, height: 900 })
    const startsOf = (selector: string) =>
      page.evaluate(
        `[...document.querySelectorAll('tr.row ${selector}')].map((found) => found.getBoundingClientRect().left)`,
      ) as Promise<number[]>
    const [words, buttons] = [
      await startsOf('.state-cell .mark + span'),
      await startsOf('.state-cell button'),
    ]
    expect(new Set([...words, ...buttons]).size).toBe(1)
    // Turned round, as the person's own colours are: no colour of ours is left.
    await page.emulateMedia({ forcedColors: 'active' })
    await eventually(() => page.evaluate(COLOURS), ['rgb(255, 255, 255)', 'rgb(0, 0, 0)'])
    await page.emulateMedia({ forcedColors: 'none' })
    // Whichever way a language is written: nothing is cut, nothing lies over another.
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await screens(page, 'list-rtl')
    await page.getByRole('link', { name: 'sms', exact: true }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await screens(page, 'panel-rtl')
    await page.context().close()
  })
})
