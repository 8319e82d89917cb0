import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { newDataFolder } from '../../support/running-vault.ts'
import { until } from '../../support/until.ts'

/** A busy machine takes its time. */
const WITHIN_MS = 30_000

let folder: string
let child: ChildProcess
let said: string

beforeEach(async () => {
  folder = await newDataFolder()
  said = ''
})

afterEach(() => fs.rmSync(folder, { recursive: true }))

/** Starts the vault by this command, in a session of its own as a supervisor would, and waits for its address. */
async function start(program: string, args: readonly string[]): Promise<string> {
  child = spawn(program, args, {
    detached: true,
    env: { PATH: process.env['PATH'], PORT: '0', TLS_PORT: '0', FLOW_VAULT_DATA: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  const address = () => /^ {2}API +(http:\/\/[^/\s]+)/m.exec(said)?.[1]
  await until(async () => address() !== undefined, Boolean, WITHIN_MS)
  return address()!
}

const STARTED_BY = [
  ['npm start', 'npm', ['start']],
  ['the command of the package', process.execPath, ['infra/package/flow-vault.cjs', 'start']],
] as const

describe.each(STARTED_BY)('a vault started by %s', (_, program, args) => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'drains at %s to that process, and frees the folder',
    async (signal) => {
      await start(program, args)
      // Not `exit`, after which what was said last may still be on its way.
      const ended = once(child, 'close')
      child.kill(signal)
      await ended
      await until(async () => !fs.existsSync(path.join(folder, 'server.pid')), Boolean, WITHIN_MS)
      expect(said).toContain('stopping: requests under way may end')
      // The log is moved into the database and removed only by a close.
      expect(fs.existsSync(path.join(folder, 'vault.db-wal'))).toBe(false)
    },
    60_000,
  )
})

describe('a vault whose output nobody reads any more', () => {
  it('goes on serving, and stops as ever', async () => {
    const url = await start(process.execPath, ['infra/package/flow-vault.cjs', 'start'])
    const exited = once(child, 'exit')
    child.stdout!.destroy()
    child.stderr!.destroy()
    for (let n = 0; n < 20; n++) expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(child.exitCode).toBeNull()
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(fs.existsSync(path.join(folder, 'vault.db-wal'))).toBe(false)
  }, 60_000)
})
