import fs from 'node:fs'
import path from 'node:path'
import { createFlowVault, type FlowVault } from '../shared/flow-client/client.ts'

/** The vault of `npm start` on this machine: a client for flows, and the management API that prepares an example. */
export interface LocalVault {
  readonly vault: FlowVault
  readonly url: string
  /** An access token that works for a while. */
  getToken(): Promise<string>
  /** One request to the API; the path is one below `/api/v2/flows/vault`. Throws with the vault's own words. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** Creates a connection and answers its id. */
  create(connection: object): Promise<string>
}

type DevFile = Readonly<Record<'url' | 'client_id' | 'client_secret' | 'audience', string>>

/** Tokens live an hour. */
const TOKEN_USED_MS = 30 * 60_000

/** Reads the first client that `npm start` made. Throws with what to do when no vault runs here. */
export async function localVault(
  folder = process.env['FLOW_VAULT_DATA'] || '.flow-vault',
): Promise<LocalVault> {
  const file = path.resolve(folder, 'dev.json')
  if (!fs.existsSync(file)) throw new Error(`There is no ${file}. Run npm start in another terminal first.`)
  const dev = JSON.parse(fs.readFileSync(file, 'utf8')) as DevFile
  let held = { token: await requestToken(dev), untilMs: Date.now() + TOKEN_USED_MS }
  const getToken = async (): Promise<string> => {
    if (held.untilMs < Date.now())
      held = { token: await requestToken(dev), untilMs: Date.now() + TOKEN_USED_MS }
    return held.token
  }
  const call: LocalVault['call'] = async <T>(method: string, below: string, body?: unknown) => {
    const answer = await fetch(`${dev.url}/api/v2/flows/vault${below}`, {
      method,
      headers: {
        authorization: `Bearer ${await getToken()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const content = text === '' ? {} : (JSON.parse(text) as { message?: string })
    if (!answer.ok) throw new Error(content.message)
    return content as T
  }
  return {
    url: dev.url,
    vault: createFlowVault({ url: dev.url, getToken }),
    getToken,
    call,
    create: async (connection) => (await call<{ id: string }>('POST', '/connections', connection)).id,
  }
}

async function requestToken(dev: DevFile): Promise<string> {
  const answer = await fetch(`${dev.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: dev.client_id,
      client_secret: dev.client_secret,
      audience: dev.audience,
    }),
  }).catch(() => {
    throw new Error(`No vault answers at ${dev.url}. Run npm start in another terminal first.`)
  })
  if (answer.ok) return ((await answer.json()) as { access_token: string }).access_token
  throw new Error(`The vault at ${dev.url} refused the client of its own dev.json (${answer.status}).`)
}
