import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as z from 'zod'
import { type Config, ENV, type EnvName, readConfig } from '../functions/config.ts'
import { LOG_LEVELS } from '../shared/ports/log.ts'
import { type Format, SettingsError } from '../shared/settings/read-environment.ts'
import { BASE_URL, ORIGINS, SERVICE_URL, shaped } from '../shared/settings/setting-formats.ts'
import { SHARED_SETTINGS } from '../shared/settings/setting-table.ts'
import { AUDIENCE_PARAMETERS } from './web/page-config.ts'

/** A stage's name is a part of every name in it, and functions have 64 characters for theirs. */
const STAGE_NAME = /^[a-z][a-z0-9-]{0,23}$/
/** SQS gives a function between 2 and 1,000 messages at a time (Lambda developer guide, SQS event sources). */
const MIN_WORKERS = 2
/** The most workers of a stage: Lambda keeps 100 of an account's 1,000 instances unreserved. */
export const MAX_WORKERS = 400
const DEFAULT_WORKERS = 5
const MAX_RESERVED = 1000
/** So that a stage is checked by the very rules that its functions start with. */
const PLACEHOLDER = { [ENV.deployment]: 'stage', [ENV.tableName]: 'placeholder' }

const KEY_ARN = shaped(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'the ARN of a KMS key')
const TABLE_NAME = shaped(/^[A-Za-z0-9_.-]{3,255}$/, 'the name of a DynamoDB table')
const CERTIFICATE_ARN = shaped(
  /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
  'the ARN of a certificate in ACM',
)
const TOPIC_ARN = shaped(
  /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/,
  'the ARN of an SNS topic',
)
const HOST_NAME = shaped(/^(?=.{1,253}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/, 'a host name in lower case')
const HOST_PORT = shaped(/^[^,\s]+:\d{1,5}$/, 'a host:port pair')

const reserved = (what: string) =>
  whole(1, MAX_RESERVED).describe(`Instances of ${what} that nobody else of the account may use.`).optional()

/** A deployment, as its file says it. Each member is documented for editors, and in docs/deploy.md. */
export const STAGE_SCHEMA = z.strictObject({
  $schema: z.string().optional(),
  issuer: text(SERVICE_URL).describe('Whose tokens are accepted: the `iss` of an OpenID provider.'),
  audience: text(shaped(/^[\x21-\x7e]{1,500}$/, 'visible ASCII')).describe('The `aud` of the tokens.'),
  tenantClaim: text(shaped(/^[\x21-\x7e]{1,200}$/, 'the name of a claim')).describe(
    'The claim that holds the tenant.',
  ),
  tenantMapping: text(SHARED_SETTINGS.tenantMapping)
    .describe('How a tenant is made of the claim, where its characters are others.')
    .optional(),
  scopeClaim: text(SHARED_SETTINGS.scopeClaim).describe('The claim that holds the scopes.').optional(),
  jwksUrl: text(SERVICE_URL)
    .describe("Where the issuer's keys are, when it has no discovery document.")
    .optional(),
  tokenUrl: text(SERVICE_URL)
    .describe('Where POST /oauth/token is passed on to; without it the vault has no such path.')
    .optional(),
  secretStore: z
    .enum(['secrets-manager', 'sealed'], { error: 'secrets-manager, sealed' })
    .describe('Where what people enter is kept, for the life of the stage.')
    .default('secrets-manager'),
  logLevel: z
    .enum(LOG_LEVELS, { error: LOG_LEVELS.join(', ') })
    .describe('How much is logged.')
    .default('INFO'),
  rateLimit: whole(1, 1_000_000).describe('Management requests a second and tenant.').optional(),
  maxConnections: whole(1, 100_000_000).describe('How many connections a tenant may have.').optional(),
  publicUrl: text(BASE_URL)
    .describe('Where browsers reach the vault, when something stands before the API that CDK does not make.')
    .optional(),
  returnTo: z.array(text(ORIGINS)).describe('Origins a person may be sent back to.').default([]),
  headless: z
    .boolean({ error: 'true or false' })
    .describe('Authorization links lead to the provider at once.')
    .default(false),
  allowHosts: z
    .array(text(HOST_PORT))
    .describe('What may be private or plain http; for an emulator on loopback only.')
    .default([]),
  corsOrigins: z.array(text(ORIGINS)).describe('Origins whose pages may call the API.').default([]),
  workers: whole(MIN_WORKERS, MAX_WORKERS)
    .describe('Instances of grants that work the queue of rotations.')
    .default(DEFAULT_WORKERS),
  reservedInstances: z
    .strictObject({
      api: reserved('api'),
      credentials: reserved('credentials'),
      authorize: reserved('authorize'),
      grants: reserved('grants'),
    })
    .describe('Concurrency set apart. A new account has none to give.')
    .default({}),
  alarms: z
    .strictObject({
      topicArn: text(TOPIC_ARN).describe('A topic that is there; without it one is made.').optional(),
      email: text(shaped(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address'))
        .describe('Who is told: AWS sends a message that has to be confirmed.')
        .optional(),
    })
    .default({}),
  domain: z
    .strictObject({
      name: text(HOST_NAME).describe('The host name of the API; its own address is closed then.'),
      certificateArn: text(CERTIFICATE_ARN).describe('Of the same Region.'),
    })
    .optional(),
  web: z
    .strictObject({
      clientId: text(shaped(/^[\x21-\x7e]{1,200}$/, 'the id of a public client of the issuer')).describe(
        'The page as a client of the issuer, with the redirect URI <page>/vault.',
      ),
      scopes: text(shaped(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'scopes with blanks between them'))
        .describe('What the page asks the issuer for; everything the vault knows when left out.')
        .optional(),
      audienceIn: z
        .enum(AUDIENCE_PARAMETERS, { error: AUDIENCE_PARAMETERS.join(', ') })
        .describe('The parameter that names the audience.')
        .default('audience'),
      origins: z
        .array(text(ORIGINS))
        .describe("Where the issuer's token endpoint is, when not at its own origin.")
        .default([]),
      domain: z
        .strictObject({
          name: text(HOST_NAME).describe('The host name of page and API for browsers.'),
          certificateArn: text(CERTIFICATE_ARN).describe('In us-east-1, as CloudFront wants it.'),
        })
        .optional(),
    })
    .describe('The page for people, by CloudFront; without it there is none.')
    .optional(),
  adopt: z
    .strictObject({
      tableName: text(TABLE_NAME).describe('A table that is there, such as a restored one.'),
      wrappingKeyArn: text(KEY_ARN),
      digestKeyArn: text(KEY_ARN),
      deploymentId: text(shaped(/^[a-z0-9]{1,32}$/, 'a DeploymentId'))
        .describe('Whose secrets they are, when another data stack made them: its output DeploymentId.')
        .optional(),
    })
    .describe('Data that another deployment made: nothing of it is made, changed or removed.')
    .optional(),
  tags: z
    .record(z.string(), text(shaped(/^.{0,256}$/, 'at most 256 characters')))
    .describe('Tags of everything that is made.')
    .default({}),
})

/** Every option, for templates that are looked at and never deployed. */
export const EVERY_OPTION = {
  tokenUrl: 'https://tenant.example.com/oauth/token',
  corsOrigins: ['https://app.example.com'],
  reservedInstances: { api: 10, credentials: 50 },
  alarms: { email: 'on-duty@example.com' },
  domain: {
    name: 'vault.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
  },
  web: { clientId: 'flow-vault-page' },
  tags: { team: 'integrations' },
}

/** What one deployment is made with. */
export interface DeploymentSettings extends Omit<z.output<typeof STAGE_SCHEMA>, '$schema'> {
  /** Part of every name: several deployments may share an account. */
  readonly stage: string
  readonly secretStore: Config['secretStore']
  /** The variables that the file sets, by their names. */
  readonly environment: Readonly<Partial<Record<EnvName, string>>>
}

/** The stages of a folder, by the names of their files. */
export function stageNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !NOT_STAGES.includes(file))
  return files.map((file) => file.slice(0, -'.json'.length)).sort()
}

const NOT_STAGES = ['schema.json', 'example.json']

/**
 * Reads a stage's file. Throws `SettingsError` that names the file, each member that is wrong, its value and what is
 * allowed. `awsEndpointUrl` is where the deployment goes to: only on loopback may hosts be excepted from the guard.
 */
export function readStage(
  folder: string,
  stage: string,
  awsEndpointUrl: string | undefined,
): DeploymentSettings {
  const file = path.join(folder, `${stage}.json`)
  if (!STAGE_NAME.test(stage)) {
    throw new SettingsError(
      `stage=${JSON.stringify(stage)} is not valid. Allowed: a letter and up to 23 of a-z, 0-9 and -.`,
    )
  }
  if (!existsSync(file)) {
    const others = stageNames(folder).join(', ')
    throw new SettingsError(
      `There is no file ${file}. Allowed: ${others === '' ? 'the name of a file in that folder; copy stages/example.json' : others}.`,
    )
  }
  return stageOf(stage, parsedFile(file), awsEndpointUrl, file)
}

/** The settings that a file's content makes. Throws as `readStage` does. */
export function stageOf(
  stage: string,
  content: unknown,
  awsEndpointUrl: string | undefined,
  file = `stages/${stage}.json`,
): DeploymentSettings {
  const parsed = STAGE_SCHEMA.safeParse(content)
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, content))
    throw new SettingsError(problems.map((problem) => `${file}: ${problem}`).join('\n'))
  }
  const { $schema: _, ...settings } = parsed.data
  const environment = { [ENV.deployment]: stage, ...variablesOf(settings) }
  try {
    readConfig({ ...PLACEHOLDER, ...environment, [ENV.awsEndpointUrl]: awsEndpointUrl })
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw new SettingsError(error.message.replaceAll(/^/gm, `${file}: `))
  }
  return { ...settings, stage, environment }
}

function parsedFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new SettingsError(`${file} is not JSON. Allowed: one object; docs/deploy.md lists its members.`)
  }
}

/** What the functions are told: a setting that the file leaves out is left out here too. */
function variablesOf(
  settings: Omit<z.output<typeof STAGE_SCHEMA>, '$schema'>,
): Partial<Record<EnvName, string>> {
  const named = settings.web?.domain ?? settings.domain
  const publicUrl = named === undefined ? settings.publicUrl : `https://${named.name}`
  const all: readonly (readonly [EnvName, string | undefined])[] = [
    [ENV.issuer, settings.issuer],
    [ENV.audience, settings.audience],
    [ENV.tenantClaim, settings.tenantClaim],
    [ENV.tenantMapping, settings.tenantMapping],
    [ENV.scopeClaim, settings.scopeClaim],
    [ENV.jwksUrl, settings.jwksUrl],
    [ENV.secretStore, settings.secretStore],
    [ENV.rateLimitPerSecond, settings.rateLimit?.toString()],
    [ENV.publicUrl, publicUrl],
    [ENV.returnTo, settings.returnTo.join(',')],
    [ENV.corsOrigins, settings.corsOrigins.join(',')],
    [ENV.maxConnections, settings.maxConnections?.toString()],
    [ENV.headless, settings.headless ? 'true' : undefined],
    [ENV.allowHosts, settings.allowHosts.join(',')],
    [ENV.logLevel, settings.logLevel],
  ]
  return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== ''))
}

/** A string of this kind, whose refusal says what is allowed. */
function text(format: Format<unknown>) {
  return z
    .string({ error: format.allowed })
    .refine((value) => z.safeParse(format.schema, value).success, { error: format.allowed })
}

function whole(minimum: number, maximum: number) {
  const error = `a whole number from ${minimum} to ${maximum}`
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, {
      error,
    })
}

function problemsOf(issue: z.core.$ZodIssue, content: unknown): string[] {
  const at = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const place = at === '' ? STAGE_SCHEMA.shape : undefined
    const allowed = place === undefined ? 'what docs/deploy.md lists' : Object.keys(place).join(', ')
    return issue.keys.map(
      (key) => `${at === '' ? key : `${at}.${key}`} is not a setting. Allowed: ${allowed}.`,
    )
  }
  const value = issue.path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  )
  if (value === undefined) return [`${at} is not set. Allowed: ${issue.message}.`]
  return [`${at === '' ? 'it' : at}=${JSON.stringify(value)} is not valid. Allowed: ${issue.message}.`]
}
