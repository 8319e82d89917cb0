import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { buildSync } from 'esbuild'

/*
 * `npm run build:client`: what a flow imports, as JavaScript and types in `dist/client`, for `import` and `require`,
 * and the types of the picker.
 * Functions on Lambda with older Node, jest and some bundlers cannot require an ES module, so there are both.
 */

const ROOT = path.resolve(import.meta.dirname, '..')
const SOURCES = path.join(ROOT, 'shared/flow-client')
const PICKER_TYPES = path.join(ROOT, 'tools/picker-types')
const TARGET = path.join(ROOT, 'dist/client')
const ENTRIES = ['client', 'middleware'] as const
/** The oldest Node that gets security fixes where flows run. */
const OLDEST_NODE = 'node20'

fs.rmSync(TARGET, { recursive: true, force: true })
for (const [format, extension] of [
  ['esm', '.js'],
  ['cjs', '.cjs'],
] as const) {
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => path.join(SOURCES, `${name}.ts`)),
    outdir: TARGET,
    outExtension: { '.js': extension },
    bundle: true,
    // What the two entries share stays one copy, or an error of one would be foreign to the other.
    splitting: format === 'esm',
    format,
    platform: 'neutral',
    target: OLDEST_NODE,
    legalComments: 'none',
    logLevel: 'warning',
  })
}
const types = path.join(TARGET, 'types')
const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [compiler, '-p', path.join(SOURCES, 'tsconfig.json'), '--outDir', types], {
  stdio: 'inherit',
})
for (const name of fs.readdirSync(types)) {
  const file = path.join(types, name)
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, withExtension(text, '.js'))
  fs.writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), withExtension(text, '.cjs'))
}
// The picker is a script of the vault; editors get its types, and what tools read of custom elements.
for (const name of fs.readdirSync(PICKER_TYPES))
  fs.copyFileSync(path.join(PICKER_TYPES, name), path.join(name.endsWith('.json') ? TARGET : types, name))
process.stdout.write(`Built ${path.relative(ROOT, TARGET)}: ${fs.readdirSync(TARGET).join(', ')}\n`)

/** Declarations name the files that are there: `./credential.ts` becomes `./credential.js`, or `.cjs`. */
function withExtension(text: string, extension: string): string {
  return text.replaceAll(/(from '\.\/[a-z-]+)\.ts'/g, `$1${extension}'`)
}
