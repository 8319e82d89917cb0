import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { OutputFile, Plugin } from 'esbuild'

/** One file of the page as it is served, by its path under `/vault/`. */
export interface WebFile {
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
  /** True when the name holds a digest of the content, so that it may be kept for good. */
  readonly immutable: boolean
}

const SOURCES = path.resolve(import.meta.dirname, '../../web')

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/**
 * Style sheets that a script takes along as text, for the picker's shadow root. Its tokens have a name of their own
 * there, for the editor around it to set them by.
 */
const styleAsText: Plugin = {
  name: 'style-as-text',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path: file }) => {
      const { code } = await build.esbuild.transform(await readFile(file), { loader: 'css', minify: true })
      return { contents: code.replaceAll(/--(?=[a-z])/g, '--vault-'), loader: 'text' }
    })
  },
}

/**
 * What the picker shares with its dialog would be a file beside the picker's own, and both are loaded at once: larger,
 * because neither is compressed with the other. A dialog that needs the picker needs one file with all of it.
 */
const pickerInOneFile: Plugin = {
  name: 'picker-in-one-file',
  setup(build) {
    build.onLoad({ filter: /picker-dialog\.ts$/ }, async ({ path: file }) => {
      return { contents: `${await readFile(file, 'utf8')}\nimport './picker.ts'\n`, loader: 'ts' }
    })
  },
}

/**
 * Bundles the vault page and the picker from `web/`: `index.html` and `picker.js` under stable names, everything
 * they load under names with a digest. Nothing is written to disk.
 */
export async function bundleWeb(): Promise<readonly WebFile[]> {
  const { build } = await import('esbuild')
  const common = {
    bundle: true,
    minify: true,
    write: false,
    outdir: '/assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    target: 'esnext',
    legalComments: 'none',
    logLevel: 'silent',
    // The package says that its files have no effect by being loaded; an element's file defines it.
    ignoreAnnotations: true,
  } as const
  const entry = (file: string): string => path.join(SOURCES, file)
  const modules = { ...common, format: 'esm' as const, splitting: true, plugins: [styleAsText] }
  const [page, picker, boot, styles] = await Promise.all([
    build({ ...modules, entryPoints: [entry('vault-page.ts')] }),
    // By itself: who loads the picker seldom loads the page, and what both share would be more and smaller files.
    build({
      ...modules,
      plugins: [styleAsText, pickerInOneFile],
      entryPoints: { picker: entry('picker/picker.ts') },
    }),
    // A script of its own that runs before the first paint: no module.
    build({ ...common, entryPoints: [entry('theme-boot.ts')], format: 'iife' }),
    build({ ...common, entryPoints: [entry('styles/page.css')] }),
  ])
  const assets = [page, picker, boot, styles].flatMap(({ outputFiles }) => outputFiles.map(assetOf))
  const pickerEntry = named(assets, 'picker', '.js')
  return [await indexOf(assets), pickerOf(pickerEntry), ...assets.filter((each) => each !== pickerEntry)]
}

function assetOf(file: OutputFile): WebFile {
  const name = path.basename(file.path)
  return {
    path: `assets/${name}`,
    contentType: CONTENT_TYPES[path.extname(name)]!,
    body: Buffer.from(file.contents),
    immutable: true,
  }
}

async function indexOf(assets: readonly WebFile[]): Promise<WebFile> {
  const template = await readFile(path.join(SOURCES, 'index.html'), 'utf8')
  const text = template.replaceAll(
    /\{\{([a-z-]+)(\.[a-z]+)\}\}/g,
    (_, name: string, ending: string) => named(assets, name, ending).path,
  )
  return {
    path: 'index.html',
    contentType: 'text/html; charset=utf-8',
    body: Buffer.from(text),
    immutable: false,
  }
}

/** The one address that editors name, in the place of the entry; what it loads changes with each release. */
function pickerOf(entry: WebFile): WebFile {
  const text = entry.body.toString('utf8').replaceAll(/from"\.\/([^"]+)"/g, "from './assets/$1'")
  return { path: 'picker.js', contentType: entry.contentType, body: Buffer.from(text), immutable: false }
}

function named(assets: readonly WebFile[], name: string, ending: string): WebFile {
  const pattern = new RegExp(`^assets/${name}-[A-Z0-9]{8}\\${ending}$`)
  return assets.find((asset) => pattern.test(asset.path))!
}
