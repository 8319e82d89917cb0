import { type Command, type Input, part, text } from '../cli-command.ts'
import { CliError } from '../cli-error.ts'

const ID = { name: 'id', about: 'the subscription' } as const
const BASE = '/subscriptions'
const FILTER_OPTIONS = [
  { flags: '--type <type>', about: 'only events of this type; may be repeated', repeats: true },
  { flags: '--app <app>', about: 'only of this app; may be repeated', repeats: true },
  { flags: '--of <id>', about: 'only of this connection; may be repeated', repeats: true },
] as const

/** The lists of a filter as they were given; one that is `all` goes. */
function filterOf({ options }: Input) {
  const listed = (name: string) => {
    const given = options[name] as readonly string[] | undefined
    return given?.length === 1 && given[0] === 'all' ? null : given
  }
  return { types: listed('type'), app_ids: listed('app'), connection_ids: listed('of') }
}

/** Who is told of changes. */
export const SUBSCRIPTION_COMMANDS: readonly Command[] = [
  {
    name: ['subscriptions', 'list'],
    about: 'List subscriptions',
    request: () => ({ method: 'GET', path: BASE }),
    columns: [
      ['ID', 'id'],
      ['NAME', 'name'],
      ['STATUS', 'status'],
      ['TARGET', 'url'],
      ['TYPES', 'types'],
    ],
  },
  {
    name: ['subscriptions', 'show'],
    about: 'Show one',
    args: [ID],
    request: (input) => ({ method: 'GET', path: `${BASE}/${part(input, 'id')}` }),
  },
  {
    name: ['subscriptions', 'create'],
    about: 'Tell a webhook, or a connection of the vault, of changes; a signing secret is shown this once',
    options: [
      { flags: '--name <name>', about: 'how people call it' },
      { flags: '--to <url>', about: 'the webhook, https://…' },
      {
        flags: '--connection <id>',
        about: 'or a connection that posts sentences: Slack, Zapier, an HTTP webhook',
      },
      ...FILTER_OPTIONS,
    ],
    request: (input) => ({
      method: 'POST',
      path: BASE,
      body: {
        name: text(input, 'name'),
        url: text(input, 'to'),
        target_connection_id: text(input, 'connection'),
        ...filterOf(input),
      },
    }),
  },
  {
    name: ['subscriptions', 'update'],
    about: 'Change its name, its target, or what it is told of; "all" takes a part of the filter away',
    args: [ID],
    options: [
      { flags: '--name <name>', about: 'how people call it; "none" takes it away' },
      { flags: '--to <url>', about: 'the webhook, https://…' },
      { flags: '--connection <id>', about: 'or the connection that posts sentences' },
      ...FILTER_OPTIONS,
    ],
    example: 'flow-vault subscriptions update su_… --type connection.deleted --app all',
    request: (input) => {
      const name = text(input, 'name')
      const body = {
        name: name === 'none' ? null : name,
        url: text(input, 'to'),
        target_connection_id: text(input, 'connection'),
        ...filterOf(input),
      }
      if (Object.values(body).every((value) => value === undefined))
        throw new CliError('What is to change? Give --name, --to, --connection, --type, --app or --of.')
      return { method: 'PATCH', path: `${BASE}/${part(input, 'id')}`, body }
    },
  },
  {
    name: ['subscriptions', 'rotate-secret'],
    about: 'Give a webhook a new signing secret, shown this once; the old one signs beside it for a day',
    args: [ID],
    options: [{ flags: '--expire-previous', about: 'end the old one at once, where it has leaked' }],
    request: (input) => ({
      method: 'POST',
      path: `${BASE}/${part(input, 'id')}/rotate-secret`,
      body: input.options['expirePrevious'] === true ? { expire_previous: 'now' } : {},
    }),
  },
  {
    name: ['subscriptions', 'pause'],
    about: 'Send it nothing until it is resumed',
    args: [ID],
    request: (input) => ({
      method: 'PATCH',
      path: `${BASE}/${part(input, 'id')}`,
      body: { status: 'paused' },
    }),
  },
  {
    name: ['subscriptions', 'resume'],
    about: 'Send it what happens from now on, and what it missed with --replay-after',
    args: [ID],
    options: [
      {
        flags: '--replay-after <place>',
        about:
          'also what happened since an instant, such as its last_success_at, or after a place in the feed',
      },
    ],
    request: (input) => ({
      method: 'PATCH',
      path: `${BASE}/${part(input, 'id')}`,
      body: { status: 'enabled', replay_after: text(input, 'replayAfter') },
    }),
  },
  {
    name: ['subscriptions', 'test'],
    about: 'Send it a test event now',
    args: [ID],
    request: (input) => ({ method: 'POST', path: `${BASE}/${part(input, 'id')}/test` }),
  },
  {
    name: ['subscriptions', 'deliveries'],
    about: 'List what was sent, and how it went',
    args: [ID],
    request: (input) => ({ method: 'GET', path: `${BASE}/${part(input, 'id')}/deliveries` }),
    rows: 'deliveries',
  },
  {
    name: ['subscriptions', 'replay'],
    about: 'Send again what happened after a place in the feed',
    args: [ID],
    options: [
      { flags: '--after <place>', about: 'a page’s after, or an instant such as 2027-01-31T00:00:00Z' },
    ],
    request: (input) => ({
      method: 'POST',
      path: `${BASE}/${part(input, 'id')}/replay`,
      query: { after: text(input, 'after') },
    }),
  },
  {
    name: ['subscriptions', 'delete'],
    about: 'End it',
    args: [ID],
    confirms: 'id',
    request: (input) => ({ method: 'DELETE', path: `${BASE}/${part(input, 'id')}` }),
    done: (input) => `Deleted ${input.args['id']}.`,
  },
]
