import { type Command, part, text } from '../cli-command.ts'

const ID = { name: 'id', about: 'the subscription' } as const
const BASE = '/subscriptions'

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
      { flags: '--type <type>', about: 'only events of this type; may be repeated', repeats: true },
      { flags: '--app <app>', about: 'only of this app; may be repeated', repeats: true },
    ],
    request: (input) => ({
      method: 'POST',
      path: BASE,
      body: {
        name: text(input, 'name'),
        url: text(input, 'to'),
        target_connection_id: text(input, 'connection'),
        types: input.options['type'],
        app_ids: input.options['app'],
      },
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
    about: 'Go on where it was paused',
    args: [ID],
    request: (input) => ({
      method: 'PATCH',
      path: `${BASE}/${part(input, 'id')}`,
      body: { status: 'enabled' },
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
    options: [{ flags: '--after <place>', about: 'a page’s after' }],
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
