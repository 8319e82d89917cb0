import { type Command, part, text } from '../cli-command.ts'
import { readSecret, readSetup } from '../secret-input.ts'

const COLUMNS = [
  ['ID', 'id'],
  ['APP', 'app_id'],
  ['NAME', 'name'],
  ['CLIENT', 'client_id'],
  ['CALLBACK', 'callback_url'],
] as const
const SHARED_SETUP = [
  {
    flags: '--setup-file <file>',
    about: 'of OAUTH2: what its connections share, as JSON, such as {"provider":"github"}',
  },
] as const
const ID = { name: 'id', about: 'the application, oa_…' } as const

/** The operator's clients at providers. */
export const OAUTH_APP_COMMANDS: readonly Command[] = [
  {
    name: ['oauth-apps', 'list'],
    about: 'List OAuth applications',
    request: () => ({ method: 'GET', path: '/oauth-apps' }),
    columns: COLUMNS,
  },
  {
    name: ['oauth-apps', 'show'],
    about: 'Show one, with the callback URL to register at the provider',
    args: [ID],
    request: (input) => ({ method: 'GET', path: `/oauth-apps/${part(input, 'id')}` }),
  },
  {
    name: ['oauth-apps', 'create'],
    about: 'Register a client of a provider; its secret is piped in or asked for',
    options: [
      { flags: '--app <app>', about: 'such as SALESFORCE' },
      { flags: '--name <name>', about: 'how people call it' },
      { flags: '--client-id <id>', about: 'as the provider gave it' },
      { flags: '--default', about: 'use it where a connection names none' },
      ...SHARED_SETUP,
      { flags: '--draft', about: 'without a client yet: the answer has the callback URL to register' },
    ],
    async run(context, input) {
      const draft = input.options['draft'] === true
      const clientId = text(input, 'clientId')
      const setup = await readSetup(context, input)
      const client = draft
        ? {}
        : { client_id: clientId, client_secret: await readSecret(context, 'Client secret') }
      return context.api().call({
        method: 'POST',
        path: '/oauth-apps',
        body: {
          app_id: text(input, 'app'),
          name: text(input, 'name'),
          ...client,
          is_default: input.options['default'],
          setup,
        },
      })
    },
  },
  {
    name: ['oauth-apps', 'update'],
    about: 'Rename it, or replace its client secret or what its connections share',
    args: [ID],
    options: [
      { flags: '--name <name>', about: 'the new name' },
      { flags: '--client-id <id>', about: 'of a draft: the client the provider gave' },
      { flags: '--secret', about: 'replace the client secret, piped in or asked for' },
      ...SHARED_SETUP,
    ],
    async run(context, input) {
      const name = text(input, 'name')
      const clientId = text(input, 'clientId')
      const secret = input.options['secret'] === true ? await readSecret(context, 'Client secret') : undefined
      return context.api().call({
        method: 'PATCH',
        path: `/oauth-apps/${part(input, 'id')}`,
        body: {
          name,
          client_id: clientId,
          client_secret: secret,
          setup: await readSetup(context, input),
        },
      })
    },
  },
  {
    name: ['oauth-apps', 'delete'],
    about: 'Delete one that no connection uses',
    args: [ID],
    confirms: 'id',
    request: (input) => ({ method: 'DELETE', path: `/oauth-apps/${part(input, 'id')}` }),
    done: (input) => `Deleted ${input.args['id']}.`,
  },
]
