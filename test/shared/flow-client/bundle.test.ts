import path from 'node:path'
import { build } from 'esbuild'

const FOLDER = path.resolve(import.meta.dirname, '../../../shared/flow-client')

describe('the flow client', () => {
  test.each(['client', 'middleware'])(
    'bundles its %s for a browser or an edge runtime, with nothing from elsewhere',
    async (name) => {
      const { metafile, errors } = await build({
        entryPoints: [path.join(FOLDER, `${name}.ts`)],
        bundle: true,
        write: false,
        platform: 'browser',
        format: 'esm',
        metafile: true,
        absWorkingDir: FOLDER,
        logLevel: 'silent',
      })
      expect(errors).toEqual([])
      expect(Object.keys(metafile.inputs).filter((file) => file.includes('..'))).toEqual([])
    },
  )
})
