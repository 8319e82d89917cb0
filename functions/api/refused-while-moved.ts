import { VaultError } from '../../shared/domain/errors.ts'
import type { Move } from '../../shared/domain/restored-store.ts'
import type { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import type { Route } from '../route.ts'

/** A move of a small vault takes about this long. */
const RETRY_AFTER_S = 60

/**
 * The routes, of which those that change something are refused while the vault is one of the two of a move: what the
 * source took after it was copied would be lost, and what the target took before the switch would be overwritten.
 */
export function refusedWhileMoved<Ports>(
  routes: readonly Route<Ports>[],
  mark: Pick<RestoredMark, 'move'>,
): readonly Route<Ports>[] {
  return routes.map((route) => {
    if (route.method === 'GET') return route
    const { handle } = route
    return {
      ...route,
      handle: async (input, ports) => {
        const move = await mark.move()
        if (move !== undefined) throw refusalOf(move)
        return handle(input, ports)
      },
    }
  })
}

function refusalOf({ side, other, goneAtMs }: Move): VaultError {
  if (goneAtMs !== undefined) {
    const words = `This vault was moved to ${other}: make changes there. Nothing was changed.`
    return new VaultError('conflict', words, { errorCode: 'vault_moved' })
  }
  const words =
    side === 'source'
      ? `This vault is being moved to ${other} and takes no changes until that is done. Nothing was changed.`
      : 'This vault is being filled from another one and is not in service yet. Nothing was changed.'
  return new VaultError('store-unavailable', words, {
    errorCode: 'vault_moving',
    retryAfterSeconds: RETRY_AFTER_S,
  })
}
