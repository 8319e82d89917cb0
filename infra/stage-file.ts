import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type * as z from 'zod'
import { type Config, ENV, type EnvName, readConfig } from '../functions/config.ts'
import { SettingsError } from '../shared/settings/read-environment.ts'
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
  if (settings.edge !== undefined && settings.domain === undefined)
    throw new SettingsError(`${file}: domain is not set. Allowed: the name by which edge finds the API.`)
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
  const named = settings.web?.domain ?? settings.edge ?? settings.domain
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
