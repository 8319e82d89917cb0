import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  acquireDataFolderLock,
  createPrivateFolder,
  LockedError,
  readFileIfPresent,
  tryFileLock,
  writeFileAtomically,
} from '../../../infra/embedded/data-folder.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'

const MODULE = path.resolve('infra/embedded/data-folder.ts')

let folder: string
let child: ChildProcess | undefined

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-data-'))
})

afterEach(() => {
  child?.kill('SIGKILL')
  fs.rmSync(folder, { recursive: true })
})

describe('acquireDataFolderLock', () => {
  it('creates the folder, its parents too, for its owner only, and nothing in it for others', () => {
    const deep = path.join(folder, 'a', 'b')
    const lock = acquireDataFolderLock(deep)
    expect(mode(deep)).toBe(0o700)
    for (const file of fs.readdirSync(deep)) expect(mode(path.join(deep, file))).toBe(0o600)
    lock.release()
  })

  it('refuses a second holder, naming the folder and the process that holds it', () => {
    const lock = acquireDataFolderLock(folder)
    expect(() => acquireDataFolderLock(folder)).toThrow(LockedError)
    expect(() => acquireDataFolderLock(folder)).toThrow(
      `The data folder ${folder} is in use by process ${process.pid}. Stop that server first`,
    )
    lock.release()
  })

  it('lets the next one in after a release, which may be repeated without harm to the next one', () => {
    const first = acquireDataFolderLock(folder)
    first.release()
    const second = acquireDataFolderLock(folder)
    first.release()
    expect(() => acquireDataFolderLock(folder)).toThrow(LockedError)
    second.release()
  })

  it('keeps two folders apart', () => {
    const one = acquireDataFolderLock(path.join(folder, 'one'))
    const two = acquireDataFolderLock(path.join(folder, 'two'))
    one.release()
    two.release()
  })

  it('is held against another process, and is free as soon as that is killed', async () => {
    child = await spawnHolder()
    expect(() => acquireDataFolderLock(folder)).toThrow(`is in use by process ${child.pid}.`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = acquireDataFolderLock(folder)
    expect(readFileIfPresent(path.join(folder, 'server.pid'))).toBe(`${process.pid}\n`)
    lock.release()
  })

  it('says so without a process id while that is not written yet', async () => {
    child = await spawnHolder()
    fs.rmSync(path.join(folder, 'server.pid'))
    expect(() => acquireDataFolderLock(folder)).toThrow('is in use by another process.')
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  async function spawnHolder(): Promise<ChildProcess> {
    const script = `
      import { acquireDataFolderLock } from ${JSON.stringify(MODULE)}
      globalThis.lock = acquireDataFolderLock(${JSON.stringify(folder)})
      process.stdout.write('held')
      setInterval(() => globalThis.lock, 1_000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    return holder
  }
})

describe('tryFileLock', () => {
  it('gives up after the wait and answers nothing, and is free again after the release', () => {
    const file = path.join(folder, 'clients.lock')
    const lock = tryFileLock(file, 0)
    expect(tryFileLock(file, 20)).toBeUndefined()
    lock?.release()
    const next = tryFileLock(file, 0)
    expect(next).toBeDefined()
    next?.release()
  })

  it('throws what is not a lock, such as a file that is no lock file', () => {
    const file = path.join(folder, 'other')
    fs.writeFileSync(file, 'this is not a database at all, '.repeat(40))
    expect(() => tryFileLock(file, 0)).toThrow(StoreUnavailableError)
    expect(() => tryFileLock(file, 0)).toThrow('file is not a database')
  })
})

describe('writeFileAtomically', () => {
  it('writes the text with exactly this mode, whatever the umask and the mode before', () => {
    const file = path.join(folder, 'public')
    const umask = process.umask(0o077)
    try {
      writeFileAtomically(file, 'one', 0o644)
      expect(mode(file)).toBe(0o644)
      writeFileAtomically(file, 'two', 0o600)
      expect(mode(file)).toBe(0o600)
    } finally {
      process.umask(umask)
    }
    expect(fs.readFileSync(file, 'utf8')).toBe('two')
    expect(fs.readdirSync(folder)).toEqual(['public'])
  })

  it('replaces the file instead of changing it, so that a reader never sees half of it', () => {
    const file = path.join(folder, 'file')
    writeFileAtomically(file, 'the old text', 0o600)
    const reader = fs.openSync(file, 'r')
    writeFileAtomically(file, 'new', 0o600)
    expect(fs.readFileSync(reader, 'utf8')).toBe('the old text')
    fs.closeSync(reader)
    expect(fs.readFileSync(file, 'utf8')).toBe('new')
  })

  it('leaves nothing behind when it fails', () => {
    fs.mkdirSync(path.join(folder, 'taken', 'inside'), { recursive: true })
    expect(() => writeFileAtomically(path.join(folder, 'taken'), 'x', 0o600)).toThrow()
    expect(fs.readdirSync(folder)).toEqual(['taken'])
  })
})

describe('createPrivateFolder', () => {
  it('leaves a folder that exists as it is', () => {
    fs.chmodSync(folder, 0o750)
    createPrivateFolder(folder)
    expect(mode(folder)).toBe(0o750)
  })
})

describe('readFileIfPresent', () => {
  it('tells an absent file from one that cannot be read', () => {
    expect(readFileIfPresent(path.join(folder, 'absent'))).toBeUndefined()
    expect(() => readFileIfPresent(folder)).toThrow('EISDIR')
  })
})

function mode(file: string): number {
  return fs.statSync(file).mode & 0o777
}
