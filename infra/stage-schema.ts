import * as z from 'zod'
import { MAX_INSTANCES, NEW_ACCOUNT } from '../functions/config.ts'
import { LOG_LEVELS } from '../shared/ports/log.ts'
import type { Format } from '../shared/settings/read-environment.ts'
import { BASE_URL, ORIGINS, SERVICE_URL, shaped, TENANT } from '../shared/settings/setting-formats.ts'
import { SHARED_SETTINGS } from '../shared/settings/setting-table.ts'
import { AUDIENCE_PARAMETERS } from './web/page-config.ts'

/** SQS gives a function between 2 and 1,000 messages at a time (Lambda developer guide, SQS event sources). */
const MIN_WORKERS = 2
/** The most workers of a stage: Lambda keeps 100 of an account's 1,000 instances unreserved. */
export const MAX_WORKERS = 400
const DEFAULT_WORKERS = 5
const MAX_RESERVED = 1000
const KEY_ARN = shaped(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'the ARN of a KMS key')
const TABLE_NAME = shaped(/^[A-Za-z0-9_.-]{3,255}$/, 'the name of a DynamoDB table')
const CERTIFICATE_ARN = shaped(
  /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
  'the ARN of a certificate in ACM',
)
const BACKUP_VAULT_ARN = shaped(
  /^arn:[a-z-]+:backup:[a-z0-9-]+:\d{12}:backup-vault:[A-Za-z0-9_-]{2,50}$/,
  'the ARN of a backup vault',
)
/** AWS Backup keeps nothing for more than a century (AWS Backup quotas). */
const MAX_BACKUP_DAYS = 36_500
/** A new table is ready for these, units a second (DynamoDB developer guide, warm throughput); more is paid for. */
const NEW_TABLE = { writes: 4_000, reads: 12_000 } as const
/** Ten times what an account lets a table have before its quota is raised. */
const MAX_WARM_UNITS = 400_000
/** A flow that fetches three times a second does not reach it. */
const DEFAULT_REQUESTS_PER_ADDRESS = 1000
const TOPIC_ARN = shaped(
  /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/,
  'the ARN of an SNS topic',
)
/** One of a list. */
const ORIGIN = { ...ORIGINS, allowed: 'an https origin, such as https://app.example.com (http on loopback)' }
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
  tenantKeys: z
    .array(text(TENANT))
    .describe('Tenants with a KMS key of their own, at $1 a month and more each.')
    .default([]),
  logLevel: z
    .enum(LOG_LEVELS, { error: LOG_LEVELS.join(', ') })
    .describe('How much is logged.')
    .default('INFO'),
  rateLimit: whole(1, 1_000_000).describe('Management requests a second and tenant.').optional(),
  maxConnections: whole(1, 100_000_000).describe('How many connections a tenant may have.').optional(),
  publicUrl: text(BASE_URL)
    .describe('Where browsers reach the vault, when something stands before the API that CDK does not make.')
    .optional(),
  returnTo: z.array(text(ORIGIN)).describe('Origins a person may be sent back to.').default([]),
  headless: z
    .boolean({ error: 'true or false' })
    .describe('Authorization links lead to the provider at once.')
    .default(false),
  allowHosts: z
    .array(text(HOST_PORT))
    .describe('What may be private or plain http; for an emulator on loopback only.')
    .default([]),
  corsOrigins: z.array(text(ORIGIN)).describe('Origins whose pages may call the API.').default([]),
  workers: whole(MIN_WORKERS, MAX_WORKERS)
    .describe('Instances of grants that work the queue of rotations.')
    .default(DEFAULT_WORKERS),
  instances: whole(NEW_ACCOUNT, MAX_INSTANCES)
    .describe('Functions that the account may run at a time: its quota "Concurrent executions".')
    .default(NEW_ACCOUNT),
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
      runbook: text(shaped(/^[\x21-\x7e]{1,300}$/, 'a path or a URL'))
        .describe('Where docs/runbook.md is found by who is on duty; the link of each alarm begins with it.')
        .default('docs/runbook.md'),
    })
    .prefault({}),
  canary: z
    .boolean({ error: 'true or false' })
    .describe('A new version of api and credentials serves a tenth of the calls for five minutes first.')
    .default(false),
  backup: z
    .strictObject({
      keepDays: whole(7, MAX_BACKUP_DAYS).describe('How long a daily copy of both tables is kept.'),
      copyTo: text(BACKUP_VAULT_ARN)
        .describe('A backup vault of another account or Region that gets each copy too.')
        .optional(),
    })
    .describe('Daily copies by AWS Backup, beside the 35 days of point-in-time recovery.')
    .optional(),
  warmThroughput: z
    .strictObject({
      writes: whole(NEW_TABLE.writes, MAX_WARM_UNITS).describe('Units a second; a new table has 4,000.'),
      reads: whole(NEW_TABLE.reads, MAX_WARM_UNITS).describe('Units a second; a new table has 12,000.'),
    })
    .describe(
      'What tables and indexes are ready for from the start, before a big import. AWS never lowers it.',
    )
    .optional(),
  edge: z
    .strictObject({
      name: text(HOST_NAME).describe('The host name that people and flows use.'),
      certificateArn: text(CERTIFICATE_ARN).describe('Of us-east-1, where CloudFront looks.'),
      requestsPerAddress: whole(10, 2_000_000_000)
        .describe('Requests of one address in five minutes; what is over is refused.')
        .default(DEFAULT_REQUESTS_PER_ADDRESS),
    })
    .describe('CloudFront and WAF before the API. Needs domain, which is where CloudFront finds it.')
    .optional(),
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
        .array(text(ORIGIN))
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
      tenantKeyArns: z
        .record(z.string(), text(KEY_ARN))
        .describe('By tenant of tenantKeys, its key that is there; others get a new one.')
        .default({})
        // A tenant may be called as a member that every object has, such as constructor.
        .transform((arns) => new Map(Object.entries(arns))),
      deploymentId: text(shaped(/^[a-z0-9]{1,32}$/, 'a DeploymentId'))
        .describe('Whose secrets they are, when another data stack made them: its output DeploymentId.')
        .optional(),
    })
    .describe('Data that another deployment made: nothing of it is made, changed or removed.')
    .optional(),
  tags: z
    .record(z.string(), text(shaped(/^.{0,256}$/, 'text of at most 256 characters')))
    .describe('Tags of everything that is made.')
    .default({}),
})

/** Every option, for templates that are looked at and never deployed. */
export const EVERY_OPTION = {
  tokenUrl: 'https://tenant.example.com/oauth/token',
  corsOrigins: ['https://app.example.com'],
  reservedInstances: { api: 10, credentials: 50 },
  alarms: { email: 'on-duty@example.com', runbook: 'https://wiki.example.com/vault' },
  domain: {
    name: 'vault.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
  },
  web: { clientId: 'flow-vault-page' },
  tenantKeys: ['acme'],
  canary: true,
  backup: {
    keepDays: 90,
    copyTo: 'arn:aws:backup:eu-west-1:444455556666:backup-vault:copies',
  },
  warmThroughput: { writes: 10_000, reads: 20_000 },
  edge: {
    name: 'flows.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/66666666-7777-8888-9999-000000000000',
  },
  tags: { team: 'integrations' },
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
