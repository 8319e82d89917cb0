import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { asyncApiDocument } from '../../../functions/api/asyncapi.ts'
import { EVENT_TYPES } from '../../../shared/domain/change-event.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'

const document = asyncApiDocument('https://vault.example.com')

/** The official parser, in a process of its own: it is CommonJS that reaches for globals of Node's. */
const PARSE = `
const { Parser } = require('@asyncapi/parser')
new Parser().parse(require('node:fs').readFileSync(process.argv.at(-1), 'utf8')).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => message + ' at ' + path.join('.'))
  process.stdout.write(JSON.stringify({ valid: document !== undefined, errors }))
})`

describe('asyncApiDocument', () => {
  it('is valid by the official parser', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'asyncapi-'))
    try {
      const file = path.join(folder, 'asyncapi.json')
      await writeFile(file, JSON.stringify(document))
      const { stdout } = await promisify(execFile)('node', ['-e', PARSE, '--', file], { cwd: PROJECT_ROOT })
      expect(JSON.parse(stdout)).toEqual({ valid: true, errors: [] })
    } finally {
      await rm(folder, { recursive: true })
    }
  }, 60_000)

  it('has a message and a schema for each type of event, on the feed and to webhooks', () => {
    const { channels, components } = document as unknown as {
      channels: Record<string, { messages: object }>
      components: { schemas: Record<string, { properties: { type: { const: string } } }> }
    }
    expect(Object.keys(channels['feed']!.messages)).toEqual([...EVENT_TYPES])
    expect(Object.keys(channels['webhook']!.messages)).toEqual([...EVENT_TYPES])
    for (const type of EVENT_TYPES) expect(components.schemas[type]!.properties.type).toEqual({ const: type })
  })
})
