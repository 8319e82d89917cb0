import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { ENV } from '../../functions/config.ts'
import { type Bundle, bundleFunction } from '../../infra/constructs/bundle-function.ts'
import { FUNCTION_TABLE, folderOf, type VaultFunctionName } from '../../infra/function-table.ts'
import { printTable, type Row } from './table.ts'

const run = promisify(execFile)
const STARTS = 20
const ROOT = path.resolve(import.meta.dirname, '../..')
const KEY_ARN = 'arn:aws:kms:us-east-1:000000000000:key/bench'
const LARGEST_PACKAGES = 6
/**
 * 90 KB of it are Lambda's client, for one call: its schemas have computed keys, so none of them is dropped. To load it
 * at the first call from within the file gained nothing, and to leave it out 10 to 20 ms of the processor.
 */
const CREDENTIALS_AIM = '<= 580 KB, <= 75 ms over empty'

/** What each function is started with; nothing is called, so nothing of it has to exist. */
const SETTINGS: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  [ENV.deployment]: 'bench',
  [ENV.deploymentId]: 'bench',
  [ENV.tableName]: 'bench',
  [ENV.wrappingKeyArn]: KEY_ARN,
  [ENV.digestKeyArn]: KEY_ARN,
  [ENV.issuer]: 'https://issuer.example.test/',
  [ENV.audience]: 'bench',
  [ENV.tenantClaim]: 'tenant',
  [ENV.publicUrl]: 'https://vault.example.test',
  [ENV.grantsFunction]: 'bench',
  [ENV.workQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/bench',
  [ENV.freezeQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/bench-freezes',
}

/** A request that each HTTP function answers by itself; the others are loaded and not called. */
const FIRST_REQUESTS: Partial<Record<VaultFunctionName, string>> = {
  api: 'GET /healthz',
  credentials: 'GET /api/v2/flows/vault/connections/{id}/credentials',
  authorize: 'GET /oauth/start',
}

/**
 * A second start of the same file by the same Node. A bundle can carry such a cache only when it was made under the
 * path, the user, the processor and the very version of Node that Lambda runs it with: node keeps it by these, and
 * compiles anew when one differs. So ours carries none, and the row says what one would be worth.
 */
const WARM = 'credentials with a warm compile cache'

/**
 * Prints what each function's bundle weighs, and how long a cold Node process takes from its start to the first
 * answer, beside a handler that does nothing: the median of 20 starts, in turns, so that a busy moment hits
 * all. The best start tells more than the median where other work shares the machine.
 */
export async function benchBundles(): Promise<void> {
  const bundles = [...new Set(FUNCTION_TABLE.map(folderOf))].map((name) => ({
    name,
    ...bundleFunction(name, 'secrets-manager'),
  }))
  const files = [
    { name: 'empty', file: writeEmptyHandler(), env: {} },
    ...bundles.map(({ name, folder }) => ({ name, file: path.join(folder, 'index.js'), env: {} })),
  ]
  const hot = files.find(({ name }) => name === 'credentials')!
  const warm = { ...hot, name: WARM, env: { NODE_COMPILE_CACHE: path.join(ROOT, '.cache', 'compiled') } }
  await startMs(warm)
  const startsMs = new Map<string, number[]>([...files, warm].map(({ name }) => [name, []]))
  for (let start = 0; start < STARTS; start++) {
    for (const started of [...files, warm]) startsMs.get(started.name)?.push(await startMs(started))
  }
  const shown = (name: string) => {
    const sorted = (startsMs.get(name) ?? []).toSorted((a, b) => a - b)
    return `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms (best ${Math.round(sorted[0] ?? 0)})`
  }
  const rows = bundles.map(({ name, bytes }): Row => {
    return {
      what: `${name}: KB, and ms from process start to ${FIRST_REQUESTS[name] === undefined ? 'loaded' : 'first answer'}`,
      value: `${(bytes / 1024).toFixed(0)} KB, ${shown(name)}`,
      beside: shown('empty'),
      ...(name === 'credentials' ? { aim: CREDENTIALS_AIM } : {}),
    }
  })
  rows.push({ what: WARM, value: shown(WARM), beside: shown('empty') })
  printTable('Function bundles, cold, beside an empty handler', rows)
  const largest = bundles.map(({ name, inputs }): Row => ({ what: name, value: largestPackages(inputs) }))
  printTable('What is in them, the largest packages first (KB)', largest)
}

function writeEmptyHandler(): string {
  const folder = path.join(ROOT, '.cache', 'bundles', 'empty')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, 'index.js')
  // Lambda unpacks a bundle where no package.json says that it is a module; here ours would.
  writeFileSync(path.join(folder, '..', 'package.json'), '{ "type": "commonjs" }\n')
  writeFileSync(file, 'exports.handler = async () => ({ statusCode: 200 })\n')
  return file
}

interface Started {
  readonly name: string
  readonly file: string
  readonly env: Readonly<Record<string, string>>
}

/** Milliseconds from the start of a new process to the answer to `routeKey`, or until the bundle is loaded. */
async function startMs({ name, file, env }: Started): Promise<number> {
  const routeKey = name === WARM ? FIRST_REQUESTS.credentials : FIRST_REQUESTS[name as VaultFunctionName]
  const event = JSON.stringify({
    version: '2.0',
    routeKey: routeKey ?? '',
    rawPath: '/',
    rawQueryString: '',
    headers: { host: 'vault.example.test' },
    requestContext: {
      requestId: 'bench',
      domainName: 'vault.example.test',
      http: { method: 'GET', path: '/', sourceIp: '192.0.2.1' },
    },
    isBase64Encoded: false,
  })
  const answer = routeKey === undefined ? '' : `await handler(${event});`
  const script = `(async () => { const { handler } = require(${JSON.stringify(file)}); ${answer} process.stderr.write(String(performance.now())) })()`
  const { stderr } = await run(process.execPath, ['--eval', script], { env: { ...SETTINGS, ...env } })
  const ms = Number(stderr)
  if (!(ms > 0)) throw new Error(`${file} did not start: ${stderr}`)
  return ms
}

function largestPackages(inputs: Bundle['inputs']): string {
  const kilobytes = new Map<string, number>()
  for (const [file, bytes] of Object.entries(inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'our own'
    kilobytes.set(name, (kilobytes.get(name) ?? 0) + bytes / 1024)
  }
  const sorted = [...kilobytes].sort(([, a], [, b]) => b - a).slice(0, LARGEST_PACKAGES)
  return sorted.map(([name, size]) => `${name} ${size.toFixed(0)}`).join(', ')
}
