import { eventually } from './support/eventually.ts'
import { useVaultInBrowser } from './support/vault-in-browser.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const CALLER = { tenant: 'many' }
const COUNT = 10_000
const AT_A_TIME = 64

describe('ten thousand connections', () => {
  const world = useVaultInBrowser()

  beforeAll(async () => {
    const add = (index: number) =>
      world.vault.request(CALLER, 'POST', CONNECTIONS, {
        name: `connection ${String(index).padStart(5, '0')}`,
        app_id: index % 2 === 0 ? 'HTTP' : 'TWILIO',
      })
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < COUNT) await (await add(next++)).arrayBuffer()
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  })

  test('are scrolled to their end and searched, with few rows in the document', async () => {
    const page = await world.signedIn(CALLER)
    await page.goto(`${world.vault.url}/vault?sort=name`)
    await page.getByRole('link', { name: 'connection 00000' }).waitFor()
    await eventually(() => page.locator('table').getAttribute('aria-rowcount'), String(COUNT + 1))
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    await page.getByRole('link', { name: 'connection 09999' }).waitFor()
    expect(await page.locator('tr.row').count()).toBeLessThanOrEqual(250)
    await page.getByPlaceholder('Search name').fill('04711')
    await page.getByRole('link', { name: 'connection 04711' }).waitFor()
    await eventually(() => page.locator('tr.row').count(), 1)
    await page.goto(`${world.vault.url}/vault`)
    await page.getByRole('button', { name: /^HTTP Request/ }).waitFor()
    await eventually(() => page.locator('tr.row').count(), 0)
    await page.context().close()
  })
})
