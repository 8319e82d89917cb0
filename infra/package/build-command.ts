import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import { bundleWeb } from '../web/bundle-web.ts'

/*
 * `npm run build:server`: the server and the command line into `dist`, one file each, which plain Node 24 runs with
 * nothing installed beside them.
 */

const root = path.resolve(import.meta.dirname, '../..')
const dist = path.join(root, 'dist')

/** The server alone, and the command line, which has the server's commands in it. */
const ENTRIES = { server: 'infra/embedded/main.ts', cli: 'cli/flow-vault.ts' }
const STARTERS = ['flow-vault.cjs', 'needed-node.cjs']
/** What the pages of the reference are served from; see `reference-pages.ts`. */
const REFERENCE_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js']
const EXECUTABLE_MODE = 0o755

const web = await bundleWeb()
fs.rmSync(dist, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: ENTRIES,
  outdir: dist,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Names stay as they are, so that a stack in a log can be read; line numbers come from the maps beside them.
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  // Packages of the older kind ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  // The page is built here, below.
  external: ['esbuild'],
  logLevel: 'warning',
})
const reference = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
fs.mkdirSync(path.join(dist, 'reference'))
for (const name of REFERENCE_FILES)
  fs.copyFileSync(path.join(reference, name), path.join(dist, 'reference', name))
for (const { path: name, body } of web) {
  fs.mkdirSync(path.dirname(path.join(dist, 'web', name)), { recursive: true })
  fs.writeFileSync(path.join(dist, 'web', name), body)
}
fs.writeFileSync(
  path.join(dist, 'web', 'files.json'),
  JSON.stringify(web.map(({ body: _body, ...file }) => file)),
)
for (const name of STARTERS) fs.copyFileSync(path.join(root, 'infra/package', name), path.join(dist, name))
fs.chmodSync(path.join(dist, 'flow-vault.cjs'), EXECUTABLE_MODE)
// Outside the checkout nothing else says that the files are modules.
fs.writeFileSync(path.join(dist, 'package.json'), '{ "type": "module" }\n')
