import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** A machine without a way out answers each of Chromium's own errands with an error; so it runs none. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Where a page is sent to counts; that it gets there would make a test depend on somebody else's server.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
]

/** The system's Chromium or Chrome, else the one that comes as a package. */
export async function launchChromium(): Promise<Browser> {
  const found = SYSTEM.find((file) => existsSync(file))
  if (found !== undefined) return chromium.launch({ executablePath: found, args: FLAGS })
  const { default: packaged } = await import('@sparticuz/chromium')
  // Its own flags are for functions without a sandbox: one process for all pages, and no policy of origins.
  return chromium.launch({ executablePath: await packaged.executablePath(), args: FLAGS })
}
