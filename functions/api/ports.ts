import type { DeliveryQueue } from '../../shared/ports/delivery-queue.ts'
import type { GrantRunner } from '../../shared/ports/grant-runner.ts'
import type { UrlCheck } from '../../shared/ports/outgoing-fetch.ts'
import type { Ports } from '../../shared/ports/ports.ts'
import type { WorkQueue } from '../../shared/ports/work-queue.ts'
import type { FeedWaits } from '../../shared/use-cases/events/feed-waits.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import type { PermitWatch } from '../../shared/use-cases/permits/permit-watch.ts'
import type { HttpPorts } from '../http-handler.ts'

/** What the management function reaches the world through. */
export interface ApiPorts extends Ports, HttpPorts {
  /** Scheme, host and path where browsers reach this vault, without a trailing slash. */
  readonly publicUrl: string
  /** How many connections a tenant may have; as many as it likes when absent. */
  readonly maxConnections?: number | undefined
  /** Origins a person may be sent back to after an authorization. */
  readonly returnTo: readonly string[]
  /** What the vault page is told of where it runs. */
  readonly page: {
    /** A word for people, such as `production`. */
    readonly environment: string
    /** What this way of running has beyond the rest: `clients` where the issuer is built in. */
    readonly features: readonly string[]
  }
  readonly grants: GrantRunner
  readonly freezes: FreezeWatch
  readonly work: WorkQueue
  readonly deliveries: DeliveryQueue
  readonly permits: PermitWatch
  readonly checkUrl: UrlCheck
  /**
   * The documents about this vault as JSON, made when they are first asked for. Their server is the public URL: who
   * asks decides nothing of them.
   */
  readonly documents: { openApi(): string; asyncApi(): string }
  /** Where requests may be held until an event comes; absent where each held second is billed. */
  readonly feedWaits?: FeedWaits
  /** Proves that the stores open and the key works; throws when they do not. */
  checkReady(): Promise<void>
}
