import path from 'node:path'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'
import { rotateIssuerKey } from '../issuer/issuer-keys.ts'
import { SESSION_SECONDS } from '../page/page-sessions.ts'
import { usageOf } from './called-as.ts'
import { dataFolderOf, parseCommand, requireVault, runCommand } from './command.ts'

/*
 * `npm run -s rotate-issuer-key`: gives the built-in issuer a new signing key, with the server running or not; a
 * running one takes it up within a second.
 */

const USES = [
  ['', 'a new signing key; tokens and sign-ins in use come to their end'],
  ['--now', 'a new signing key; every token and sign-in ends at once'],
] as const
const USAGE = `${usageOf('rotate-issuer-key', USES)}
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault).
Use --now when a token or the file issuer-key.json got into other hands; clients get new tokens with their secrets.`

const OPTIONS = {
  data: { type: 'string' },
  now: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
const KEY_FILE = 'issuer-key.json'

await runCommand(() => rotate(process.argv.slice(2), process.env), 'rotate-issuer-key')

async function rotate(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { data, now, help } = parseCommand({ args, options: OPTIONS }, USAGE).values
  if (help === true) return `${USAGE}\n`
  const folder = dataFolderOf(data, env)
  requireVault(folder)
  const keepOldUntilMs = now ? undefined : new SystemClock().nowMs() + SESSION_SECONDS * 1000
  await rotateIssuerKey(path.join(folder, KEY_FILE), keepOldUntilMs)
  return now
    ? 'The issuer signs with a new key. Every token and sign-in from before is refused.\n'
    : 'The issuer signs with a new key. Tokens and sign-ins in use come to their end.\n'
}
