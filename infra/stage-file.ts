import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as z from 'zod'
import { type Config, ENV, type EnvName, readConfig } from '../functions/config.ts'
import { missing, refusal, SettingsError } from '../shared/settings/read-environment.ts'
import { contradictionsIn } from './stage-contradictions.ts'
import { STAGE_SCHEMA } from './stage-schema.ts'

/** A stage's name is a part of every name in it, and functions have 64 characters for theirs. */
export const STAGE_NAME = /^[a-z][a-z0-9-]{0,23}$/
/** So that a stage is checked by the very rules that its functions start with. */
const PLACEHOLDER = { [ENV.deployment]: 'stage', [ENV.tableName]: 'placeholder' }

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
    throw new SettingsError(refusal('stage', stage, 'a letter and up to 23 of a-z, 0-9 and -'))
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
  const dropped = droppedMembers(content)
  if (dropped.length > 0) throw refused(file, dropped)
  const parsed = STAGE_SCHEMA.safeParse(content, { error: shapeOf })
  if (!parsed.success) {
    throw refused(
      file,
      parsed.error.issues.flatMap((issue) => problemsOf(issue, content)),
    )
  }
  const { $schema: _, ...settings } = parsed.data
  const contradictions = contradictionsIn(settings)
  if (contradictions.length > 0) throw refused(file, contradictions)
  const variables = variablesOf(settings)
  const environment = { [ENV.deployment]: stage, ...environmentOf(variables) }
  try {
    readConfig({ ...PLACEHOLDER, ...environment, [ENV.awsEndpointUrl]: awsEndpointUrl })
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    let words = error.message
    for (const [variable, member] of variables) words = words.replaceAll(variable, member)
    throw refused(file, words.split('\n'))
  }
  return { ...settings, stage, environment }
}

/** zod leaves a member of this name out without a word, wherever any name may stand. */
function droppedMembers(content: unknown, at: readonly string[] = []): string[] {
  if (typeof content !== 'object' || content === null) return []
  return Object.entries(content).flatMap(([name, value]) => {
    const path = [...at, name]
    return name === '__proto__'
      ? [`${path.join('.')} is not a setting. Allowed: any other name.`]
      : droppedMembers(value, path)
  })
}

function refused(file: string, problems: readonly string[]): SettingsError {
  return new SettingsError(problems.map((problem) => `${file}: ${problem}`).join('\n'))
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
): readonly (readonly [variable: EnvName, member: string, value: string | undefined])[] {
  const named = settings.web?.domain ?? settings.edge ?? settings.domain
  const publicUrl = named === undefined ? settings.publicUrl : `https://${named.name}`
  return [
    [ENV.issuer, 'issuer', settings.issuer],
    [ENV.audience, 'audience', settings.audience],
    [ENV.tenantClaim, 'tenantClaim', settings.tenantClaim],
    [ENV.tenantMapping, 'tenantMapping', settings.tenantMapping],
    [ENV.scopeClaim, 'scopeClaim', settings.scopeClaim],
    [ENV.jwksUrl, 'jwksUrl', settings.jwksUrl],
    [ENV.secretStore, 'secretStore', settings.secretStore],
    [ENV.rateLimitPerSecond, 'rateLimit', settings.rateLimit?.toString()],
    [ENV.publicUrl, 'publicUrl', publicUrl],
    [ENV.returnTo, 'returnTo', settings.returnTo.join(',')],
    [ENV.corsOrigins, 'corsOrigins', settings.corsOrigins.join(',')],
    [ENV.maxConnections, 'maxConnections', settings.maxConnections?.toString()],
    [ENV.headless, 'headless', settings.headless ? 'true' : undefined],
    [ENV.allowHosts, 'allowHosts', settings.allowHosts.join(',')],
    [ENV.logLevel, 'logLevel', settings.logLevel],
  ]
}

function environmentOf(variables: ReturnType<typeof variablesOf>): Partial<Record<EnvName, string>> {
  const set = variables.filter(([, , value]) => value !== undefined && value !== '')
  return Object.fromEntries(set.map(([variable, , value]) => [variable, value]))
}

/** What is allowed where a whole member is of another shape, in words that are no library's. */
function shapeOf(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' ? SHAPES[issue.expected] : undefined
}

const SHAPES: Readonly<Record<string, string>> = {
  array: 'a list in square brackets',
  object: 'an object in braces',
  record: 'an object in braces',
  string: 'text',
}

/** The names that may stand beside each other at a place of the file. */
function namesAt(path: readonly PropertyKey[]): string {
  let place = z.toJSONSchema(STAGE_SCHEMA, { io: 'input' })
  for (const key of path) place = place.properties?.[String(key)] as typeof place
  return Object.keys(place.properties ?? {}).join(', ')
}

function problemsOf(issue: z.core.$ZodIssue, content: unknown): string[] {
  const at = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const allowed = namesAt(issue.path)
    return issue.keys.map(
      (key) => `${at === '' ? key : `${at}.${key}`} is not a setting. Allowed: ${allowed}.`,
    )
  }
  const value = issue.path.reduce<unknown>(
    (inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  )
  return [
    value === undefined ? missing(at, issue.message) : refusal(at === '' ? 'it' : at, value, issue.message),
  ]
}
