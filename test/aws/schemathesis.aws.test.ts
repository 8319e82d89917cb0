import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { offlineDocument } from '../support/offline-document.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

/*
 * Schemathesis, a fuzzer of others, reads the OpenAPI document and asks a running vault: what two readers of the
 * document agree on is what it says.
 */

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]
/** About a minute and a half for all operations. */
const MAX_EXAMPLES = 40
const SEED = 20_240_601

let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault()
})

afterAll(async () => {
  await vault.stop()
})

test('what the vault answers is what its document says, by Schemathesis', async () => {
  const document = path.join(vault.folder, 'offline-openapi.json')
  writeFileSync(document, JSON.stringify(offlineDocument(vault.url)))
  const run = await runSchemathesis([
    'run',
    document,
    ...['--url', vault.url],
    ...['--header', `Authorization: Bearer ${await vault.token({ tenant: 'schemathesis' })}`],
    ...['--checks', CHECKS.join(',')],
    ...['--phases', 'examples,coverage,fuzzing'],
    ...['--max-examples', String(MAX_EXAMPLES)],
    ...['--seed', String(SEED)],
    ...['--continue-on-failure', '--no-color'],
  ])
  if (run.code !== 0) throw new Error(run.output)
  expect(vault.log().filter((line) => line.includes('"level":"ERROR"'))).toEqual([])
}, 600_000)

async function runSchemathesis(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const bin = process.env['FLOW_VAULT_TEST_PYTHON_BIN']
  if (bin === undefined)
    throw new Error('FLOW_VAULT_TEST_PYTHON_BIN is not set: run this with npm run test:aws')
  // A folder of its own: it keeps a database of examples where it runs.
  const child = spawn(path.join(bin, 'schemathesis'), args, { cwd: vault.folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, output }
}
