import fs from 'node:fs'
import path from 'node:path'
import { bundleWeb } from './bundle-web.ts'

/*
 * `node infra/web/write-web.ts FOLDER`: the files of the page, in `assets` what may be kept for good and in `page`
 * what may not, each below `vault/` as it is served.
 */
const [folder = ''] = process.argv.slice(2)
fs.rmSync(folder, { recursive: true, force: true })
for (const file of await bundleWeb()) {
  const target = path.join(folder, file.immutable ? 'assets' : 'page', 'vault', file.path)
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.writeFileSync(target, file.body)
}
