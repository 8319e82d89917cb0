import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { asyncApiDocument } from '../../../functions/api/asyncapi.ts'
import { EVENT_TYPES, isChangeType, type VaultEvent } from '../../../shared/domain/change-event.ts'
import { expectDescribed } from '../../support/described-events.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'

const document = asyncApiDocument('https://vault.example.com')

/** The official parser, in a process of its own: it is CommonJS that reaches for globals of Node's. */
const PARSE = `
const { Parser } = require('@asyncapi/parser')
new Parser().parse(require('node:fs').readFileSync(process.argv.at(-1), 'utf8')).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => message + ' at ' + path.join('.'))
  process.stdout.write(JSON.stringify({ valid: document !== undefined, errors }))
})`

const EVENT = { id: 'e', tenant: 'acme', occurred_at: '2026-11-29T05:00:00.000Z' }
const CHANGE = {
  connection_id: 'ac_1',
  app_id: 'HTTP',
  version: 1,
  credential_version: 1,
  sequence: 1,
  changed: [],
}

describe('asyncApiDocument', () => {
  it.each(EVENT_TYPES)('describes what is told of %s, flat and as a webhook', (type) => {
    const about = isChangeType(type) ? CHANGE : { subscription_id: 'su_1', reason: 'failing' }
    const event = { ...EVENT, type, ...about } as VaultEvent
    expect(() => expectDescribed(event)).not.toThrow()
    expect(() => expectDescribed({ ...event, actor: { id: 'me' } })).not.toThrow()
    expect(() => expectDescribed({ ...event, occurred_at: 'yesterday' })).toThrow('occurred_at')
  })

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
