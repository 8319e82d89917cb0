import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import type { Ports } from '../../ports/ports.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { findConnection } from './connection-rows.ts'
import type { OpenedSecrets } from './opened-secrets.ts'
import type { SecretContent } from './secret-content.ts'

/**
 * What the row points at. Undefined when the row has moved on since it was read, and the version is gone for that
 * reason; throws `SecretNotFoundError` when it is gone for any other.
 */
export async function findCurrentContent(
  ports: Pick<Ports, 'items'> & { readonly opened: OpenedSecrets },
  row: ConnectionRow & { readonly secret: SecretPointer },
): Promise<SecretContent | undefined> {
  try {
    return (await ports.opened.open(row.secret)).content
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.secret?.versionId !== row.secret.versionId) return undefined
    throw error
  }
}
