import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { buildSync, type Metafile } from 'esbuild'
import type { VaultFunctionName } from '../function-table.ts'

const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..')

/** One bundled function. */
export interface Bundle {
  /** The folder with `index.js`, as Lambda unpacks it. */
  readonly folder: string
  readonly bytes: number
  /** What is inside, by source file. */
  readonly inputs: Metafile['inputs']
}

/**
 * Bundles a function with everything it needs, the SDK included, so that what runs is what was tested. CommonJS,
 * because it starts faster than a module; from the libraries' ES modules, because only of those esbuild can drop
 * what is not used.
 */
export function bundleFunction(name: VaultFunctionName): Bundle {
  const folder = path.join(PROJECT_ROOT, '.cache', 'bundles', name)
  mkdirSync(folder, { recursive: true })
  const { metafile } = buildSync({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: [path.join('functions', name, 'index.ts')],
    outfile: path.join(folder, 'index.js'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: {
      '@aws-sdk/credential-provider-node': path.join(import.meta.dirname, 'no-credential-chain.ts'),
    },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const [output] = Object.values(metafile.outputs)
  return { folder, bytes: output?.bytes ?? 0, inputs: metafile.inputs }
}
