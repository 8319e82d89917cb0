import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createPrivateFile, openDatabase } from '../../../../shared/adapters/sqlite/open-database.ts'

const directory = mkdtempSync(join(tmpdir(), 'open-database-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('openDatabase', () => {
  it('makes commits durable: write-ahead log, synced with each (FULL is 2)', () => {
    const database = openDatabase(join(directory, 'durable.db'), () => {})
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    database.close()
  })

  it('waits long while it prepares, and briefly from then on', () => {
    const timeouts: unknown[] = []
    const database = openDatabase(join(directory, 'patient.db'), (opening) => {
      timeouts.push(opening.prepare('PRAGMA busy_timeout').get()?.['timeout'])
    })
    timeouts.push(database.prepare('PRAGMA busy_timeout').get()?.['timeout'])
    expect(timeouts).toEqual([5000, 25])
    database.close()
  })

  it('closes the file again when the preparation fails', () => {
    const path = join(directory, 'failing.db')
    const prepare = () => {
      throw new Error('not prepared')
    }
    expect(() => openDatabase(path, prepare)).toThrow('not prepared')
    expect(() => statSync(`${path}-wal`)).toThrow('ENOENT')
  })

  it('lets several threads open a new file at once', async () => {
    const path = join(directory, 'shared.db')
    const folder = new URL('../../../../shared/adapters/sqlite/', import.meta.url)
    const script = `import { openDatabase } from '${new URL('open-database.ts', folder)}'
      import { migrate } from '${new URL('migrations.ts', folder)}'
      openDatabase(${JSON.stringify(path)}, migrate).close()`
    const runs = Array.from({ length: 4 }, () => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`))
      return new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve))
    })
    expect(await Promise.all(runs)).toEqual([0, 0, 0, 0])
  })
})

describe('createPrivateFile', () => {
  it('makes a file that only its owner may read, and keeps one that is there', () => {
    const path = join(directory, 'private')
    createPrivateFile(path)
    createPrivateFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => createPrivateFile(path, 'wx')).toThrow('EEXIST')
  })
})
