import type { RotationResult } from '../../ports/grant-runner.ts'
import type { Granted } from '../grants/ask-provider.ts'
import { grantChange } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { AnswerSeals, TokensByName } from '../grants/sealed-tokens.ts'
import { keepTokens } from './keep-tokens.ts'

/** A renewal's good answer, with what it replaces and what it will be sealed into. */
export interface Renewal {
  readonly granted: Granted
  readonly seals: AnswerSeals
  readonly old: TokensByName
  readonly askedScopes: readonly string[]
}

/** Keeps a renewed grant, and tells what became of the rotation. */
export function keepRenewal(
  ports: GrantPorts,
  held: HeldConnection,
  { granted, seals, old, askedScopes }: Renewal,
): Promise<RotationResult> {
  const { row, setup } = held
  const sealed = seals.seal(granted.tokens, { pointer: row.grant, tokens: old })
  const { names, oauthAppId, states } = granted
  return keepTokens(ports, held, {
    ...{ kind: 'rotated', sealed, mark: seals.mark, askedScopes, oauthAppId },
    renewed: Object.fromEntries(names.map((name) => [name, states[name]!])),
    changeOf(current) {
      // A new setup of the same client may have asked for other scopes meanwhile.
      const requiredScopes = current.requiredScopes ?? askedScopes
      const to = { grant: sealed.pointer, grants: states, requiredScopes, oauthAppId }
      return grantChange(ports, current, setup, to)
    },
  })
}
