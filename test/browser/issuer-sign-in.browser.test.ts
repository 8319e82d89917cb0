import type { BrowserContext, Page } from 'playwright-core'
import { startRunningVault } from '../support/running-vault.ts'
import { eventually, PATIENCE_MS } from './support/eventually.ts'
import { type PageIssuer, settingsFor, startPageIssuer } from './support/page-issuer.ts'
import { screens, startVaultInBrowser, type VaultInBrowser } from './support/vault-in-browser.ts'

describe('signing in at another issuer', () => {
  let issuer: PageIssuer
  let world: VaultInBrowser
  let context: BrowserContext

  beforeAll(async () => {
    issuer = await startPageIssuer()
    const vault = await startRunningVault({ env: settingsFor(issuer) })
    issuer.register(`${vault.url}/vault`)
    world = await startVaultInBrowser({ vault, elsewhere: [issuer.url] })
  })

  beforeEach(async () => {
    issuer.behave({ tokenSeconds: 3600, refreshes: true })
    context = await world.browser.newContext({ locale: 'en-GB' })
    world.watch(context)
  })

  afterEach(() => context.close())

  afterAll(async () => {
    await world.close()
    await world.vault.stop()
    await issuer.stop()
    expect(world.offences).toEqual([])
  })

  async function signedIn(path = '/vault'): Promise<Page> {
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE_MS)
    await page.goto(`${world.vault.url}${path}`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'I am ada' }).click()
    await page.locator('page-header').waitFor()
    return page
  }

  test('sends the person there with a challenge, and back to where they were', async () => {
    const page = await context.newPage()
    await page.goto(`${world.vault.url}/vault/health?x=1`)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await screens(page, 'sign-in-issuer')
    const [request] = await Promise.all([
      page.waitForRequest((asked) => asked.url().startsWith(`${issuer.url}/auth`)),
      page.getByRole('button', { name: 'Sign in' }).click(),
    ])
    expect(Object.fromEntries(new URL(request.url()).searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      redirect_uri: `${world.vault.url}/vault`,
    })
    await page.getByRole('button', { name: 'I am ada' }).click()
    await page.locator('page-header').waitFor()
    await page.waitForURL(`${world.vault.url}/vault/health?x=1`)
    expect(issuer.tokenRequests.at(-1)?.get('code_verifier')).toMatch(/^[\w-]{43}$/)
    expect(await page.evaluate('JSON.stringify([sessionStorage, localStorage])')).not.toMatch(/eyJ|verifier/)
  })

  test('is asked without a person after a reload, as long as the issuer knows the browser', async () => {
    const page = await signedIn()
    await page.reload()
    await page.locator('page-header').waitFor()
  })

  test('renews by a refresh token that is held in memory', async () => {
    issuer.behave({ tokenSeconds: 30 })
    const page = await signedIn()
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    await eventually(async () => issuer.tokenRequests.at(-1)?.get('grant_type'), 'refresh_token')
  })

  test('keeps what was typed when the session has ended, and goes on after a window of its own', async () => {
    issuer.behave({ refreshes: false })
    const page = await signedIn()
    await page.getByRole('button', { name: 'Add Vault Connection' }).first().click()
    await page.locator('label.app-choice', { hasText: 'Twilio' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Account SID').fill('AC00000000000000000000000000000000')
    await page.route('**/connections?view=full*', (route) => route.fulfill({ status: 401, body: '{}' }), {
      times: 1,
    })
    await page.getByLabel('Test it before saving').uncheck()
    await page.locator('input[type="password"]').first().fill('twilio-auth-token-000')
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await screens(page, 'signed-out-issuer')
    const opened = page.waitForEvent('popup')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await opened
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor({ state: 'hidden' })
    expect(await page.getByLabel('Account SID').inputValue()).toBe('AC00000000000000000000000000000000')
    await page.locator('dialog.add').getByRole('button', { name: 'Add Vault Connection' }).click()
    await page.getByText('Twilio is ready.').waitFor()
  })
  test('waits for no window for ever: a closed one is left, or begun again', async () => {
    issuer.behave({ refreshes: false })
    const page = await signedIn()
    await page.route('**/connections/summary*', (route) => route.fulfill({ status: 401, body: '{}' }))
    await page.getByRole('searchbox').fill('x')
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await page.unrouteAll()
    // Else the issuer knows the person, and its window is back at once.
    await context.clearCookies()
    const dialog = page.getByRole('dialog', { name: 'You are signed out' })
    const press = async (name: string): Promise<Page> => {
      const [opened] = await Promise.all([
        page.waitForEvent('popup'),
        dialog.getByRole('button', { name }).click(),
      ])
      await opened.getByRole('button', { name: 'I am ada' }).waitFor()
      return opened
    }
    await (await press('Sign in')).close()
    await dialog.getByText('Waiting for the sign-in window.').waitFor()
    await screens(page, 'sign-in-waiting')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    const left = await press('Sign in')
    const again = await press('Start again')
    await eventually(async () => left.isClosed(), true)
    await again.getByRole('button', { name: 'I am ada' }).click()
    await dialog.waitFor({ state: 'hidden' })
  })
})
