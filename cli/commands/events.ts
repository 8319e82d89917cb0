import { type Command, type CommandContext, text } from '../cli-command.ts'

/** What the vault holds a request for at most, where it can. */
const WAIT_SECONDS = 20
const DEFAULT_PAUSE_SECONDS = 5

interface FeedPage {
  readonly events: readonly Record<string, unknown>[]
  readonly after?: string
  readonly more?: boolean
  readonly poll_after?: number
}

/** The feed, as it comes. */
export const EVENT_COMMANDS: readonly Command[] = [
  {
    name: ['events', 'tail'],
    about: 'Follow what changes, a line an event, until Ctrl-C',
    options: [
      {
        flags: '--after <place>',
        about:
          'begin there: a page’s after, or an instant such as 2027-01-31T00:00:00Z; from now on when not said',
      },
      { flags: '--once', about: 'print what is there and end; from the oldest that is kept when not said' },
    ],
    async run(context, input) {
      const once = input.options['once'] === true
      let after = text(input, 'after') ?? (once ? undefined : 'latest')
      while (!context.terminal.signal.aborted) {
        const page = await readPage(context, after, once)
        for (const event of page.events) context.terminal.out(lineOf(context, event))
        after = page.after ?? after
        if (page.more === true) continue
        if (once) return undefined
        await context.terminal.pause((page.poll_after ?? DEFAULT_PAUSE_SECONDS) * 1000)
      }
      return undefined
    },
  },
]

async function readPage(
  context: CommandContext,
  after: string | undefined,
  once: boolean,
): Promise<FeedPage> {
  const query = { after, limit: 100, ...(once ? {} : { wait: WAIT_SECONDS }) }
  return (await context.api().call({ method: 'GET', path: '/events', query })) as FeedPage
}

/** For people the time, the kind and the connection; for pipes the event as JSON. */
function lineOf(context: CommandContext, event: Record<string, unknown>): string {
  if (!context.terminal.stdoutIsTerminal) return `${JSON.stringify(event)}\n`
  const words = event['message'] ?? event['changed'] ?? ''
  return `${event['occurred_at']}  ${event['type']}  ${event['connection_id']}  ${typeof words === 'string' ? words : JSON.stringify(words)}\n`
}
