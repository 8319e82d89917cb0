import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { WebFile } from '../../web/bundle-web.ts'

/** Beside the built server; see `build-command.ts`. */
const BUILT = path.join(import.meta.dirname, 'web')

/** The files of the vault page: those that the build has made, or made now from the sources of a checkout. */
export async function pageFiles(): Promise<readonly WebFile[]> {
  const list = path.join(BUILT, 'files.json')
  if (!existsSync(list)) return (await import('../../web/bundle-web.ts')).bundleWeb()
  const files = JSON.parse(await readFile(list, 'utf8')) as Omit<WebFile, 'body'>[]
  return Promise.all(
    files.map(async (file) => ({ ...file, body: await readFile(path.join(BUILT, file.path)) })),
  )
}
