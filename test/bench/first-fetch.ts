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
 * issuer, freezes, row, secret, and the note that it was used. AWS is a server on loopback that answers at once and
 * without TLS, so what is measured is our own; beside it the process until its bundle is loaded.
 */
export async function benchFirstFetch(): Promise<void> {
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
  const aws = await startStores({ id, row, store: { kind: 'secrets-manager', format: STORE_FORMAT, v: 1 } })
  const token = await vault.token(caller)
  const { folder } = bundleFunction('credentials', 'secrets-manager')
  const file = path.join(folder, 'index.js')
  // Lambda unpacks a bundle where no package.json says that it is a module; here ours would.
  writeFileSync(path.join(folder, '../../package.json'), '{ "type": "commonjs" }\n')
  const env = settings(aws.url, token)
  const [servedMs, loadedMs]: [number[], number[]] = [[], []]
  for (let start = 0; start < STARTS; start++) {
    servedMs.push(await startMs(file, env, eventOf(id, token)))
    loadedMs.push(await startMs(file, env, undefined))
  }
  await aws.close()
  await vault.stop()
  const what = 'credentials: ms from process start to the first served fetch'
  printTable('A cold start, to the credential in hand', [
    { what, value: shown(servedMs), beside: `loaded ${shown(loadedMs)}` },
  ])
}

/** DynamoDB and Secrets Manager with this one connection. */
function startStores({ id, row, store }: { id: string; row: Attributes; store: Attributes }) {
  const itemOf = ({ pk, sk }: { pk: { S: string }; sk: { S: string } }) => {
    const key: ItemKey = { partition: pk.S, sort: sk.S }
    if (key.partition === SECRET_STORE_KEY.partition) return encodeItem(key, store)
    return key.sort === id ? encodeItem(key, row) : undefined
  }
  return startLocalServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as { Key: Parameters<typeof itemOf>[0] }
    const operation = String(request.headers['x-amz-target']).split('.')[1]
    const answers: Readonly<Record<string, () => object>> = {
      GetItem: () => ({ Item: itemOf(body.Key) }),
      Query: () => ({ Items: [], Count: 0 }),
      GetSecretValue: () => ({ SecretString: JSON.stringify({ setup: SETUP }) }),
    }
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    response.end(JSON.stringify(answers[operation ?? '']?.() ?? {}))
  })
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

/** Milliseconds of a new process until the event is served, or without one until the bundle is loaded. */
async function startMs(
  file: string,
  env: Record<string, string>,
  event: object | undefined,
): Promise<number> {
  const served =
    event === undefined
      ? ''
      : `const answer = await handler(${JSON.stringify(event)}, {}); if (answer.statusCode !== 200) throw new Error(answer.body);`
  const script = `(async () => { const { handler } = require(${JSON.stringify(file)}); ${served} process.stderr.write(String(performance.now())); process.exit(0) })()`
  const { stderr } = await run(process.execPath, ['--eval', script], { env })
  const ms = Number(stderr)
  if (!(ms > 0)) throw new Error(`the function did not serve: ${stderr}`)
  return ms
}

function shown(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  return `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms (best ${Math.round(sorted[0] ?? 0)})`
}
