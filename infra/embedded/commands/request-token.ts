import path from 'node:path'
import { readFileIfPresent } from '../data-folder.ts'
import type { DevClient } from '../issuer/dev-client.ts'
import { calledAs } from './called-as.ts'

/** A server on this machine answers within milliseconds; longer means that something else has its port. */
export const COMMAND_TIMEOUT_MS = 10_000

/** What a person can act on; shown without a stack. */
export class TokenError extends Error {}

/** The first client of the vault in the folder, as its `dev.json` has it. Throws `TokenError`. */
export function readDevClient(folder: string): DevClient {
  const file = path.join(folder, 'dev.json')
  const text = readFileIfPresent(file)
  if (text === undefined) {
    throw new TokenError(
      `There is no ${file}. Start the vault first (${calledAs('start')}), or name its data folder with --data. A vault with FLOW_VAULT_ISSUER takes the tokens of that issuer.`,
    )
  }
  try {
    return JSON.parse(text) as DevClient
  } catch {
    throw new TokenError(`${file} is not valid JSON.`)
  }
}

/** A token from the running server, as any client would ask for it. Throws `TokenError`. */
export async function requestToken(
  dev: DevClient,
  client: { client_id: string; client_secret: string; scope: string },
): Promise<string> {
  const response = await fetch(`${dev.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', audience: dev.audience, ...client }),
    redirect: 'error',
    signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  }).catch(() => {
    throw new TokenError(`No vault answers at ${dev.url}. Start it with ${calledAs('start')}.`)
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
