import { type Command, type CommandContext, part, text } from '../cli-command.ts'
import { CliError, EXIT } from '../cli-error.ts'

/** How often the vault is asked whether the person is done, and for how long: a link lasts ten minutes. */
const ASK_EVERY_MS = 2_000
const LINK_LIVES_MS = 600_000

interface Started {
  readonly authorization_url: string
  readonly authorization_id?: string
}

/** Opens the provider's page for a person and waits until the grant is there, or is not going to be. */
export const authorizeCommand: Command = {
  name: ['connections', 'authorize'],
  about: 'Authorize it in a browser, and wait for the outcome',
  args: [{ name: 'id', about: 'the connection, ac_…' }],
  options: [
    { flags: '--scope <scope>', about: 'a permission to ask for; may be repeated', repeats: true },
    { flags: '--oauth-app <id>', about: 'the OAuth application to use, oa_…' },
    { flags: '--no-browser', about: 'only print the address' },
    { flags: '--no-wait', about: 'do not wait for the person' },
  ],
  async run(context, input) {
    const scopes = input.options['scope'] as readonly string[] | undefined
    const oauthApp = text(input, 'oauthApp')
    const path = `/connections/${part(input, 'id')}`
    const before = await read(context, path)
    const started = (await context.api().call({
      method: 'POST',
      path: `${path}/authorize`,
      body: {
        scopes,
        oauth_app_id: oauthApp,
      },
    })) as Started
    context.terminal.err(`Open this address within ten minutes:\n  ${started.authorization_url}\n`)
    if (input.options['browser'] !== false && context.terminal.stdoutIsTerminal)
      context.terminal.openBrowser(started.authorization_url)
    if (input.options['wait'] === false) return started
    context.terminal.err('Waiting for the outcome. Ctrl-C stops waiting, not the authorization.\n')
    return waitForOutcome(context, path, started, before)
  },
}

async function waitForOutcome(
  context: CommandContext,
  path: string,
  started: Started,
  before: Record<string, unknown>,
): Promise<unknown> {
  const endsAtMs = context.terminal.nowMs() + LINK_LIVES_MS
  while (context.terminal.nowMs() < endsAtMs) {
    await context.terminal.pause(ASK_EVERY_MS)
    const outcome =
      started.authorization_id === undefined ? undefined : await attempt(context, started.authorization_id)
    const now = await read(context, path)
    if (outcome !== undefined && !['waiting', 'granted', 'fewer_scopes'].includes(outcome.state))
      throw new CliError(outcome.sentence, EXIT.person, outcome)
    const changed = now['credential_version'] !== before['credential_version'] && now['ready'] === true
    if (outcome?.state === 'granted' || outcome?.state === 'fewer_scopes' || changed) return now
  }
  throw new CliError(
    'Nobody authorized it within ten minutes. Run the command again for a new link.',
    EXIT.person,
  )
}

/** What became of the attempt. */
async function attempt(
  context: CommandContext,
  id: string,
): Promise<{ state: string; sentence: string } | undefined> {
  const answer = (await context.api().call({
    method: 'GET',
    path: `/authorizations/${encodeURIComponent(id)}`,
  })) as Record<string, unknown>
  const { outcome, message } = answer
  if (typeof outcome !== 'string') return undefined
  return {
    state: outcome,
    sentence: typeof message === 'string' ? message : `The authorization ended: ${outcome}.`,
  }
}

async function read(context: CommandContext, path: string): Promise<Record<string, unknown>> {
  return (await context.api().call({ method: 'GET', path, query: { view: 'full' } })) as Record<
    string,
    unknown
  >
}
