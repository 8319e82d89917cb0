import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ENV } from '../../functions/config.ts'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import type { ApiTarget } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { fetchByHost } from '../support/fetch-by-host.ts'
import { type LocalServer, startLocalServer } from '../support/local-server.ts'

const run = promisify(execFile)
const PROJECT_ROOT = path.resolve(import.meta.dirname, '../..')
/** MiniStack's only account. */
const ACCOUNT = '000000000000'
const REGION = 'us-east-1'
/** Each takes 10 to 20 s on two idle cores. */
const CDK_TIMEOUT_MS = 240_000
const AUDIENCE = 'https://vault.example.test/api/v2/'
const TENANT_CLAIM = 'https://vault.example.test/tenant'
const TOKEN_LIFE_SECONDS = 3600

export interface DeployOptions {
  /** The base URL of MiniStack, on loopback. */
  readonly ministackUrl: string
  /** Part of every name; several deployments may stand beside each other. */
  readonly stage: string
  readonly secretStore: 'secrets-manager' | 'sealed'
  /** Tenants with a key of their own. */
  readonly tenantKeys?: readonly string[]
  /** `host:port` pairs that providers may be at. */
  readonly allowHosts?: readonly string[]
  /** The private authority, as PEM, that such providers' certificates come from. */
  readonly authority?: string
  /** Where the functions find AWS: something on loopback that passes their calls on to MiniStack. */
  readonly functionsEndpoint?: string
  /** What else the stage's file says. */
  readonly members?: object
}

/** A vault that runs as it would on AWS, deployed by CDK, with an issuer of its own. */
export interface DeployedVault extends ApiTarget {
  readonly stage: string
  /** What API Gateway knows the API by; requests carry it in their Host header. */
  readonly hostHeader: string
  /** Where browsers reach it, without a trailing slash; not to be resolved here, where `fetch` finds it. */
  readonly publicUrl: string
  readonly issuer: string
}

/** Deploys the data and the vault stack to MiniStack, as `cdk deploy` does to AWS. Throws with what cdk printed. */
export async function deployVault(options: DeployOptions): Promise<DeployedVault> {
  const issuer = await startIssuer()
  try {
    const { ApiId, ApiUrl } = await deployStage(options, issuer.url)
    if (ApiId === undefined || ApiUrl === undefined) throw new Error('the deployment names no API')
    await setVariables(options)
    return targetOf(options, issuer, { hostHeader: `${ApiId}.execute-api.localhost`, publicUrl: ApiUrl })
  } catch (error) {
    await issuer.server.close()
    throw error
  }
}

/** Deploys a stage over the one that is there, with the same issuer. Throws with what cdk printed. */
export async function deployAgain(options: DeployOptions, { issuer }: DeployedVault): Promise<void> {
  await deployStage(options, issuer)
}

/** Writes the file of the stage and deploys it; answers the outputs of its vault stack. */
async function deployStage(options: DeployOptions, issuer: string): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(PROJECT_ROOT, '.cache', 'deploy-'))
  try {
    const place = { cwd: PROJECT_ROOT, folder }
    await writeFile(path.join(folder, `${options.stage}.json`), JSON.stringify(stageFileOf(options, issuer)))
    const context = ['--context', `stages=${folder}`, '--context', `stage=${options.stage}`]
    await cdk(options, ['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...context], place)
    const outputsFile = path.join(folder, 'outputs.json')
    const stacks = ['Data', 'Vault'].map((stack) => `FlowVault-${options.stage}-${stack}`)
    const deploy = ['deploy', ...stacks, '--require-approval', 'never', '--outputs-file', outputsFile]
    await cdk(options, [...deploy, ...context], place)
    const outputs = JSON.parse(await readFile(outputsFile, 'utf8')) as Record<string, Record<string, string>>
    return outputs[`FlowVault-${options.stage}-Vault`] ?? {}
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Deploys what a page of the documentation tells people to write: one stack of a CDK app. Throws with what cdk printed. */
export async function deploySnippet(snippet: {
  ministackUrl: string
  code: string
  stack: string
}): Promise<void> {
  const folder = await mkdtemp(path.join(PROJECT_ROOT, '.cache', 'snippet-'))
  try {
    const file = path.join(folder, 'app.ts')
    await writeFile(file, snippet.code)
    const app = ['--app', `${process.execPath} ${file}`]
    await cdk(snippet, ['deploy', snippet.stack, '--require-approval', 'never', ...app], {
      cwd: PROJECT_ROOT,
      folder,
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Has the functions trust a private authority and find AWS elsewhere, as an operator does: by their variables. */
async function setVariables(options: DeployOptions): Promise<void> {
  const { authority, functionsEndpoint, stage } = options
  if (authority === undefined && functionsEndpoint === undefined) return
  const more: Record<string, string> = {}
  if (authority !== undefined) {
    more['NODE_EXTRA_CA_CERTS'] = path.join(PROJECT_ROOT, '.cache', `authority-${stage}.pem`)
    await writeFile(more['NODE_EXTRA_CA_CERTS'], authority)
  }
  if (functionsEndpoint !== undefined) more['AWS_ENDPOINT_URL'] = functionsEndpoint
  const client = new LambdaClient({ ...emulatorClientConfig('ministack'), endpoint: options.ministackUrl })
  for (const { name } of FUNCTION_TABLE) {
    const FunctionName = functionNameOf(stage, name)
    const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }))
    const Variables = { ...Environment?.Variables, ...more }
    // The SQS client takes the address in a queue's URL for the endpoint.
    for (const variable of [ENV.workQueueUrl, ENV.freezeQueueUrl, ENV.deliveryQueueUrl]) {
      const queue = Variables[variable]
      if (queue !== undefined && functionsEndpoint !== undefined)
        Variables[variable] = new URL(new URL(queue).pathname, functionsEndpoint).href
    }
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }))
  }
}

/** What the stage's file says. */
function stageFileOf(options: DeployOptions, issuer: string): object {
  return {
    secretStore: options.secretStore,
    tenantKeys: options.tenantKeys ?? [],
    issuer,
    audience: AUDIENCE,
    tenantClaim: TENANT_CLAIM,
    // MiniStack adds the path of the request to the address it passes a request on to; API Gateway does not.
    tokenUrl: issuer,
    allowHosts: options.allowHosts ?? [],
    // MiniStack sets none of its functions apart, and has no quota of them.
    instances: 1_000,
    ...options.members,
  }
}

async function cdk(
  options: Pick<DeployOptions, 'ministackUrl'>,
  args: readonly string[],
  { cwd, folder }: { cwd: string; folder: string },
): Promise<void> {
  const binary = path.join(PROJECT_ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk')
  const env = {
    PATH: [path.join(PROJECT_ROOT, 'node_modules', '.bin'), process.env['PATH']].join(path.delimiter),
    HOME: folder,
    AWS_ENDPOINT_URL: options.ministackUrl,
    AWS_ENDPOINT_URL_S3: options.ministackUrl,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  }
  const settings = { cwd, env, timeout: CDK_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 }
  try {
    await run(
      process.execPath,
      [binary, ...args, '--no-notices', '--output', path.join(folder, 'out')],
      settings,
    )
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`cdk ${args[0]} failed:\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`)
  }
}

function targetOf(
  options: DeployOptions,
  issuer: Issuer,
  { hostHeader, publicUrl }: Pick<DeployedVault, 'hostHeader' | 'publicUrl'>,
): DeployedVault {
  return {
    baseUrl: options.ministackUrl,
    stage: options.stage,
    hostHeader,
    publicUrl,
    issuer: issuer.url,
    fetch: fetchByHost(options.ministackUrl, hostHeader),
    token: (tenant, scopes) => issuer.token(tenant, scopes ?? ALL_SCOPES),
    close: () => issuer.server.close(),
  }
}

interface Issuer {
  /** With a slash at its end, as Auth0's is. */
  readonly url: string
  readonly server: LocalServer
  token(tenant: string, scopes: readonly string[]): Promise<string>
}

/** An OpenID issuer on loopback: its keys, and a token endpoint that only shows what reached it. */
async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'RS256', use: 'sig' }
  const server = await startLocalServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    const url = `http://${request.headers.host}/`
    const discovery = { issuer: url, jwks_uri: `${url}keys` }
    if (request.url === '/.well-known/openid-configuration') response.end(JSON.stringify(discovery))
    else if (request.url === '/keys') response.end(JSON.stringify({ keys: [jwk] }))
    else if (request.url === '/oauth/token' && request.method === 'POST') {
      response.end(JSON.stringify({ access_token: 'from-the-issuer', token_type: 'Bearer' }))
    } else {
      response.statusCode = 404
      response.end('{}')
    }
  })
  const url = `${server.url}/`
  return {
    url,
    server,
    token: (tenant, scopes) =>
      new SignJWT({ [TENANT_CLAIM]: tenant, scope: scopes.join(' '), azp: 'test-client' })
        .setProtectedHeader({ alg: 'RS256', kid: 'test', typ: 'at+jwt' })
        .setIssuer(url)
        .setAudience(AUDIENCE)
        .setSubject('test-client@clients')
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_LIFE_SECONDS}s`)
        .sign(privateKey),
  }
}
