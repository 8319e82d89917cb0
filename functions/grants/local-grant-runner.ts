import { errorFields } from '../../shared/ports/error-fields.ts'
import { type GrantRunner, type GrantWork, grantRunnerOver } from '../../shared/ports/grant-runner.ts'
import { buildAuthorizationUrl } from '../../shared/use-cases/authorize/build-authorization-url.ts'
import { changeSetup } from '../../shared/use-cases/connections/change-setup.ts'
import { exchangeCode } from '../../shared/use-cases/grants/exchange-code.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { mintFirstGrant } from '../../shared/use-cases/grants/mint-first-grant.ts'
import { noteRefusal } from '../../shared/use-cases/grants/note-failed-authorization.ts'
import { probeStored } from '../../shared/use-cases/grants/probe-stored.ts'
import { revokeGrants } from '../../shared/use-cases/grants/revoke-grants.ts'
import { sealImport } from '../../shared/use-cases/grants/seal-import.ts'
import { openTokens } from '../../shared/use-cases/grants/sealed-tokens.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import { type SendPorts, sendNotification } from '../../shared/use-cases/subscriptions/send-notification.ts'

/** The work that calls providers, run in this process. Whoever gives up waiting leaves it running to its end. */
export function createLocalGrantRunner(ports: GrantPorts & SendPorts): GrantRunner {
  const work = workOf(ports)
  return grantRunnerOver((op, request, budgetMs) => {
    const asked = (work[op] as (request: unknown) => Promise<unknown>)(request)
    return budgetMs === undefined ? asked : within(ports, budgetMs, asked)
  })
}

/** Every operation, by what does it. */
function workOf(ports: GrantPorts & SendPorts): GrantWork {
  return {
    mintFirst: (request) => mintFirstGrant(ports, request),
    import: (request) => sealImport(ports, request),
    rotate: (request) => rotateConnection({ ...ports, actor: request.actor }, request),
    probe: (request) => probeStored(ports, request),
    authorizationUrl: (request) => buildAuthorizationUrl(ports, request),
    exchange: (request) => exchangeCode({ ...ports, actor: request.actor }, request),
    noteRefusal: (request) => noteRefusal(ports, request),
    change: (request) => changeSetup(ports, request),
    send: (request) => sendNotification(ports, request),
    async revoke(request) {
      const { evenIfHeld = false, grant } = request
      if (grant === undefined) return {}
      return revokeGrants(ports, request, await openTokens(ports, request, grant), { evenIfHeld })
    },
  }
}

/** The work's result, or `late` when the budget is over first. A failure after that goes to the log. */
async function within(
  { clock, log }: Pick<GrantPorts, 'clock' | 'log'>,
  budgetMs: number,
  work: Promise<unknown>,
): Promise<unknown> {
  const waiting = new AbortController()
  let isLate = false
  const guarded = work.catch((error: unknown) => {
    if (!isLate) throw error
    log.error('work that nobody waited for any more failed', errorFields(error))
    return undefined
  })
  const late = { kind: 'late' }
  const budget = clock.sleep(budgetMs, waiting.signal).then(
    () => late,
    () => late,
  )
  try {
    return await Promise.race([guarded, budget])
  } finally {
    isLate = true
    waiting.abort('the work has ended')
  }
}
