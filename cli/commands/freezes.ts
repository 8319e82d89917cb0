import { type Command, part, text } from '../cli-command.ts'

/** The kill switch. */
export const FREEZE_COMMANDS: readonly Command[] = [
  {
    name: ['freeze', 'list'],
    about: 'List what is frozen',
    request: () => ({ method: 'GET', path: '/freezes' }),
    columns: [
      ['ID', 'id'],
      ['APP', 'app_id'],
      ['CONNECTION', 'connection_id'],
      ['SINCE', 'created_at'],
      ['REASON', 'reason'],
    ],
  },
  {
    name: ['freeze', 'add'],
    about: 'Stop fetch and rotation of an app or a connection, everywhere, within a second',
    options: [
      { flags: '--app <app>', about: 'all connections of this app' },
      { flags: '--connection <id>', about: 'this connection' },
      { flags: '--reason <text>', about: 'for those who find it frozen' },
      { flags: '--revoke', about: 'revoke the grants at the provider, too' },
    ],
    example: 'flow-vault freeze add --app SALESFORCE --reason "leaked token" --revoke',
    request: (input) => ({
      method: 'POST',
      path: '/freezes',
      body: {
        app_id: text(input, 'app'),
        connection_id: text(input, 'connection'),
        reason: text(input, 'reason'),
        revoke: input.options['revoke'],
      },
    }),
  },
  {
    name: ['freeze', 'show'],
    about: 'Show a freeze and how far its revocations are',
    args: [{ name: 'id', about: 'the freeze, fz_…' }],
    request: (input) => ({ method: 'GET', path: `/freezes/${part(input, 'id')}` }),
  },
  {
    name: ['freeze', 'lift'],
    about: 'Let fetch and rotation go on',
    args: [{ name: 'id', about: 'the freeze, fz_…' }],
    request: (input) => ({ method: 'DELETE', path: `/freezes/${part(input, 'id')}` }),
    done: (input) => `Lifted ${input.args['id']}.`,
  },
]
