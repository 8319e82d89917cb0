import type { SecretPointer } from '../../domain/connection.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { Ports } from '../../ports/ports.ts'

/**
 * Lets go of what a commit replaced: the version, or the whole secret when no pointer that is kept names it any more,
 * which is then scheduled for deletion: its name is never used again. A failure is only logged: the version is
 * unreachable already, and the daily comparison removes what is left.
 */
export async function discardReplaced(
  ports: Ports,
  { secretId, versionId }: SecretPointer,
  kept: readonly (SecretPointer | undefined)[],
): Promise<void> {
  try {
    if (kept.some((pointer) => pointer?.secretId === secretId))
      await ports.secrets.discard(secretId, versionId)
    else await ports.secrets.scheduleDeletion(secretId)
  } catch (error) {
    ports.log.warn('left a superseded secret version to reconcile', {
      secret_id: secretId,
      ...errorFields(error),
    })
  }
}
