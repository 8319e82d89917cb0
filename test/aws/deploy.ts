import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import type { ApiTarget } from '../support/api-target.ts'
import { fetchByHost } from '../support/fetch-by-host.ts'
import { type LocalServer, startLocalServer } from '../support/local-server.ts'
import { PROJECT_ROOT } from '../support/source-files.ts'

const run = promisify(execFile)
/** What was made in this checkout, and would only take time to copy. */
const NOT_OF_A_CHECKOUT = ['node_modules', '.cache', '.git', 'cdk.out', 'dist']
/** MiniStack's only account. */
const ACCOUNT = '000000000000'
const REGION = 'us-east-1'
/** Each takes 10 to 20 s on two idle cores. */
const CDK_TIMEOUT_MS = 240_000
/** Of the tokens, in every stage that is deployed. */
export const AUDIENCE = 'https://vault.example.test/api/v2/'
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
  /** Stacks beside those of data and vault, by what is last in their names. */
  readonly stacks?: readonly string[] | undefined
  /** The name that the API answers to, and where browsers reach the vault, when these are not the API's own. */
  readonly host?: string | undefined
  readonly publicUrl?: string | undefined
}

/** A vault that runs as it would on AWS, deployed by CDK, with an issuer of its own. */
export interface DeployedVault extends ApiTarget {
  readonly stage: string
  /** What API Gateway knows the API by; requests carry it in their Host header. */
  readonly hostHeader: string
  /** Where browsers reach it, without a trailing slash; not to be resolved here, where `fetch` finds it. */
  readonly publicUrl: string
  readonly issuer: string
  /** What the stacks say of themselves, by the names that operators read. */
  readonly outputs: Readonly<Record<string, string>>
}

/** Deploys the stacks of a stage to MiniStack, as `cdk deploy` does to AWS. Throws with what cdk printed. */
export async function deployVault(options: DeployOptions): Promise<DeployedVault> {
  const issuer = await startIssuer()
  try {
    const outputs = await deployStage(options, issuer.url, PROJECT_ROOT)
    return targetOf(options, issuer, outputs)
  } catch (error) {
    await issuer.server.close()
    throw error
  }
}

/**
 * Deploys a stage over the one that is there, with the same issuer, from a checkout of another release: a copy of this
 * one with that version. Answers the outputs of its vault stack; throws with what cdk printed.
 */
export async function deployRelease(
  version: string,
  options: DeployOptions,
  { issuer }: DeployedVault,
): Promise<Record<string, string>> {
  const checkout = await mkdtemp(path.join(PROJECT_ROOT, '.cache', 'release-'))
  try {
    for (const entry of await readdir(PROJECT_ROOT))
      if (!NOT_OF_A_CHECKOUT.includes(entry))
        await cp(path.join(PROJECT_ROOT, entry), path.join(checkout, entry), { recursive: true })
    await symlink(path.join(PROJECT_ROOT, 'node_modules'), path.join(checkout, 'node_modules'))
    const file = path.join(checkout, 'package.json')
    const manifest = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...manifest, version }))
    return await deployStage(options, issuer, checkout)
  } finally {
    await rm(checkout, { recursive: true })
  }
}

/** Writes the file of the stage and deploys it from that checkout; answers the outputs of its vault stack. */
async function deployStage(
  options: DeployOptions,
  issuer: string,
  checkout: string,
): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(PROJECT_ROOT, '.cache', 'deploy-'))
  try {
    const place = { cwd: checkout, folder, env: await toldToFunctions(options) }
    await writeFile(path.join(folder, `${options.stage}.json`), JSON.stringify(stageFileOf(options, issuer)))
    const app = `${process.execPath} --disable-warning=ExperimentalWarning test/aws/app.ts`
    const context = ['--app', app, '--context', `stages=${folder}`, '--context', `stage=${options.stage}`]
    if (checkout === PROJECT_ROOT)
      await cdk(options, ['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...context], place)
    const outputsFile = path.join(folder, 'outputs.json')
    const names = ['Data', 'Vault', ...(options.stacks ?? [])]
    const stacks = names.map((stack) => `FlowVault-${options.stage}-${stack}`)
    const deploy = ['deploy', ...stacks, '--require-approval', 'never', '--outputs-file', outputsFile]
    await cdk(options, [...deploy, ...context], place)
    const outputs = JSON.parse(await readFile(outputsFile, 'utf8')) as Record<string, Record<string, string>>
    return Object.assign({}, ...Object.values(outputs)) as Record<string, string>
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
      env: {},
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What `app.ts` tells the functions: they trust a private authority, and find AWS elsewhere. */
async function toldToFunctions(options: DeployOptions): Promise<Record<string, string>> {
  const { authority, functionsEndpoint, stage } = options
  const file = path.join(PROJECT_ROOT, '.cache', `authority-${stage}.pem`)
  if (authority !== undefined) await writeFile(file, authority)
  return {
    AWS_COMMAND_LINE: path.join(process.env['FLOW_VAULT_TEST_PYTHON_BIN'] ?? '', 'aws'),
    ...(authority === undefined ? {} : { FUNCTIONS_AUTHORITY: file }),
    ...(functionsEndpoint === undefined ? {} : { FUNCTIONS_ENDPOINT: functionsEndpoint }),
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
  { cwd, folder, env: more }: { cwd: string; folder: string; env: Readonly<Record<string, string>> },
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
    ...more,
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
  outputs: Readonly<Record<string, string>>,
): DeployedVault {
  const { ApiId, ApiUrl } = outputs
  if (ApiId === undefined || ApiUrl === undefined) throw new Error('the deployment names no API')
  const hostHeader = options.host ?? `${ApiId}.execute-api.localhost`
  return {
    baseUrl: options.ministackUrl,
    stage: options.stage,
    hostHeader,
    publicUrl: options.publicUrl ?? ApiUrl,
    issuer: issuer.url,
    outputs,
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
