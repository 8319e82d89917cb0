import path from 'node:path'
import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { parseJsonFile, readFileIfPresent, writeFileAtomically } from '../data-folder.ts'
import type { ClientRegistry } from './client-registry.ts'

/** What a person and scripts need to talk to this vault; the one file that holds a client secret in clear. */
export interface DevClient {
  readonly url: string
  readonly tls_url: string
  readonly issuer: string
  readonly tenant: string
  readonly client_id: string
  readonly client_secret: string
  readonly audience: string
  /** Where the private authority's certificate is. */
  readonly ca: string
}

const DEV_FILE = 'dev.json'
const PRIVATE_FILE_MODE = 0o600
const FIRST_TENANT = 'dev'
const FIRST_CLIENT = 'dev'

type FirstClient = Pick<DevClient, 'tenant' | 'client_id' | 'client_secret'>

/**
 * On the first start, when there is no client at all, makes one with every scope and writes `dev.json` (0600);
 * on later starts keeps its addresses right. Undefined when a person has removed the file.
 */
export function ensureDevClient(
  folder: string,
  clients: ClientRegistry,
  where: Pick<DevClient, 'url' | 'tls_url' | 'issuer' | 'audience' | 'ca'>,
): DevClient | undefined {
  const file = path.join(folder, DEV_FILE)
  const kept = readFileIfPresent(file)
  const known =
    kept === undefined ? undefined : parseJsonFile<DevClient>(file, kept, 'Restore it, or remove it.')
  if (known === undefined && clients.list().length > 0) return undefined
  const client = known ?? drawFirstClient(clients)
  const written: DevClient = {
    url: where.url,
    tls_url: where.tls_url,
    issuer: where.issuer,
    tenant: client.tenant,
    client_id: client.client_id,
    client_secret: client.client_secret,
    audience: where.audience,
    ca: where.ca,
  }
  const text = `${JSON.stringify(written, null, 2)}\n`
  if (known === undefined || JSON.stringify(known) !== JSON.stringify(written)) {
    writeFileAtomically(file, text, PRIVATE_FILE_MODE)
  }
  // Its secret is in the file before the client is registered: killed in between, the next start goes on here.
  if (known === undefined || !clients.isKept) {
    clients.add(
      { name: FIRST_CLIENT, tenant: client.tenant, scopes: [...ALL_SCOPES] },
      { clientId: client.client_id, secret: new SecretText(client.client_secret) },
    )
  }
  return written
}

function drawFirstClient(clients: ClientRegistry): FirstClient {
  const { clientId, secret } = clients.draw()
  return { tenant: FIRST_TENANT, client_id: clientId, client_secret: secret.reveal() }
}
