import { userInfo } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { usageOf } from './called-as.ts'
import { COMMAND_TIMEOUT_MS, readDevClient, requestToken, TokenError } from './request-token.ts'

/*
 * `npm run -s open`: the address that signs a person in to the vault page. It works once, within a minute.
 */

const USES = [
  ['', 'the address of the vault page, for you'],
  ['--as NAME', 'for somebody else; the name stands beside what they do'],
] as const
const USAGE = `${usageOf('open', USES)}
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault), the data folder of the running server.`

try {
  process.stdout.write(`${await run(process.argv.slice(2), process.env)}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof TokenError ? error.message : String(error)}\n`)
  process.exitCode = 2
}

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const options = parse(args)
  if (options.help === true) return USAGE
  const dev = readDevClient(path.resolve(options.data ?? (env['FLOW_VAULT_DATA'] || '.flow-vault')))
  const client = { client_id: dev.client_id, client_secret: dev.client_secret, scope: '' }
  const token = await requestToken(dev, client)
  const response = await fetch(`${dev.url}/vault/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ person: options.as ?? userInfo().username }),
    redirect: 'error',
    signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  })
  const answer = (await response.json()) as { url?: string; message?: string }
  if (answer.url === undefined) throw new TokenError(`The vault at ${dev.url} refused: ${answer.message}`)
  return answer.url
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  try {
    const options = { data: text, as: text, help: { type: 'boolean', short: 'h' } } as const
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new TokenError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  }
}
