import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { bundleWeb, type WebFile } from '../../infra/web/bundle-web.ts'
import { launchChromium } from '../browser/support/chromium.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { printTable, type Row } from './table.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const COUNTS = [10, 10_000] as const
const AT_A_TIME = 64
/** Loads of the list, of which the median counts. */
const LOADS = 5
/** Changes that arrive while somebody looks. */
const EVENTS = 20
const KB = 1024

/** What the page says of itself; set before its first script. */
interface Observed {
  firstRowMs?: number
  shift: number
  longestMs: number
}

/** Put into the page by the browser itself, so that the page's own policy has no say. */
const OBSERVE = `
  window.observed = { shift: 0, longestMs: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) observed.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) observed.longestMs = Math.max(observed.longestMs, entry.duration);
  }).observe({ type: 'longtask', buffered: true });
  new MutationObserver((_, observer) => {
    if (document.querySelector('a.name') === null) return;
    observed.firstRowMs = performance.now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
`

/** Prints what page and picker weigh, when the list can be used, and how quiet it stays while changes arrive. */
export async function benchPage(): Promise<void> {
  const files = new Map((await bundleWeb()).map((file) => [file.path, file]))
  const rows: Row[] = [
    { what: 'page, first view, gzip', value: kb(weigh(files, 'index.html')), aim: '≤ 60 KB' },
    { what: 'picker, gzip', value: kb(weigh(files, 'picker.js')), aim: '≤ 15 KB' },
  ]
  const vault = await startRunningVault()
  const browser = await launchChromium()
  try {
    for (const count of COUNTS) rows.push(...(await measureList({ vault, browser, count })))
  } finally {
    await browser.close()
    await vault.stop()
  }
  printTable('The vault page, on loopback', rows)
}

async function measureList(options: {
  vault: RunningVault
  browser: Browser
  count: number
}): Promise<Row[]> {
  const { vault, browser, count } = options
  const caller = { tenant: `page-${count}` }
  const ids = await addConnections(vault, caller, count)
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addInitScript(OBSERVE)
  const page = await context.newPage()
  const { clientId } = vault.client(caller)
  await page.goto(vault.server.vault.signInLink({ clientId, person: 'ada' })!)
  await page.locator('page-header').waitFor()
  const loads: Observed[] = []
  for (let load = 0; load < LOADS; load += 1) loads.push(await loadList(page, vault.url))
  await page.evaluate('observed.longestMs = 0')
  for (const id of ids.slice(0, EVENTS)) {
    await vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: `renamed ${id}` })
  }
  await page.getByRole('link', { name: `renamed ${ids[0]}` }).waitFor()
  const after = await page.evaluate<Observed>('observed')
  await context.close()
  const of = `${count.toLocaleString('en')} connections`
  const firsts = loads.map(({ firstRowMs }) => firstRowMs ?? Number.NaN).toSorted((a, b) => a - b)
  return [
    {
      what: `${of}: first row, from the start of a warm load`,
      value: `${Math.round(firsts[Math.floor(LOADS / 2)]!)} ms`,
    },
    { what: `${of}: layout shift`, value: Math.max(...loads.map(({ shift }) => shift)).toFixed(3), aim: '0' },
    {
      what: `${of}: longest task while it loads`,
      value: task(Math.max(...loads.map(({ longestMs }) => longestMs))),
    },
    {
      what: `${of}: longest task, with ${EVENTS} changes arriving`,
      value: task(after.longestMs),
      aim: '≤ 50 ms',
    },
  ]
}

async function loadList(page: Page, url: string): Promise<Observed> {
  await page.goto(`${url}/vault?sort=created`)
  await page.locator('a.name').first().waitFor()
  return page.evaluate<Observed>('observed')
}

async function addConnections(
  vault: RunningVault,
  caller: { tenant: string },
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const name = `connection ${next}`
      next += 1
      const answer = await vault.request(caller, 'POST', CONNECTIONS, { name, app_id: 'HTTP' })
      ids.push(((await answer.json()) as { id: string }).id)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  // The newest are on top of the list.
  return ids.toReversed()
}

/** Tasks under 50 ms are not reported by a browser. */
function task(ms: number): string {
  return ms === 0 ? 'under 50 ms' : `${Math.round(ms)} ms`
}

function kb(bytes: number): string {
  return `${(bytes / KB).toFixed(1)} KB`
}

/** A file with all that it loads at once, compressed. */
function weigh(files: ReadonlyMap<string, WebFile>, name: string, seen = new Set<string>()): number {
  const file = files.get(name)
  if (file === undefined || seen.has(name)) return 0
  seen.add(name)
  const text = file.body.toString('utf8')
  const loaded = [
    ...[...text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, each]) => `assets/${each}`),
    ...[...text.matchAll(/(?:src|href)="\/vault\/(assets\/[^"]+)"/g)].map(([, each]) => each!),
    ...[...text.matchAll(/from '\.\/(assets\/[^']+)'/g)].map(([, each]) => each!),
  ]
  const own = gzipSync(file.body, { level: 9 }).length
  return loaded.reduce((sum, each) => sum + weigh(files, each, seen), own)
}
