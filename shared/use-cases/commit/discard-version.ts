import type { SecretPointer } from '../../domain/connection.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { Ports } from '../../ports/ports.ts'

/**
 * Tells the secret store that no row points at this version any more. A failure is only logged: the version is
 * unreachable already, and the daily comparison removes what is left.
 */
async function discardVersion(ports: Ports, pointer: SecretPointer): Promise<void> {
  await orLeave(ports, pointer, () => ports.secrets.discard(pointer.secretId, pointer.versionId))
}

/**
 * Lets go of what a commit replaced: the version, or the whole secret when no pointer that is kept names it any more,
 * which is then scheduled for deletion: its name is never used again. A failure is only logged, as above.
 */
export async function discardReplaced(
  ports: Ports,
  old: SecretPointer,
  kept: readonly (SecretPointer | undefined)[],
): Promise<void> {
  if (kept.some((pointer) => pointer?.secretId === old.secretId)) await discardVersion(ports, old)
  else await orLeave(ports, old, () => ports.secrets.scheduleDeletion(old.secretId))
}

async function orLeave(ports: Ports, pointer: SecretPointer, discard: () => Promise<void>): Promise<void> {
  try {
    await discard()
  } catch (error) {
    ports.log.warn('left a superseded secret version to reconcile', {
      secret_id: pointer.secretId,
      ...errorFields(error),
    })
  }
}
