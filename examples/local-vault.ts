import fs from 'node:fs'
import path from 'node:path'
import { createFlowVault, type FlowVault } from '../shared/flow-client/client.ts'

/** The vault of `npm start` on this machine: a client for flows, and the management API that prepares an example. */
export interface LocalVault {
  readonly vault: FlowVault
  readonly url: string
  /** Creates a connection and answers its id. */
  create(connection: object): Promise<string>
}

/** Reads the first client that `npm start` made. Throws with what to do when no vault runs here. */
export async function localVault(
  folder = process.env['FLOW_VAULT_DATA'] || '.flow-vault',
): Promise<LocalVault> {
  const file = path.resolve(folder, 'dev.json')
  if (!fs.existsSync(file)) throw new Error(`There is no ${file}. Run npm start in another terminal first.`)
  const dev = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<
    'url' | 'client_id' | 'client_secret' | 'audience',
    string
  >
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
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return {
    url: dev.url,
    vault: createFlowVault({ url: dev.url, getToken: async () => token }),
    async create(connection) {
      const created = await fetch(`${dev.url}/api/v2/flows/vault/connections`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(connection),
      })
      const body = (await created.json()) as { id: string; message?: string }
      if (created.status !== 201) throw new Error(body.message)
      return body.id
    },
  }
}
