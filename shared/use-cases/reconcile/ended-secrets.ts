import { OAUTH_APP_PREFIX } from '../../domain/keys.ts'
import { ConditionFailedError, type Item } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
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
  try {
    await ports.items.transact([
      {
        op: 'update',
        key,
        remove: ['previous'],
        when: [{ kind: 'equals', attribute: 'previous.untilMs', value: untilMs }],
      },
    ])
  } catch (error) {
    // Its secret has been changed once more meanwhile.
    if (!(error instanceof ConditionFailedError)) throw error
  }
}
