import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openAudit } from '../../../infra/embedded/open-audit.ts'
import type { AuditEntry } from '../../../shared/ports/audit-trail.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const FETCH: AuditEntry = { kind: 'fetch', act: 'fetch-credential', outcome: 'served', tenant: 'acme' }
const CHANGE: AuditEntry = { kind: 'change', act: 'delete-connection', outcome: 'done', tenant: 'acme' }

describe('openAudit', () => {
  let folder: string
  let out: string
  let complaints: string[]
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-audit-'))
    out = ''
    complaints = []
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  function open(where: string) {
    const note = (message: string) => complaints.push(message)
    return openAudit(where, {
      clock: new ManualClock(),
      log: { debug: note, info: note, warn: note, error: note, access: () => undefined },
      logLevel: 'INFO',
      writeOut: (text) => {
        out += text
      },
    })
  }
  const acts = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).act)

  it('writes lines of fetches together, and what people do at once', () => {
    const { audit, flush } = open('stdout')
    audit.note(FETCH)
    expect(out).toBe('')
    audit.note(CHANGE)
    expect(acts(out)).toEqual([FETCH.act, CHANGE.act])
    audit.note(FETCH)
    flush()
    expect(acts(out)).toHaveLength(3)
  })

  it('appends to a file of its own that others may not read, and goes on when that is moved away', async () => {
    const file = path.join(folder, 'audit.jsonl')
    const { audit } = open(file)
    audit.note(CHANGE)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await rename(file, `${file}.1`)
    audit.note({ ...CHANGE, act: 'restore-connection' })
    expect(acts(await readFile(`${file}.1`, 'utf8'))).toEqual([CHANGE.act])
    expect(acts(await readFile(file, 'utf8'))).toEqual(['restore-connection'])
    expect(out).toBe('')
  })

  it('keeps lines while the file takes none, complains once a minute, and never fails a request', async () => {
    const file = path.join(folder, 'logs', 'audit.jsonl')
    expect(() => open(file)).toThrow('FLOW_VAULT_AUDIT=')
    const { mkdir } = await import('node:fs/promises')
    await mkdir(path.dirname(file))
    const { audit } = open(file)
    await rm(path.dirname(file), { recursive: true })
    audit.note(CHANGE)
    audit.note(CHANGE)
    expect(complaints).toEqual(['audit lines cannot be written and wait in memory'])
    await mkdir(path.dirname(file))
    audit.note(CHANGE)
    expect(acts(await readFile(file, 'utf8'))).toHaveLength(3)
  })

  it('is nowhere when it is off', () => {
    const { audit, flush } = open('off')
    audit.note(CHANGE)
    flush()
    expect(out).toBe('')
  })
})
