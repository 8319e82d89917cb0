import type { Command } from '../cli-command.ts'

/** The programs of the embedded server, each with options of its own, which are passed on as they are. */
const PROGRAMS = {
  start: { about: 'Run the vault on this machine', load: () => import('../../infra/embedded/main.ts') },
  clients: {
    about: 'Add, list and remove clients of the built-in issuer',
    load: () => import('../../infra/embedded/commands/client-command.ts'),
  },
  'rotate-issuer-key': {
    about: 'Give the built-in issuer a new signing key; --now ends every token in use',
    load: () => import('../../infra/embedded/commands/rotate-issuer-key-command.ts'),
  },
  'rotate-key': {
    about: 'Wrap every data key under a new key',
    load: () => import('../../infra/embedded/commands/rotate-key-command.ts'),
  },
  open: {
    about: 'Print a link that signs a person in to the vault page',
    load: () => import('../../infra/embedded/commands/open-command.ts'),
  },
  backup: {
    about: 'Make an encrypted copy while the server runs',
    load: () => import('../../infra/embedded/commands/backup-command.ts'),
  },
  restore: {
    about: 'Bring a copy back into an empty data folder',
    load: () => import('../../infra/embedded/commands/restore-command.ts'),
  },
} as const

/** Runs a program of the server in this process: it reads its own options from `process.argv`. */
export const SERVER_COMMANDS: readonly Command[] = Object.entries(PROGRAMS).map(
  ([name, { about, load }]) => ({
    name: [name],
    about,
    passesThrough: true,
    args: [
      {
        name: 'options',
        about: 'as the program takes them; --help lists them',
        optional: true,
        variadic: true,
      },
    ],
    async run(_context, input) {
      process.argv = [...process.argv.slice(0, 2), ...input.rest]
      await load()
    },
  }),
)
