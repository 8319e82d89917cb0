import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import type { SecretContent } from '../connections/accept-setup.ts'
import { findConnection } from '../connections/connection-rows.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'

/**
 * What the row points at. Undefined when the row has moved on since it was read, and the version is gone for that
 * reason; throws `SecretNotFoundError` when it is gone for any other.
 */
export async function findCurrentContent(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
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
