import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = path.resolve(import.meta.dirname, '../..')
const NODES = path.join(ROOT, '.cache/nodes')
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

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flow-client-'))
  await run(process.execPath, [path.join(ROOT, 'tools/build-client.ts')], { cwd: ROOT })
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  await run('npm', ['install', '--ignore-scripts', `./${filename}`], { cwd: folder })
  for (const major of MAJORS) {
    const at = path.join(NODES, String(major))
    if (fs.existsSync(nodeOf(major))) continue
    fs.mkdirSync(at, { recursive: true })
    fs.writeFileSync(path.join(at, 'package.json'), '{ "private": true }')
    await run('npm', ['install', `node@${major}`], { cwd: at })
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function nodeOf(major: number): string {
  return path.join(NODES, String(major), 'node_modules/node/bin/node')
}

describe('the package', () => {
  test('brings no other package along', () => {
    expect(fs.readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(
      ['flow-vault'],
    )
  })

  test.each(
    MAJORS.flatMap((major) => [
      [major, 'import', 'flow.mjs', IMPORTS + SCRIPT] as const,
      [major, 'require', 'flow.cjs', REQUIRES + SCRIPT] as const,
    ]),
  )('works in Node %s by %s', async (major, _, name, script) => {
    fs.writeFileSync(path.join(folder, name), script)
    const version = await run(nodeOf(major), ['--version'])
    expect(version.stdout).toMatch(new RegExp(`^v${major}\\.`))
    const { stdout } = await run(nodeOf(major), [name], { cwd: folder })
    expect(stdout).toBe('from the package 1 invalid_options\n')
  })

  test.each(['typed.mts', 'typed.cts'])('has types for %s', async (name) => {
    fs.writeFileSync(path.join(folder, name), TYPED)
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc')
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
    const { stdout } = await run(process.execPath, [compiler, ...options], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })
})
