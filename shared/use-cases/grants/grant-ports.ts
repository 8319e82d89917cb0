import type { GrantSealer } from '../../ports/grant-sealer.ts'
import type { OAuthClient } from '../../ports/oauth-client.ts'
import type { OutgoingFetch, UrlCheck } from '../../ports/outgoing-fetch.ts'
import type { Ports } from '../../ports/ports.ts'
import type { ProviderBreaker } from '../../ports/provider-breaker.ts'
import type { OpenedSecrets } from '../memory/opened-secrets.ts'
import type { AttemptWatch } from './attempt-watch.ts'
import type { RestoredMark } from './restored-mark.ts'

/** What minting and rotating grants reaches the world through. */
export interface GrantPorts extends Ports {
  readonly oauth: OAuthClient
  readonly checkUrl: UrlCheck
  /** For calls that are no provider's API: messages to people. */
  readonly outgoing: OutgoingFetch
  readonly opened: OpenedSecrets
  readonly sealer: GrantSealer
  readonly attempts: AttemptWatch
  readonly breaker: ProviderBreaker
  readonly restored: Pick<RestoredMark, 'isSet' | 'move'>
  /** Whether there is room to keep an answer, for a store that can be full; there always is when absent. */
  readonly hasRoom?: () => boolean
  /** Charges a tenant for rows that its own request had read; nobody is charged when absent. */
  readonly charge?: (tenant: string, units: number) => void
  /** Names this process in attempts, for people who read them. */
  readonly owner: string
  /** Names this run of the program, where a lock proves that no other works on these rows. */
  readonly boot?: string
}
