import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { ENV } from '../../functions/config.ts'
import { bundleFunction } from '../../infra/constructs/bundle-function.ts'
import { encodeItem } from '../../shared/adapters/dynamodb/attribute-codec.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { SECRET_STORE_KEY } from '../../shared/domain/store-keys.ts'
import type { Attributes, ItemKey } from '../../shared/ports/item-store.ts'
import { STORE_FORMAT } from '../../shared/rows/vault-rows.ts'
import { startLocalServer } from '../support/local-server.ts'
import { type LoopbackCertificate, trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { startRunningVault } from '../support/running-vault.ts'
import { printTable } from './table.ts'

const run = promisify(execFile)
const STARTS = 15
const TENANT = 'bench'
const SETUP = { type: 'BEARER', token: 'bench-bearer-token-0001' }
const CONNECTIONS = '/api/v2/flows/vault/connections'
const ROUTE = `GET ${CONNECTIONS}/{id}/credentials`

/**
 * Prints how long a cold Node process takes from its start to the first fetch that it **serves**: bundle, keys of the
 * issuer, freezes, row, secret, and the note that it was used. AWS is a server on loopback that answers at once, so what
 * is measured is our own; with TLS, because for plain http the SDK loads what it never needs on Lambda. Beside it the process until its bundle is loaded, and one with a handler
 * that does nothing. What the processor worked tells more than the clock where other work shares the machine.
 */
export async function benchColdStart(): Promise<void> {
  const vault = await startRunningVault()
  const caller = { tenant: TENANT }
  const made = await vault.request(caller, 'POST', CONNECTIONS, {
    name: 'bench',
    app_id: 'HTTP',
    setup: SETUP,
  })
  const { id } = (await made.json()) as { id: string }
  const row = await vault.server.vault.items.get(connectionKey(TENANT, id))
  if (row === undefined) throw new Error('the connection has no row')
  const store = { kind: 'secrets-manager', format: STORE_FORMAT, v: 1 }
  const tls = await trustedLoopbackCertificate()
  const aws = await startStores({ id, row, store, tls })
  const token = await vault.token(caller)
  const { folder, bytes } = bundleFunction('credentials', 'secrets-manager')
  const file = path.join(folder, 'index.js')
  // Lambda unpacks a bundle where no package.json says that it is a module; here ours would.
  writeFileSync(path.join(folder, '../../package.json'), '{ "type": "commonjs" }\n')
  const empty = path.join(folder, '../../empty.js')
  writeFileSync(empty, 'exports.handler = async () => ({ statusCode: 200 })\n')
  const authority = path.join(folder, '../../authority.pem')
  writeFileSync(authority, tls.authority)
  const env = { ...settings(aws.url, token), NODE_EXTRA_CA_CERTS: authority }
  const [served, loaded, nothing]: Start[][] = [[], [], []]
  for (let round = 0; round < STARTS; round++) {
    served!.push(await start(file, env, eventOf(id, token)))
    loaded!.push(await start(file, env, undefined))
    nothing!.push(await start(empty, env, eventOf(id, token)))
  }
  await aws.close()
  await vault.stop()
  printTable(`A cold start of credentials, ${(bytes / 1024).toFixed(0)} KB: from process start`, [
    { what: 'to the first served fetch', value: shown(served!), beside: `empty ${shown(nothing!)}` },
    { what: 'to loaded', value: shown(loaded!), beside: `empty ${shown(nothing!)}` },
  ])
}

/** One start, in ms by the clock and by what the processor worked. */
interface Start {
  readonly ms: number
  readonly cpuMs: number
}

interface Stored {
  readonly id: string
  readonly row: Attributes
  readonly store: Attributes
  readonly tls: LoopbackCertificate
}

/** DynamoDB and Secrets Manager with this one connection. */
function startStores({ id, row, store, tls }: Stored) {
  const itemOf = ({ pk, sk }: { pk: { S: string }; sk: { S: string } }) => {
    const key: ItemKey = { partition: pk.S, sort: sk.S }
    if (key.partition === SECRET_STORE_KEY.partition) return encodeItem(key, store)
    return key.sort === id ? encodeItem(key, row) : undefined
  }
  return startLocalServer(
    async (request, response) => {
      const body = JSON.parse(await text(request)) as { Key: Parameters<typeof itemOf>[0] }
      const operation = String(request.headers['x-amz-target']).split('.')[1]
      const answers: Readonly<Record<string, () => object>> = {
        GetItem: () => ({ Item: itemOf(body.Key) }),
        Query: () => ({ Items: [], Count: 0 }),
        GetSecretValue: () => ({ SecretString: JSON.stringify({ setup: SETUP }) }),
      }
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      response.end(JSON.stringify(answers[operation ?? '']?.() ?? {}))
    },
    { tls },
  )
}

function settings(awsUrl: string, token: string): Record<string, string> {
  const { iss = '', aud = '', ...claims } = decodeJwt(token)
  const tenantClaim = Object.entries(claims).find(([, value]) => value === TENANT)?.[0] ?? ''
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: awsUrl,
    [ENV.deployment]: 'bench',
    [ENV.deploymentId]: 'bench',
    [ENV.tableName]: 'bench',
    [ENV.wrappingKeyArn]: 'arn:aws:kms:us-east-1:000000000000:key/bench',
    [ENV.issuer]: iss,
    [ENV.audience]: [aud].flat()[0] ?? '',
    [ENV.tenantClaim]: tenantClaim,
    [ENV.grantsFunction]: 'bench',
  }
}

function eventOf(id: string, token: string): object {
  const rawPath = `${CONNECTIONS}/${id}/credentials`
  return {
    version: '2.0',
    routeKey: ROUTE,
    rawPath,
    rawQueryString: '',
    headers: { host: 'vault.example.test', authorization: `Bearer ${token}` },
    pathParameters: { id },
    requestContext: {
      requestId: 'bench',
      domainName: 'vault.example.test',
      http: { method: 'GET', path: rawPath, sourceIp: '192.0.2.1' },
    },
    isBase64Encoded: false,
  }
}

/** A new process until the event is served, or without one until the bundle is loaded. */
async function start(file: string, env: Record<string, string>, event: object | undefined): Promise<Start> {
  const served =
    event === undefined
      ? ''
      : `const answer = await handler(${JSON.stringify(event)}, {}); if (answer.statusCode !== 200) throw new Error(answer.body);`
  const script = `(async () => { const { handler } = require(${JSON.stringify(file)}); ${served} const { user, system } = process.cpuUsage(); process.stderr.write(JSON.stringify({ ms: performance.now(), cpuMs: (user + system) / 1000 })); process.exit(0) })()`
  const { stderr } = await run(process.execPath, ['--eval', script], { env })
  if (!stderr.startsWith('{')) throw new Error(`the function did not serve: ${stderr}`)
  return JSON.parse(stderr) as Start
}

function shown(starts: readonly Start[]): string {
  const ms = starts.map((one) => one.ms).toSorted((a, b) => a - b)
  const cpuMs = starts.map((one) => one.cpuMs).toSorted((a, b) => a - b)
  const middle = Math.floor(starts.length / 2)
  return `${Math.round(ms[middle] ?? 0)} ms (best ${Math.round(ms[0] ?? 0)}), CPU ${Math.round(cpuMs[middle] ?? 0)} (best ${Math.round(cpuMs[0] ?? 0)})`
}
