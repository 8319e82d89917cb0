import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { DevClient } from './dev-client.ts'

/*
 * `npm run -s token`: a bearer token of the first client, for scripts. Asks the running server, as any client would.
 */

const USAGE = `Usage: npm run -s token [-- --data FOLDER]
Prints a bearer token of the client in FOLDER/dev.json (FLOW_VAULT_DATA, or .flow-vault).`

class TokenError extends Error {}

try {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const text = values.help === true ? USAGE : await requestToken(readDevClient(values.data))
  process.stdout.write(`${text}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

function readDevClient(folder: string | undefined): DevClient {
  const file = path.resolve(folder ?? process.env['FLOW_VAULT_DATA'] ?? '.flow-vault', 'dev.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DevClient
  } catch {
    throw new TokenError(
      `There is no ${file}. Start the vault first (npm start), or name its folder with --data.`,
    )
  }
}

async function requestToken(dev: DevClient): Promise<string> {
  let response: Response
  try {
    response = await fetch(`${dev.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: dev.client_id,
        client_secret: dev.client_secret,
        audience: dev.audience,
      }),
    })
  } catch {
    throw new TokenError(`No vault answers at ${dev.url}. Start it with npm start.`)
  }
  const answer = (await response.json()) as {
    access_token?: string
    error?: string
    error_description?: string
  }
  if (answer.access_token !== undefined) return answer.access_token
  throw new TokenError(`${dev.url} refused: ${answer.error} (${answer.error_description})`)
}
