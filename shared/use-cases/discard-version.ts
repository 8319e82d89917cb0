import type { SecretPointer } from '../domain/connection.ts'
import type { Ports } from '../ports/ports.ts'

/**
 * Tells the secret store that no row points at this version any more. A failure is only logged: the version is
 * unreachable already, and the daily comparison removes what is left.
 */
export async function discardVersion(ports: Ports, pointer: SecretPointer): Promise<void> {
  try {
    await ports.secrets.discard(pointer.secretId, pointer.versionId)
  } catch (error) {
    ports.log.warn('left a superseded secret version to reconcile', {
      secret_id: pointer.secretId,
      error: error instanceof Error ? error.name : 'unknown',
    })
  }
}
