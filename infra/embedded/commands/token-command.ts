import path from 'node:path'
import { parseArgs } from 'node:util'
import { usageOf } from './called-as.ts'
import { readDevClient, requestToken, TokenError } from './request-token.ts'

/*
 * `npm run -s token`: a bearer token for scripts. Asks the running server for it, as any client would.
 */

const USES = [
  ['', 'a token of the first client, with every scope'],
  ['--scope "SCOPE SCOPE …"', 'with these of its scopes only'],
  ['--client-id CLIENT_ID', 'of another client; its secret is in FLOW_VAULT_CLIENT_SECRET'],
] as const
const USAGE = `${usageOf('token', USES)}
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
  const clientId = options['client-id'] ?? dev.client_id
  const secret = clientId === dev.client_id ? dev.client_secret : env['FLOW_VAULT_CLIENT_SECRET']
  if (!secret) {
    throw new TokenError(`The secret of the client ${clientId} has to be in FLOW_VAULT_CLIENT_SECRET.`)
  }
  return requestToken(dev, { client_id: clientId, client_secret: secret, scope: options.scope ?? '' })
}

function parse(args: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: { data: text, scope: text, 'client-id': text, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    throw new TokenError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  }
}
