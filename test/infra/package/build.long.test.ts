import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { until } from '../../support/until.ts'
import { fetchToken } from '../../support/vault-token.ts'

/** A busy machine takes its time. */
const WITHIN_MS = 30_000
const root = path.resolve('.')
let away: string

beforeAll(() => {
  away = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-package-'))
  const packed = spawnSync('npm', ['pack', '--pack-destination', away], { cwd: root, encoding: 'utf8' })
  expect(packed.stderr).not.toMatch(/npm error/)
  const [archive] = fs.readdirSync(away)
  expect(spawnSync('tar', ['-xzf', archive!], { cwd: away }).status).toBe(0)
}, 120_000)

afterAll(() => fs.rmSync(away, { recursive: true }))

const starter = () => path.join(away, 'package', 'dist', 'flow-vault.cjs')
/** Nothing of the checkout: neither its modules nor its folder. */
const run = (args: readonly string[], nodeOptions: readonly string[] = []) =>
  spawnSync(process.execPath, [...nodeOptions, starter(), ...args], { cwd: away, env: {}, encoding: 'utf8' })

describe('the packed vault', () => {
  it('runs on plain Node with nothing installed beside it: API, reference, and a list by a token', async () => {
    const child = spawn(process.execPath, [starter(), 'start'], {
      cwd: away,
      env: { PORT: '0', TLS_PORT: '0', FLOW_VAULT_DATA: path.join(away, 'data') },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const url = () => /^ {2}API +(http:\/\/[^/\s]+)/m.exec(said)?.[1]
    await until(async () => url() !== undefined, Boolean, WITHIN_MS)
    expect(said).not.toContain('Warning')
    const dev = JSON.parse(fs.readFileSync(path.join(away, 'data', 'dev.json'), 'utf8')) as Record<
      string,
      string
    >
    const token = await fetchToken(url()!, {
      clientId: dev['client_id']!,
      clientSecret: dev['client_secret']!,
      audience: dev['audience']!,
    })
    const answers = await Promise.all(
      [
        '/readyz',
        '/openapi.json',
        '/docs',
        '/docs/swagger-ui-bundle.js',
        '/api/v2/flows/vault/connections',
      ].map((at) => fetch(`${url()}${at}`, { headers: { authorization: `Bearer ${token}` } })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  }, 60_000)

  it.each(['clients', 'rotate-key', 'backup', 'restore', 'connections'])('has the command %s', (command) => {
    const { status, stdout } = run([command, '--help'])
    expect([status, stdout]).toEqual([0, expect.stringContaining('Usage')])
  })

  it('holds no source, no test and no secret of the checkout', () => {
    const names = fs.readdirSync(path.join(away, 'package'), { recursive: true, encoding: 'utf8' })
    expect(names.filter((name) => /(?<!\.d)\.ts$|node_modules|\.flow-vault/.test(name))).toEqual([])
  })

  it('says in one sentence that a Node is too old', () => {
    const older = path.join(away, 'older.cjs')
    fs.writeFileSync(older, `Object.defineProperty(process.versions, 'node', { value: '20.11.0' })`)
    expect(run(['start'], ['-r', older])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^Flow Vault needs Node\.js 24 or newer, and this is v[^\n]*\n$/),
    })
  })
})
