import fs from 'node:fs'
import path from 'node:path'
import { CliError, EXIT, fileFailure } from './cli-error.ts'
import type { PersonTokens } from './device-login.ts'
import type { Terminal } from './terminal.ts'

/** How to reach one vault. The secret stands in a file that only its owner reads, or in the environment. */
export interface Profile {
  readonly url: string
  readonly client_id?: string
  readonly client_secret?: string
  readonly token_url?: string
  readonly audience?: string
  /** Where a person signed in, in place of a client's secret, and what that brought. */
  readonly issuer?: string
  readonly person?: PersonTokens
}

export interface ProfileFile {
  readonly current?: string
  readonly profiles: Readonly<Record<string, Profile>>
}

/** A vault to talk to, and where that was said. */
export interface ChosenVault extends Profile {
  readonly token?: string
  readonly from: string
  /** The name of the profile that it is. */
  readonly profile?: string
}

/** Letters, digits, dot, dash and underscore: a name is typed often and stands in a file. */
export const PROFILE_NAME = /^[A-Za-z0-9._-]{1,64}$/

/** XDG's place for configuration, `%APPDATA%` on Windows; FLOW_VAULT_CONFIG names another. */
export function profilePath(env: Terminal['env']): string {
  const named = env['FLOW_VAULT_CONFIG']
  if (named) return path.resolve(named)
  const home = env['XDG_CONFIG_HOME'] || env['APPDATA'] || path.join(env['HOME'] || '.', '.config')
  return path.join(home, 'flow-vault', 'profiles.json')
}

/** The profiles; none when there is no file yet. Throws `CliError` where it cannot be read, others may read it, or it is damaged. */
export function readProfiles(env: Terminal['env']): ProfileFile {
  const file = profilePath(env)
  let text: string
  try {
    const stats = fs.statSync(file)
    if (!stats.isFile())
      throw new CliError(`${file} is no file. FLOW_VAULT_CONFIG names the file of the profiles.`)
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)
      throw new CliError(`Others may read ${file}, which holds secrets. Close it with: chmod 600 ${file}`)
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { profiles: {} }
    throw fileFailure('read', file, error)
  }
  try {
    const parsed = JSON.parse(text) as ProfileFile
    if (typeof parsed.profiles === 'object' && parsed.profiles !== null) return parsed
  } catch {
    // Falls through to the sentence below.
  }
  throw new CliError(`${file} is damaged. Move it away and add the profiles again.`)
}

/** Writes the file anew beside the old one and renames it, readable by its owner only. */
export function writeProfiles(env: Terminal['env'], file: ProfileFile): void {
  const target = profilePath(env)
  const beside = `${target}.${process.pid}`
  try {
    fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
    fs.writeFileSync(beside, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
    fs.renameSync(beside, target)
  } catch (error) {
    throw fileFailure('write', target, error)
  }
}

/** Keeps what a person's sign-in brought with its profile, where that is still there. */
export function keepTokens(env: Terminal['env'], name: string, person: PersonTokens): void {
  const { profiles, ...file } = readProfiles(env)
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile !== undefined)
    writeProfiles(env, { ...file, profiles: { ...profiles, [name]: { ...profile, person } } })
}

/**
 * The vault a command is for: what its options say, the environment, the named or current profile, or the vault whose
 * data folder lies here. Throws with what to do when there is none.
 */
export function chooseVault(
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
  options: { readonly profile?: string; readonly url?: string },
): ChosenVault {
  const fromEnv = {
    ...(env['FLOW_VAULT_TOKEN'] ? { token: env['FLOW_VAULT_TOKEN'] } : {}),
    ...(env['FLOW_VAULT_CLIENT_ID'] ? { client_id: env['FLOW_VAULT_CLIENT_ID'] } : {}),
    ...(env['FLOW_VAULT_CLIENT_SECRET'] ? { client_secret: env['FLOW_VAULT_CLIENT_SECRET'] } : {}),
  }
  const url = options.url ?? (options.profile === undefined ? env['FLOW_VAULT_URL'] : undefined)
  const from = options.url === undefined ? 'FLOW_VAULT_URL' : '--url'
  if (url) return { ...localClient(env, cwd, url), ...fromEnv, url: checkedUrl(url), from }
  const { current, profiles } = readProfiles(env)
  const name = options.profile ?? env['FLOW_VAULT_PROFILE'] ?? current
  if (name !== undefined) {
    const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
    if (profile !== undefined) return { ...profile, ...fromEnv, profile: name, from: `the profile ${name}` }
    throw unknownProfile(name, profiles)
  }
  const local = readDevClient(env, cwd)
  if (local !== undefined) return { ...local, ...fromEnv }
  throw new CliError(
    'Which vault? Start one here with: flow-vault start. Or name one with --url, FLOW_VAULT_URL, or: flow-vault login --url https://vault.example.com',
    EXIT.login,
  )
}

/** The refusal of a name that no profile has, with those that there are. */
export function unknownProfile(name: string, profiles: object): CliError {
  const known = Object.keys(profiles)
  return new CliError(
    `There is no profile "${name}". ${known.length === 0 ? 'Add one with: flow-vault login' : `There are: ${known.join(', ')}.`}`,
    EXIT.login,
  )
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '')
  throw new CliError(`"${url}" is no address of a vault, such as https://vault.example.com.`)
}

/** The first client of a vault that runs here, for as long as the address is that vault's own. */
function localClient(env: Terminal['env'], cwd: string, url: string): Partial<Profile> {
  const local = readDevClient(env, cwd)
  return local !== undefined && local.url === url.replace(/\/+$/, '') ? local : {}
}

function readDevClient(env: Terminal['env'], cwd: string): ChosenVault | undefined {
  const file = path.resolve(cwd, env['FLOW_VAULT_DATA'] || '.flow-vault', 'dev.json')
  try {
    const dev = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
    if (typeof dev['url'] !== 'string') return undefined
    return {
      url: dev['url'],
      client_id: String(dev['client_id']),
      client_secret: String(dev['client_secret']),
      audience: String(dev['audience']),
      from: file,
    }
  } catch {
    return undefined
  }
}
