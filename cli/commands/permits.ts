import { type Command, part, text } from '../cli-command.ts'

/** Which client may touch which connections. */
export const PERMIT_COMMANDS: readonly Command[] = [
  {
    name: ['permits', 'list'],
    about: 'List permits',
    request: () => ({ method: 'GET', path: '/permits' }),
    columns: [
      ['ID', 'id'],
      ['CLIENT', 'client'],
      ['CONNECTIONS', 'connections'],
      ['APPS', 'apps'],
      ['UNTIL', 'until'],
    ],
  },
  {
    name: ['permits', 'add'],
    about: 'Narrow a client to some connections or apps; the rest it no longer sees',
    options: [
      { flags: '--client <id>', about: 'the client, as whoami shows it' },
      { flags: '--connection <id>', about: 'a connection it may touch; may be repeated', repeats: true },
      { flags: '--app <app>', about: 'or an app; may be repeated', repeats: true },
      { flags: '--until <instant>', about: 'such as 2027-01-31T00:00:00Z; for good when not said' },
    ],
    request: (input) => ({
      method: 'POST',
      path: '/permits',
      body: {
        client: text(input, 'client'),
        connections: input.options['connection'],
        apps: input.options['app'],
        until: text(input, 'until'),
      },
    }),
  },
  {
    name: ['permits', 'remove'],
    about: 'Remove one; a client without any has what its scopes give',
    args: [{ name: 'id', about: 'the permit' }],
    confirms: 'id',
    request: (input) => ({ method: 'DELETE', path: `/permits/${part(input, 'id')}` }),
    done: (input) => `Removed ${input.args['id']}.`,
  },
]
