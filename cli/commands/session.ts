import { type Command, type CommandContext, type Input, text } from '../cli-command.ts'
import { CliError } from '../cli-error.ts'
import { signInByDevice } from '../device-login.ts'
import {
  PROFILE_NAME,
  type Profile,
  profilePath,
  readProfiles,
  unknownProfile,
  writeProfiles,
} from '../profiles.ts'
import { readSecret } from '../secret-input.ts'
import { VaultApi } from '../vault-api.ts'

/** Which vault, and as whom. */
export const SESSION_COMMANDS: readonly Command[] = [
  {
    name: ['login'],
    about: 'Keep how to reach a vault as a profile; a client’s secret is piped in or asked for',
    options: [
      { flags: '--name <profile>', about: 'what to call it; "default" when not said' },
      { flags: '--client-id <id>', about: 'the client to sign in as' },
      { flags: '--token-url <url>', about: 'the issuer’s token endpoint, where that is not the vault’s own' },
      { flags: '--audience <audience>', about: 'what the issuer calls the vault' },
      { flags: '--issuer <url>', about: 'sign in yourself at this issuer, on any device, without a secret' },
      {
        flags: '--scope <scopes>',
        about: 'what to ask the issuer for, with blanks; offline_access when not said',
      },
      {
        flags: '--audience-in <parameter>',
        about: 'which parameter tells the issuer the audience: audience, resource or none',
      },
    ],
    example:
      'flow-vault login --url https://vault.example.com --client-id abc\n  flow-vault login --url https://vault.example.com --issuer https://login.example.com --client-id cli',
    run: login,
  },
  {
    name: ['logout'],
    about: 'Forget a profile',
    args: [{ name: 'profile', about: 'its name' }],
    async run(context, input) {
      const name = input.args['profile']!
      const { current, profiles } = readProfiles(context.terminal.env)
      if (!Object.hasOwn(profiles, name)) throw unknownProfile(name, profiles)
      const { [name]: _, ...others } = profiles
      writeProfiles(context.terminal.env, {
        ...(current === undefined || current === name ? {} : { current }),
        profiles: others,
      })
      context.terminal.err(`Forgot ${name}.\n`)
    },
  },
  {
    name: ['profiles', 'list'],
    about: 'List the vaults you keep',
    async run(context) {
      const { current, profiles } = readProfiles(context.terminal.env)
      return Object.entries(profiles).map(([name, { url, client_id: client }]) => ({
        name,
        current: name === current,
        url,
        client_id: client,
      }))
    },
    columns: [
      ['NAME', 'name'],
      ['CURRENT', 'current'],
      ['URL', 'url'],
      ['CLIENT', 'client_id'],
    ],
  },
  {
    name: ['profiles', 'use'],
    about: 'Choose the vault for commands that name none',
    args: [{ name: 'profile', about: 'its name' }],
    async run(context, input) {
      const name = input.args['profile']!
      const { profiles } = readProfiles(context.terminal.env)
      if (!Object.hasOwn(profiles, name)) throw unknownProfile(name, profiles)
      writeProfiles(context.terminal.env, { current: name, profiles })
      context.terminal.err(`Using ${name}.\n`)
    },
  },
  {
    name: ['token'],
    about: 'Print a bearer token, for scripts',
    async run(context) {
      context.terminal.out(`${await context.api().token()}\n`)
    },
  },
  {
    name: ['whoami'],
    about: 'Show the vault, the client and what its token allows',
    async run(context) {
      const api = context.api()
      const claims = claimsOf(await api.token())
      return {
        vault: api.vault.url,
        from: api.vault.from,
        client: claims['azp'] ?? claims['client_id'] ?? claims['sub'],
        tenant: claims['tenant'] ?? claims['org_id'] ?? null,
        scopes: String(claims['scope'] ?? ''),
        token_expires_at:
          typeof claims['exp'] === 'number' ? new Date(claims['exp'] * 1000).toISOString() : null,
      }
    },
  },
]

async function login(context: CommandContext, input: Input) {
  const { terminal } = context
  const name = text(input, 'name') ?? 'default'
  if (!PROFILE_NAME.test(name))
    throw new CliError(`"${name}" is no name for a profile. Allowed: letters, digits, . _ -`)
  const url = text(input, 'url') ?? terminal.env['FLOW_VAULT_URL']
  if (url === undefined || !URL.canParse(url))
    throw new CliError('Which vault? Give --url https://vault.example.com')
  const clientId = text(input, 'clientId') ?? (context.asks ? await terminal.askText('Client id') : undefined)
  if (!clientId) throw new CliError('As which client? Give --client-id.')
  const where = { url: url.replace(/\/+$/, ''), client_id: clientId }
  const profile = await signedIn(context, input, where)
  // Kept only when it works: a wrong secret is told now, and not by the next command.
  if (profile.person === undefined)
    await new VaultApi(terminal, { ...profile, from: `the profile ${name}` }).token()
  const { current, profiles } = readProfiles(terminal.env)
  writeProfiles(terminal.env, { current: current ?? name, profiles: { ...profiles, [name]: profile } })
  terminal.err(
    `Signed in to ${profile.url}. Kept as "${name}" in ${profilePath(terminal.env)}, readable by you alone.\n`,
  )
}

/** By a client's secret, or by a person at the issuer. */
async function signedIn(
  context: CommandContext,
  input: Input,
  where: { url: string; client_id: string },
): Promise<Profile> {
  const audience = text(input, 'audience')
  const named = audience === undefined ? {} : { audience }
  const issuer = text(input, 'issuer')
  const tokenUrl = text(input, 'tokenUrl')
  if (issuer === undefined) {
    const secret = await readSecret(context, 'Client secret')
    return { ...where, client_secret: secret, ...named, ...(tokenUrl && { token_url: tokenUrl }) }
  }
  if (!URL.canParse(issuer)) throw new CliError('--issuer is an address, such as https://login.example.com')
  const audienceIn = text(input, 'audienceIn') ?? 'audience'
  if (audienceIn !== 'audience' && audienceIn !== 'resource' && audienceIn !== 'none')
    throw new CliError('--audience-in is audience, resource or none.')
  const login = { issuer, clientId: where.client_id }
  const asked = {
    scope: text(input, 'scope') ?? 'offline_access',
    audience: audience ?? `${where.url}/api/v2/`,
    audienceIn,
  } as const
  return { ...where, ...named, issuer, person: await signInByDevice(context.terminal, login, asked) }
}

/** What a token says of itself; shown and never trusted. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >
  } catch {
    return {}
  }
}
