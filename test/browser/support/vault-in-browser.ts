import { mkdirSync } from 'node:fs'
import path from 'node:path'
import axe from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { CONNECTIONS } from '../../support/grant-calls.ts'
import { type RunningVault, startRunningVault } from '../../support/running-vault.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../../support/vault-with-provider.ts'
import { launchChromium } from './chromium.ts'
import { eventually, PATIENCE_MS } from './eventually.ts'

const SCREENS = path.join(PROJECT_ROOT, '.cache/screens')
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const WIDTHS = { narrow: 320, middle: 768, wide: 1440 } as const

/** What reaches past the window's edge, or under its scroll bar, and cannot be scrolled to. */
const OUTSIDE = `[...document.querySelectorAll('body *')]
  .filter((element) => {
    const { left, right, width } = element.getBoundingClientRect()
    if (width === 0 || !element.checkVisibility() || (left >= -1 && right <= document.documentElement.clientWidth + 1)) return false
    for (let around = element.parentElement; around !== null; around = around.parentElement)
      if (around !== document.documentElement && getComputedStyle(around).overflowX !== 'visible') return false
    return true
  })
  .map((element) => element.outerHTML.slice(0, 200))`

/** What can be scrolled sideways, the window or a box in it: only code may be. */
const SIDEWAYS = `[...document.querySelectorAll('*:not(pre)')]
  .filter((element) => {
    const isScroller = element === document.documentElement || getComputedStyle(element).overflowX === 'auto'
    return isScroller && element.scrollWidth > element.clientWidth
  })
  .map((element) => element.outerHTML.slice(0, 200))`

/** A dialog that scrolls as a whole loses its head and its buttons: a part of it scrolls. */
const SCROLLED_WHOLE = `[...document.querySelectorAll('dialog[open]')]
  .filter((dialog) => dialog.scrollHeight > dialog.clientHeight + 1)
  .map((dialog) => dialog.outerHTML.slice(0, 200))`

/** Who is signed in: a new client of the tenant, or the one that is named. */
export interface Caller {
  readonly tenant: string
  readonly scopes?: readonly string[]
  readonly clientId?: string
}

/** A vault, a browser, and everything that went wrong in its pages. */
export interface VaultInBrowser {
  readonly vault: RunningVault
  readonly browser: Browser
  /** What no page may do: errors on the console, refused styles and scripts, requests elsewhere. */
  readonly offences: string[]
  /** A page that is signed in as the tenant, in a context of its own, which may also be sent to `allowed` origins. */
  signedIn(options: Caller & { width?: number; allowed?: readonly string[] }): Promise<Page>
  /** Makes a connection as the caller, of HTTP where the body names no app; answers its id. */
  added(caller: Caller, body: { readonly name: string; readonly [member: string]: unknown }): Promise<string>
  /** Watches a page that a test opened by itself. */
  watch(context: BrowserContext, allowed?: readonly string[]): void
  close(): Promise<void>
}

/** Starts both. `elsewhere` are origins that a page may be sent to. */
export async function startVaultInBrowser(
  options: { vault?: RunningVault; elsewhere?: readonly string[] } = {},
): Promise<VaultInBrowser> {
  const vault = options.vault ?? (await startRunningVault())
  const browser = await launchChromium()
  const offences: string[] = []
  const own = [vault.url, ...(options.elsewhere ?? [])]
  const watch = (context: BrowserContext, allowed: readonly string[] = []): void => {
    context.on('page', (page) => watchPage(page, [...own, ...allowed], offences))
  }
  return {
    vault,
    browser,
    offences,
    watch,
    async signedIn({ width = WIDTHS.wide, allowed, ...caller }) {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        ignoreHTTPSErrors: true,
        locale: 'en-GB',
      })
      watch(context, allowed)
      const page = await context.newPage()
      page.setDefaultTimeout(PATIENCE_MS)
      await page.goto(signInLink(vault, caller))
      await page.locator('page-header').waitFor()
      return page
    },
    async added(caller, body) {
      const made = await vault.request(caller, 'POST', CONNECTIONS, { app_id: 'HTTP', ...body })
      expect(made.status).toBe(201)
      return ((await made.json()) as { id: string }).id
    },
    async close() {
      await browser.close()
      if (options.vault === undefined) await vault.stop()
    },
  }
}

/** One of each for the tests of a `describe`, which fails after them with what went wrong in any page. */
export function useVaultInBrowser(
  start: () => Promise<VaultInBrowser> = startVaultInBrowser,
): VaultInBrowser {
  const world = {} as VaultInBrowser
  beforeAll(async () => {
    Object.assign(world, await start())
  })
  afterAll(async () => {
    await world.close()
    expect(world.offences).toEqual([])
  })
  return world
}

/** The same beside an authorization server, to whose own pages a page of the vault may be sent. */
export function useProviderInBrowser(): { provided: VaultWithProvider; world: VaultInBrowser } {
  const provided = {} as VaultWithProvider
  const world = useVaultInBrowser(async () => {
    const { vault, provider } = Object.assign(provided, await startVaultWithProvider())
    return startVaultInBrowser({ vault, elsewhere: [provider.issuer] })
  })
  afterAll(() => provided.close())
  return { provided, world }
}

/** The address that signs a person in. */
export function signInLink(vault: RunningVault, caller: Caller): string {
  const { clientId = vault.client(caller).clientId } = caller
  return vault.server.vault.signInLink({ clientId, person: 'ada' })!
}

/** Notes what no page may do: errors on the console, refused styles and scripts, requests elsewhere. */
export function watchPage(page: Page, allowed: readonly string[], offences: string[]): void {
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // A refused request is the page's business: it shows it. Everything else on the console is a mistake.
    const isRefusal =
      /^Failed to load resource: .*(?:status of [45]\d\d|ERR_INTERNET_DISCONNECTED|net::ERR_)/.test(
        message.text(),
      )
    if (['error', 'warning'].includes(message.type()) && !isRefusal)
      offences.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && !allowed.includes(origin)) offences.push(`request: ${request.url()}`)
  })
}

/** Fails with what axe finds: WCAG 2.2 AA and its best practices. Runs outside the page's own policy. */
export async function expectAccessible(page: Page): Promise<void> {
  // A test's own script is no part of the page; the protocol puts it in without asking the page's policy.
  await page.evaluate(axe.source)
  const result = await page.evaluate(`axe
    .run(document, { runOnly: ${JSON.stringify(AXE_TAGS)} })
    .then(({ violations }) => violations.map(({ id, nodes }) => ({
      id, nodes: nodes.map((node) => [node.html.slice(0, 200), node.any[0]?.message ?? node.failureSummary]),
    })))`)
  expect(result).toEqual([])
}

/** Writes the page as it looks at three widths, light and dark, and looks at each with axe. */
export async function screens(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  mkdirSync(SCREENS, { recursive: true })
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme })
    for (const [word, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: 900 })
      await settled(page)
      await page.screenshot({ path: path.join(SCREENS, `${name}-${word}-${scheme}.png`), ...options })
      await expectNothingCut(page)
    }
    await expectAccessible(page)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Two frames: what a change of size asked for is drawn. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
}

async function expectNothingCut(page: Page): Promise<void> {
  await eventually(() => page.evaluate(SIDEWAYS), [])
  await eventually(() => page.evaluate(OUTSIDE), [])
  await eventually(() => page.evaluate(SCROLLED_WHOLE), [])
}
