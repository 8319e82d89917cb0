import { OAUTH_APP_PREFIX } from '../../domain/keys.ts'
import type { Item } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { applicationOf } from '../../rows/application-row.ts'

/**
 * Has an application forget the client secret before its newest once that is tried no more: its version is one that
 * nothing points at then, and goes as they do. Nothing else of the row changes, so nobody who changes it is in the way.
 */
export async function forgetEndedSecret(
  ports: Pick<Ports, 'items'>,
  { attributes, key }: Item,
  nowMs: number,
): Promise<void> {
  if (!key.sort.startsWith(OAUTH_APP_PREFIX)) return
  const untilMs = applicationOf(attributes)?.previous?.untilMs
  if (untilMs === undefined || nowMs < untilMs) return
  // Not where its secret has been changed once more meanwhile.
  const when = [{ kind: 'equals', attribute: 'previous.untilMs', value: untilMs }] as const
  await tryTransact(ports.items, { op: 'update', key, remove: ['previous'], when })
}
