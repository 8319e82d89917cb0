import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { newDataFolder } from '../../support/running-vault.ts'
import { until } from '../../support/until.ts'
import { fetchToken } from '../../support/vault-token.ts'

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

describe('a vault whose reader of the log goes away', () => {
  const CONNECTIONS = '/api/v2/flows/vault/connections'

  it.each([
    ['stdout', ['stdout']],
    ['stderr', ['stderr']],
    ['both', ['stdout', 'stderr']],
  ] as const)(
    'goes on when %s is closed, keeps what it answered, and drains',
    async (_, closed) => {
      const command = ['infra/package/flow-vault.cjs', 'start']
      const url = await start(process.execPath, command)
      const { client_id, client_secret } = JSON.parse(fs.readFileSync(path.join(folder, 'dev.json'), 'utf8'))
      const client = { clientId: client_id, clientSecret: client_secret, audience: `${url}/api/v2/` }
      const headers = {
        authorization: `Bearer ${await fetchToken(url, client)}`,
        'content-type': 'application/json',
      }
      for (const name of closed) child[name]!.destroy()
      const ids: string[] = []
      // The pipe takes nothing from the first line on; each request writes one, and one of the audit.
      for (let made = 0; made < 20; made++) {
        const body = JSON.stringify({
          name: `made ${made}`,
          app_id: 'HTTP',
          setup: { type: 'BEARER', token: 't'.repeat(20) },
        })
        const answer = await fetch(`${url}${CONNECTIONS}`, { method: 'POST', headers, body })
        expect(answer.status).toBe(201)
        ids.push(((await answer.json()) as { id: string }).id)
        expect((await fetch(`${url}${CONNECTIONS}/${ids.at(-1)}/credentials`, { headers })).status).toBe(200)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect(child.exitCode).toBeNull()
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
      said = ''
      const again = await start(process.execPath, command)
      const token = await fetchToken(again, { ...client, audience: `${again}/api/v2/` })
      const list = await fetch(`${again}${CONNECTIONS}?per_page=100`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(((await list.json()) as { id: string }[]).map(({ id }) => id)).toEqual(ids)
      const over = once(child, 'close')
      child.kill('SIGTERM')
      await over
    },
    90_000,
  )
})

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
