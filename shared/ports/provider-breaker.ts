import type { TokenOutcome } from './oauth-client.ts'

/** Whom a token request goes to. */
export interface RequestedProvider {
  readonly tenant: string
  /** The OAuth client, by what names its state. */
  readonly application: string
  /**
   * Where the request goes. Only a host of the catalogue is the same for all: others are a tenant's own word, and one
   * tenant must not stop another.
   */
  readonly host: { readonly name: string; readonly isOfCatalogue: boolean } | undefined
}

/**
 * `later`: it can as well be sent later, and keeps to the pace · `now`: somebody waits · `anyway`: a person wants to
 * see.
 */
export type Haste = 'later' | 'now' | 'anyway'

/** What came of an admitted request; `not-asked` when it was not sent after all. */
export type ReportedOutcome = TokenOutcome['kind'] | 'not-asked'

/** `go`: send, and report what came of it · `wait`: send nothing now, and come back after `forMs`. */
export type Admission =
  | { readonly kind: 'go'; report(outcome: ReportedOutcome): Promise<void> }
  | {
      readonly kind: 'wait'
      readonly forMs: number
      readonly because: 'provider_failing' | 'client_refused' | 'many_renewals'
    }

/** What a breaker is about: one OAuth client of a tenant, a host as one tenant uses it, or a host of the catalogue. */
export type BreakerKind = 'application' | 'host'

/** Leaves failing providers alone. Neither call fails: what cannot be looked up is decided without it. */
export interface ProviderBreaker {
  /** Whether a request may be sent now. */
  admit(provider: RequestedProvider, haste: Haste): Promise<Admission>
  /** How many breakers of the kind this process has seen open: until the next answer that makes sense. */
  openCount(kind: BreakerKind): number
}

/** One breaker that a request passes: its kind, and whose it is; of a host of the catalogue nobody's. */
export interface BreakerName {
  readonly kind: BreakerKind
  readonly tenant: string | undefined
  readonly of: string
}

/** Every breaker that a request to the provider passes. */
export function breakersOf({ tenant, application, host }: RequestedProvider): readonly BreakerName[] {
  const names: BreakerName[] = [{ kind: 'application', tenant, of: application }]
  if (host !== undefined) names.push({ kind: 'host', tenant, of: host.name })
  if (host?.isOfCatalogue === true) names.push({ kind: 'host', tenant: undefined, of: host.name })
  return names
}
