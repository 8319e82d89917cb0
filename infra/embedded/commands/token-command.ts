import path from 'node:path'
import { parseArgs } from 'node:util'
import { readFileIfPresent } from '../data-folder.ts'
import type { DevClient } from '../issuer/dev-client.ts'

/*
 * `npm run -s token`: a bearer token for scripts. Asks the running server for it, as any client would.
 */

const USAGE = `Usage:
  npm run -s token                                   a token of the first client, with every scope
  npm run -s token -- --scope "SCOPE SCOPE …"        with these of its scopes only
  npm run -s token -- --client-id CLIENT_ID          of another client; its secret is read from
                                                     FLOW_VAULT_CLIENT_SECRET
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault), the data folder of the running server.`

/** A server on this machine answers within milliseconds; longer means that something else has its port. */
const TIMEOUT_MS = 10_000

/** What a person can act on; shown without a stack. */
class TokenError extends Error {}

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

function readDevClient(folder: string): DevClient {
  const file = path.join(folder, 'dev.json')
  const text = readFileIfPresent(file)
  if (text === undefined) {
    throw new TokenError(
      `There is no ${file}. Start the vault first (npm start), or name its data folder with --data. A vault with FLOW_VAULT_ISSUER takes the tokens of that issuer.`,
    )
  }
  try {
    return JSON.parse(text) as DevClient
  } catch {
    throw new TokenError(`${file} is not valid JSON.`)
  }
}

async function requestToken(
  dev: DevClient,
  client: { client_id: string; client_secret: string; scope: string },
): Promise<string> {
  const response = await fetch(`${dev.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', audience: dev.audience, ...client }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new TokenError(`No vault answers at ${dev.url}. Start it with npm start.`)
  })
  if (response.status === 404) {
    throw new TokenError(
      `What answers at ${dev.url} issues no tokens. Get one where its FLOW_VAULT_ISSUER says.`,
    )
  }
  const answer = (await response.json().catch(() => undefined)) as
    | { access_token?: unknown; error?: unknown; error_description?: unknown }
    | null
    | undefined
  if (typeof answer?.access_token === 'string') return answer.access_token
  if (typeof answer?.error !== 'string') throw new TokenError(`What answers at ${dev.url} is not a vault.`)
  throw new TokenError(`The vault at ${dev.url} refused: ${answer.error} (${answer.error_description})`)
}
