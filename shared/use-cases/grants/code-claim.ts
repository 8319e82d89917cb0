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
import type { TokenOutcome } from '../../ports/oauth-client.ts'
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

/** A code that is about to be sent, and the operation that brought it, which may send it again. */
export interface CodeToSend {
  readonly tenant: string
  readonly appId: string
  readonly code: SecretText
  readonly op: string
}

/**
 * `claimed`: send it, and say how that ended; otherwise why not, by the name of the failure: somebody else is at it,
 * and has not said how it ended, or has sent it.
 */
export type CodeClaim =
  | { readonly kind: 'claimed'; end(outcome: TokenOutcome['kind']): Promise<void> }
  | { readonly kind: 'code_in_use' | 'code_used' }

/**
 * Claims a code before it is sent. A provider that meets a code twice may end what the first one brought (RFC 6749
 * §4.1.2), so whoever repeats a request asks nobody, and waits a while for the first one's outcome: a code that was not
 * taken may be sent again. Throws `store-unavailable`.
 */
export async function claimCode(
  ports: Ports,
  code: CodeToSend,
  { waitMs = WAIT_MS }: { waitMs?: number } = {},
): Promise<CodeClaim> {
  const key = codeClaimKey(code.tenant, await codeDigestOf(ports, code.appId, code.code.reveal()))
  const fromMs = ports.clock.monotonicMs()
  for (;;) {
    const claim = claimOf(ports, code.op)
    if (await isClaimed(ports, key, claim)) return held(ports, key, claim)
    const other = CODE_CLAIM_ROWS.find(await ports.items.get(key))
    // Of an earlier try of the same one, who knows how that ended.
    if (other?.op === code.op) return held(ports, key, claim)
    if (other !== undefined && !isBeingSent(other, ports.clock.nowMs())) return { kind: 'code_used' }
    if (ports.clock.monotonicMs() - fromMs >= waitMs) return { kind: 'code_in_use' }
    await ports.clock.sleep(LOOK_EVERY_MS)
  }
}

function isBeingSent({ over = false, claimedAtMs }: CodeClaimRow, nowMs: number): boolean {
  return !over && nowMs - claimedAtMs < SENDING_MS
}

type Claim = ReturnType<typeof claimOf>

function claimOf({ clock }: Pick<Ports, 'clock'>, op: string) {
  const claimedAtMs = clock.nowMs()
  const expiresAtS = Math.ceil(claimedAtMs / 1000) + CLAIM_LIFE_S
  return { ...CODE_CLAIM_ROWS.encode({ op, claimedAtMs }), op, expires_at_s: expiresAtS }
}

async function isClaimed(ports: Ports, key: ItemKey, claim: Claim): Promise<boolean> {
  const put: Write = { op: 'put', key, attributes: claim, when: [{ kind: 'item-absent' }] }
  try {
    await transactSurely(
      ports,
      [put],
      async () => CODE_CLAIM_ROWS.find(await ports.items.get(key))?.op === claim.op,
    )
    return true
  } catch (error) {
    if (error instanceof ConditionFailedError) return false
    throw error
  }
}

function held(ports: Ports, key: ItemKey, claim: Claim): CodeClaim {
  const over: Write = {
    op: 'put',
    key,
    attributes: { ...claim, ...CODE_CLAIM_ROWS.members({ over: true }) },
  }
  return {
    kind: 'claimed',
    end: (outcome) => sayQuietly(ports, isTaken(outcome) ? over : { op: 'delete', key }),
  }
}

/** Whether the provider may have taken the code: if not, whoever repeats the request may send it once more. */
function isTaken(outcome: TokenOutcome['kind']): boolean {
  return outcome !== 'not-sent' && outcome !== 'passing' && outcome !== 'app-broken'
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
