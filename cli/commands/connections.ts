import { type Command, part, text } from '../cli-command.ts'
import { authorizeCommand } from './authorize.ts'
import { importConnectionsCommand } from './import-connections.ts'
import { createConnectionCommand, updateConnectionCommand } from './write-connection.ts'

const LIST = [
  ['ID', 'id'],
  ['APP', 'app_id'],
  ['NAME', 'name'],
  ['ACCOUNT', 'account_name'],
  ['STATUS', 'status'],
  ['EXPIRES', 'expires_at'],
] as const
const ID = { name: 'id', about: 'the connection, ac_…' } as const

/** What a person or a script does with connections. */
export const CONNECTION_COMMANDS: readonly Command[] = [
  {
    name: ['connections', 'list'],
    about: 'List connections',
    options: [
      { flags: '--app <app>', about: 'only of this app, such as TWILIO' },
      { flags: '--status <status>', about: 'only in this state, such as reauthorization_required' },
      { flags: '--expires-before <instant>', about: 'only what stops before that unless a person acts' },
      { flags: '--query <text>', about: 'name, account or id' },
      { flags: '--page <n>', about: 'which page, from 0' },
      { flags: '--per-page <n>', about: '1 to 100; 50 when not said' },
    ],
    request: (input) => ({
      method: 'GET',
      path: '/connections',
      query: {
        view: 'full',
        app_id: text(input, 'app'),
        status: text(input, 'status'),
        expires_before: text(input, 'expiresBefore'),
        q: text(input, 'query'),
        page: text(input, 'page'),
        per_page: text(input, 'perPage'),
      },
    }),
    columns: LIST,
  },
  {
    name: ['connections', 'show'],
    about: 'Show where a connection stands',
    args: [ID],
    request: (input) => ({
      method: 'GET',
      path: `/connections/${part(input, 'id')}`,
      query: { view: 'full' },
    }),
  },
  createConnectionCommand,
  updateConnectionCommand,
  importConnectionsCommand,
  authorizeCommand,
  {
    name: ['connections', 'rotate'],
    about: 'Renew its token now',
    args: [ID],
    request: (input) => ({ method: 'POST', path: `/connections/${part(input, 'id')}/rotate` }),
  },
  {
    name: ['connections', 'verify'],
    about: 'Try its credential at the provider',
    args: [ID],
    request: (input) => ({ method: 'POST', path: `/connections/${part(input, 'id')}/verify` }),
  },
  {
    name: ['connections', 'delete'],
    about: 'Delete it; it can be restored for 7 days',
    args: [ID],
    options: [
      { flags: '--purge', about: 'destroy it at once: nobody can restore it' },
      { flags: '--even-if-used', about: 'although flows use it' },
    ],
    confirms: 'id',
    request: (input) => ({
      method: 'DELETE',
      path: `/connections/${part(input, 'id')}`,
      query: {
        ...(input.options['purge'] === true ? { purge: true } : {}),
        ...(input.options['evenIfUsed'] === true ? {} : { unless_used: true }),
      },
    }),
    done: (input) =>
      input.options['purge'] === true
        ? `Destroyed ${input.args['id']}.`
        : `Deleted ${input.args['id']}. Within 7 days: flow-vault connections restore ${input.args['id']}`,
  },
  {
    name: ['connections', 'restore'],
    about: 'Bring a deleted one back',
    args: [ID],
    request: (input) => ({ method: 'POST', path: `/connections/${part(input, 'id')}/restore` }),
  },
  {
    name: ['usage'],
    about: 'Show who used a connection, and when',
    args: [ID],
    request: (input) => ({ method: 'GET', path: `/connections/${part(input, 'id')}/usage` }),
  },
  {
    name: ['connectors', 'list'],
    about: 'List the apps a connection can be for',
    request: () => ({ method: 'GET', path: '/connectors' }),
    columns: [
      ['APP', 'app_id'],
      ['NAME', 'label'],
      ['ABOUT', 'about'],
    ],
  },
  {
    name: ['connectors', 'show'],
    about: 'Show what an app needs: its setups and their fields',
    args: [{ name: 'app', about: 'such as TWILIO' }],
    request: (input) => ({ method: 'GET', path: `/connectors/${part(input, 'app')}` }),
  },
]
