import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { until } from '../../support/until.ts'
import { fetchToken } from '../../support/vault-token.ts'

/** A busy machine takes its time. */
const WITHIN_MS = 30_000
const root = path.resolve('.')
const runAsync = promisify(execFile)
const NODES = path.join(root, '.cache/nodes')
/** Where flows run: the oldest Node with security fixes, the one after it, and ours. */
const MAJORS = [20, 22, 24] as const

const SCRIPT = `
const vault = createFlowVault({ url: 'https://vault.example.com', getToken: async () => 't', fetch: async () => Response.json({
  connection_id: 'ac_1', app_id: 'HTTP', credential_version: 1, expires_at: null, usable_for_seconds: null,
  request: { headers: {}, query: {} }, fields: { token: 'from the package' } }) })
const request = { event: {}, context: {}, internal: {} }
flowVault({ vault, connections: { api: 'ac_1' } }).before(request)
  .then(() => vault.credentials('ac_1'))
  .then(({ fields }) => {
    let told
    try { flowVault({ vault, connections: {} }) } catch (error) { told = FlowVaultError.is(error) && error.code }
    console.log(fields.token, request.internal.api.credentialVersion, told)
  })
`
const IMPORTS = `import { createFlowVault, FlowVaultError } from 'flow-vault/client'
import { flowVault } from 'flow-vault/middleware'
`
const REQUIRES = `const { createFlowVault, FlowVaultError } = require('flow-vault/client')
const { flowVault } = require('flow-vault/middleware')
`
const TYPED = `${IMPORTS}
import type { Credential } from 'flow-vault/client'
const vault = createFlowVault({ url: 'https://v.example.com', clientId: 'a', clientSecret: 'b' })
export const credential: Promise<Credential> = vault.credentials('ac_1', { minTtl: 5 })
export const middleware = flowVault({ vault, connections: { twilio: 'ac_1' }, setToContext: true })
// @ts-expect-error an option that does not exist
createFlowVault({ url: 'https://v.example.com', nothing: 1 })
// @ts-expect-error a key that is not there
middleware.before!({} as never).then(({ other }) => other)
export const told: boolean = FlowVaultError.is(undefined)
`

let away: string
let archive: string
let flows: string

/* Server and client in one file: two at a time would build into the same folder. */

beforeAll(() => {
  away = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-package-'))
  const packed = spawnSync('npm', ['pack', '--pack-destination', away], { cwd: root, encoding: 'utf8' })
  expect(packed.stderr).not.toMatch(/npm error/)
  archive = path.join(away, fs.readdirSync(away)[0]!)
  expect(spawnSync('tar', ['-xzf', archive], { cwd: away }).status).toBe(0)
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
    // There are no npm scripts beside it.
    expect(said).toContain(`TOKEN=$(FLOW_VAULT_DATA=${path.join(away, 'data')} flow-vault token)`)
    expect(said).not.toContain('npm')
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
    // The page as the build has made it: its documents, and every file that they load.
    const page = await fetch(`${url()}/vault/health`)
    expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
    const named = [...(await page.text()).matchAll(/(?:src|href)="(\/vault\/[^"]+)"/g)].map(([, at]) => at!)
    expect(named).toHaveLength(3)
    const files = await Promise.all(
      [...named, '/vault/picker.js', '/vault/config.json'].map((at) => fetch(`${url()}${at}`)),
    )
    expect(files.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await files.at(-1)!.json()).toEqual({ sign_in: 'link' })
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  }, 60_000)

  it.each(['clients', 'rotate-key', 'backup', 'restore', 'connections'])('has the command %s', (command) => {
    const { status, stdout } = run([command, '--help'])
    expect([status, stdout]).toEqual([0, expect.stringContaining('Usage')])
    expect(stdout).not.toContain('npm')
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

/** A folder of a flow with the archive installed, and the Nodes that flows run on. */
async function installFlows(): Promise<void> {
  flows = path.join(away, 'flows')
  fs.mkdirSync(flows)
  fs.writeFileSync(path.join(flows, 'package.json'), '{ "private": true }')
  await runAsync('npm', ['install', '--ignore-scripts', archive], { cwd: flows })
  for (const major of MAJORS) {
    const at = path.join(NODES, String(major))
    if (fs.existsSync(nodeOf(major))) continue
    fs.mkdirSync(at, { recursive: true })
    fs.writeFileSync(path.join(at, 'package.json'), '{ "private": true }')
    await runAsync('npm', ['install', `node@${major}`], { cwd: at })
  }
}

function nodeOf(major: number): string {
  return path.join(NODES, String(major), 'node_modules/node/bin/node')
}

describe('the packed client', () => {
  it('brings the types of the picker, and what tools read of custom elements', () => {
    const { exports, customElements } = JSON.parse(
      fs.readFileSync(path.join(away, 'package', 'package.json'), 'utf8'),
    )
    const types = ['./picker', './picker-react', './picker-vue'].map((name) => exports[name].types as string)
    for (const file of [...types, exports['./custom-elements.json'] as string, customElements as string])
      expect(fs.existsSync(path.join(away, 'package', file))).toBe(true)
  })

  beforeAll(installFlows)

  test('brings no other package along', () => {
    expect(fs.readdirSync(path.join(flows, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'flow-vault',
    ])
  })

  test.each(
    MAJORS.flatMap((major) => [
      [major, 'import', 'flow.mjs', IMPORTS + SCRIPT] as const,
      [major, 'require', 'flow.cjs', REQUIRES + SCRIPT] as const,
    ]),
  )('works in Node %s by %s', async (major, _, name, script) => {
    fs.writeFileSync(path.join(flows, name), script)
    const version = await runAsync(nodeOf(major), ['--version'])
    expect(version.stdout).toMatch(new RegExp(`^v${major}\\.`))
    const { stdout } = await runAsync(nodeOf(major), [name], { cwd: flows })
    expect(stdout).toBe('from the package 1 invalid_options\n')
  })

  test.each(['typed.mts', 'typed.cts'])('has types for %s', async (name) => {
    fs.writeFileSync(path.join(flows, name), TYPED)
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--lib',
      'es2023,dom',
      '--types',
      '',
      '--ignoreConfig',
      name,
    ]
    const { stdout } = await runAsync(process.execPath, [compiler, ...options], { cwd: flows }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })
})
