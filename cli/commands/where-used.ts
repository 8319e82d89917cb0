import { type Command, part, text } from '../cli-command.ts'

const ID = { name: 'id', about: 'the connection, ac_…' } as const
const FLOW = { name: 'flow', about: 'the flow’s id at its platform' } as const

/** Which flows say that they use a connection. */
export const FLOW_COMMANDS: readonly Command[] = [
  {
    name: ['flows', 'list'],
    about: 'List the flows that use a connection',
    args: [ID],
    request: (input) => ({ method: 'GET', path: `/connections/${part(input, 'id')}/flows` }),
    columns: [
      ['ID', 'id'],
      ['NAME', 'name'],
      ['ACTION', 'action'],
      ['SAID', 'updated_at'],
      ['URL', 'url'],
    ],
  },
  {
    name: ['flows', 'add'],
    about: 'Say that a flow uses a connection',
    args: [ID, FLOW],
    options: [
      { flags: '--name <name>', about: 'how people call the flow' },
      { flags: '--action <action>', about: 'the action in it that does' },
      { flags: '--flow-url <url>', about: 'where people open the flow' },
    ],
    request: (input) => ({
      method: 'PUT',
      path: `/connections/${part(input, 'id')}/flows/${part(input, 'flow')}`,
      body: { name: text(input, 'name'), action: text(input, 'action'), url: text(input, 'flowUrl') },
    }),
  },
  {
    name: ['flows', 'remove'],
    about: 'Say that it no longer does',
    args: [ID, FLOW],
    request: (input) => ({
      method: 'DELETE',
      path: `/connections/${part(input, 'id')}/flows/${part(input, 'flow')}`,
    }),
    done: (input) => `Took ${input.args['flow']} out.`,
  },
]
