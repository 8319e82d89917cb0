import { codeClaimKey } from '../../domain/keys.ts'
import { HOLD_MS } from '../../domain/rotation-policy.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import {
  ConditionFailedError,
  type ItemKey,
  StoreUnavailableError,
  type Write,
} from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { CODE_CLAIM_ROWS, type CodeClaimRow } from '../../rows/claim-rows.ts'
import { codeDigestOf } from '../commit/setup-digests.ts'
import { transactSurely } from '../commit/transact-surely.ts'

/** RFC 6749 §4.1.2 recommends ten minutes at most for the life of a code: after an hour none is worth a claim. */
const CLAIM_LIFE_S = 3600
/** A second sender waits for this long for the first: less than the 5 s that a create waits for its grant. */
const WAIT_MS = 4_000
const LOOK_EVERY_MS = 200
/** A sender that has not said how it ended by then is dead: nobody works at an answer for longer than its hold. */
const SENDING_MS = HOLD_MS + 30_000

/** A code that is about to be sent, by whom. */
export interface CodeToSend {
  readonly tenant: string
  readonly appId: string
  readonly code: SecretText
  readonly op: string
}

/**
 * `claimed`: send it, and say how that ended: `release` where the provider did not take it, else `end` ·
 * `being-sent`: somebody else is at it, and has not said how it ended · `sent`: somebody else has sent it.
 */
export type CodeClaim =
  | { readonly kind: 'claimed'; release(): Promise<void>; end(): Promise<void> }
  | { readonly kind: 'being-sent' | 'sent' }

/**
 * Claims a code before it is sent. A provider that meets a code twice may end what the first one brought (RFC 6749
 * §4.1.2), so whoever repeats a request asks nobody, and waits a while for the first one's outcome: a code that was not
 * taken may be sent again. Throws `store-unavailable`.
 */
export async function claimCode(ports: Ports, code: CodeToSend): Promise<CodeClaim> {
  const key = codeClaimKey(code.tenant, await codeDigestOf(ports, code.appId, code.code.reveal()))
  const fromMs = ports.clock.monotonicMs()
  for (;;) {
    const claimed = await tryClaim(ports, key, code.op)
    if (claimed !== undefined) return claimed
    const other = CODE_CLAIM_ROWS.find(await ports.items.get(key))
    if (other !== undefined && !isBeingSent(other, ports.clock.nowMs())) return { kind: 'sent' }
    if (ports.clock.monotonicMs() - fromMs >= WAIT_MS) return { kind: 'being-sent' }
    await ports.clock.sleep(LOOK_EVERY_MS)
  }
}

function isBeingSent({ over = false, claimedAtMs }: CodeClaimRow, nowMs: number): boolean {
  return !over && nowMs - claimedAtMs < SENDING_MS
}

async function tryClaim(ports: Ports, key: ItemKey, op: string): Promise<CodeClaim | undefined> {
  const claimedAtMs = ports.clock.nowMs()
  const expiresAtS = Math.ceil(claimedAtMs / 1000) + CLAIM_LIFE_S
  const claim = { ...CODE_CLAIM_ROWS.encode({ op, claimedAtMs }), expires_at_s: expiresAtS }
  const put: Write = { op: 'put', key, attributes: claim, when: [{ kind: 'item-absent' }] }
  try {
    await transactSurely(
      ports,
      [put],
      async () => CODE_CLAIM_ROWS.find(await ports.items.get(key))?.op === op,
    )
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
  return {
    kind: 'claimed',
    release: () => sayQuietly(ports, { op: 'delete', key }),
    end: () =>
      sayQuietly(ports, {
        op: 'put',
        key,
        attributes: { ...claim, ...CODE_CLAIM_ROWS.members({ over: true }) },
      }),
  }
}

/** Where it cannot be said, the claim stands, and counts as sent when its time is over. */
async function sayQuietly(ports: Ports, how: Write): Promise<void> {
  try {
    await ports.items.transact([how])
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    ports.log.warn('could not say what became of a code', errorFields(error))
  }
}
