import { codeClaimKey } from '../../domain/keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { codeDigestOf } from '../commit/setup-digests.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { removeQuietly } from './keep-answer.ts'

/** RFC 6749 §4.1.2 recommends ten minutes at most for the life of a code: after an hour none is worth a claim. */
const CLAIM_LIFE_S = 3600

/** A code that is about to be sent, by whom. */
export interface ClaimedCode {
  readonly tenant: string
  readonly appId: string
  readonly code: SecretText
  readonly op: string
}

/**
 * Claims a code before it is sent; false when somebody has sent it. A provider that meets a code twice may end what the
 * first one brought (RFC 6749 §4.1.2), so whoever repeats a request asks nobody. Throws `store-unavailable`.
 */
export async function claimCode(
  ports: Ports,
  { appId, code, op, tenant }: ClaimedCode,
): Promise<{ readonly release: () => Promise<void> } | undefined> {
  const key = codeClaimKey(tenant, await codeDigestOf(ports, appId, code.reveal()))
  const attributes = { op, expires_at_s: Math.ceil(ports.clock.nowMs() / 1000) + CLAIM_LIFE_S }
  try {
    await transactSurely(
      ports,
      [{ op: 'put', key, attributes, when: [{ kind: 'item-absent' }] }],
      async () => (await ports.items.get(key))?.['op'] === op,
    )
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
  return { release: () => removeQuietly(ports, [{ op: 'delete', key }]) }
}
