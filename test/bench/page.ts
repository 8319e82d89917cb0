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
/** As weights of files are told: the aims are round numbers of bytes. */
const KB = 1000

/** What the page says of itself; set before its first script. */
interface Observed {
  firstRowMs?: number
  shift: number
}

/** The longest task of the page: from its start to its end, and what it took of a processor meanwhile. */
interface LongestTask {
  readonly wallMs: number
  readonly processorMs: number
}

/** Put into the page by the browser itself, so that the page's own policy has no say. */
const OBSERVE = `
  window.observed = { shift: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) observed.shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
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
  const loading = await longestTask(page, async () => {
    for (let load = 0; load < LOADS; load += 1) loads.push(await loadList(page, vault.url))
  })
  const changing = await longestTask(page, async () => {
    for (const id of ids.slice(0, EVENTS)) {
      await vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, { name: `renamed ${id}` })
    }
    for (const id of ids.slice(0, EVENTS)) await page.getByRole('link', { name: `renamed ${id}` }).waitFor()
  })
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
      value: task(loading),
    },
    {
      what: `${of}: longest task, with ${EVENTS} changes arriving`,
      value: task(changing),
      aim: '≤ 50 ms',
    },
  ]
}

/** Loads the list until it is all there and follows changes: what comes after counts as no part of the load. */
async function loadList(page: Page, url: string): Promise<Observed> {
  await page.goto(`${url}/vault?sort=created`)
  await page.locator('a.name').first().waitFor()
  await page.locator('tr.is-absent').first().waitFor({ state: 'detached' })
  await page.waitForFunction(
    "performance.getEntriesByType('resource').some(({ name }) => name.includes('after=latest'))",
  )
  return page.evaluate<Observed>('observed')
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly args?: { readonly name?: string }
  /** In microseconds, by the clock and by the thread's own. */
  readonly dur?: number
  readonly tdur?: number
}

/** What Chromium itself recorded: the clock alone tells of other work on the machine too. */
async function longestTask(page: Page, work: () => Promise<void>): Promise<LongestTask> {
  const browser = page.context().browser()!
  await browser.startTracing(page, { categories: ['toplevel'] })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[]
  }
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
  const pages = new Set(
    traceEvents.filter(({ args }) => args?.name === 'CrRendererMain').map((event) => threadOf(event)),
  )
  const tasks = traceEvents.filter(
    (event) => event.name.endsWith('RunTask') && pages.has(threadOf(event)) && event.tdur !== undefined,
  )
  if (tasks.length === 0) throw new Error('Chromium recorded no task of the page')
  const most = (of: (task: TraceEvent) => number | undefined): number =>
    Math.max(...tasks.map((task) => of(task) ?? 0)) / 1000
  return { wallMs: most(({ dur }) => dur), processorMs: most(({ tdur }) => tdur) }
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

/** A page that waits for a processor which others hold takes long without doing much: both are told. */
function task({ wallMs, processorMs }: LongestTask): string {
  return `${Math.round(processorMs)} ms of a processor, ${Math.round(wallMs)} ms by the clock`
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
