import { type AuditTrail, NO_AUDIT } from '../../shared/ports/audit-trail.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { createLocalGrantRunner } from './local-grant-runner.ts'
import { measuredOAuthClient } from './measured-providers.ts'
import { doObservedWork, observedGrantRunner } from './observed-grants.ts'

/** What calls providers: for whoever waits for an answer, and for the work that waits in a queue. */
export interface GrantsAtWork {
  readonly grants: GrantRunner
  /** Does one item of queued work; safe for items that come twice, late or out of order. */
  doWork(item: WorkItem): Promise<void>
}

/** The work over these ports, everything in it counted and timed. */
export function grantsAtWork(
  wired: GrantPorts & {
    readonly freezes: FreezeWatch
    readonly metrics: Metrics
    readonly audit?: AuditTrail
  },
): GrantsAtWork {
  const { audit = NO_AUDIT } = wired
  const ports = { ...wired, audit, oauth: measuredOAuthClient(wired.oauth, wired) }
  const grants = observedGrantRunner(createLocalGrantRunner(ports), ports)
  return { grants, doWork: (item) => doObservedWork({ ...ports, grants }, item) }
}
