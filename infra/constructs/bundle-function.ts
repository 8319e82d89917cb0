import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { type Config, ENV } from '../../functions/config.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { allPresets } from '../../shared/connectors/presets/preset-list.ts'
import type { FunctionFolder } from '../function-table.ts'

/** What reads the presets, and the file that a bundle with it has them in. */
const PRESET_LIST = 'shared/connectors/presets/preset-list.ts'
const PRESETS_FILE = './presets.json'
const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..')

/** One bundled function. */
export interface Bundle {
  /** The folder with `index.js`, as Lambda unpacks it. */
  readonly folder: string
  readonly bytes: number
  /** What is inside: the bytes of each source file in it. */
  readonly inputs: Readonly<Record<string, number>>
}

/**
 * Bundles a function with everything it needs, the SDK included, so that what runs is what was tested. CommonJS,
 * because it starts faster than a module; from the libraries' ES modules, because only of those esbuild can drop
 * what is not used.
 */
export function bundleFunction(name: FunctionFolder, secretStore: Config['secretStore']): Bundle {
  const folder = path.join(PROJECT_ROOT, '.cache', 'bundles', secretStore, name)
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
      '@aws-sdk/endpoint-cache': path.join(import.meta.dirname, 'no-endpoint-discovery.ts'),
      '@smithy/core/event-streams': path.join(import.meta.dirname, 'no-event-streams.ts'),
    },
    define: {
      [`process.env.${ENV.secretStore}`]: JSON.stringify(secretStore),
      FLOW_VAULT_PRESETS_FILE: JSON.stringify(PRESETS_FILE),
    },
    // Each release has code of its own, so that a deployment of another one is seen, and told by the code itself.
    banner: { js: `/* Flow Vault ${packageJson.version} */` },
    legalComments: 'none',
    // Beside the code, and read only where NODE_OPTIONS says --enable-source-maps: a start does not wait for it.
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  })
  const output = Object.entries(metafile.outputs).find(([file]) => file.endsWith('.js'))?.[1]
  const inputs = Object.entries(output?.inputs ?? {}).map(([file, { bytesInOutput }]) => [
    file,
    bytesInOutput,
  ])
  const bundle = { folder, bytes: output?.bytes ?? 0, inputs: Object.fromEntries(inputs) }
  if (bundle.inputs[PRESET_LIST]) writeFileSync(path.join(folder, PRESETS_FILE), JSON.stringify(allPresets()))
  return bundle
}
