import { errorFields } from '../../shared/ports/error-fields.ts'
import type {
  AuthorizationUrl,
  AuthorizationUrlRequest,
  ExchangeRequest,
  ExchangeResult,
  FirstGrantRequest,
  FirstGrantResult,
  GrantRunner,
  ProbeStoredRequest,
  ProbeStoredResult,
  RevokeStoredRequest,
  RotationRequest,
  RotationResult,
} from '../../shared/ports/grant-runner.ts'
import { parseContent } from '../../shared/use-cases/commit/opened-secrets.ts'
import { probeStored } from '../../shared/use-cases/connections/probe-stored.ts'
import { buildAuthorizationUrl } from '../../shared/use-cases/grants/build-authorization-url.ts'
import { exchangeCode } from '../../shared/use-cases/grants/exchange-code.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'
import { mintFirstGrant } from '../../shared/use-cases/grants/mint-first-grant.ts'
import { revokeGrants } from '../../shared/use-cases/grants/revoke-grants.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'

/** The work that calls providers, run in this process. Whoever gives up waiting leaves it running to its end. */
export class LocalGrantRunner implements GrantRunner {
  readonly #ports: GrantPorts

  constructor(ports: GrantPorts) {
    this.#ports = ports
  }

  async mintFirst(request: FirstGrantRequest): Promise<FirstGrantResult> {
    const result = await this.#within(request.budgetMs, mintFirstGrant(this.#ports, request))
    return result ?? { kind: 'late' }
  }

  async rotate(request: RotationRequest, budgetMs: number): Promise<RotationResult | { kind: 'late' }> {
    return (await this.#within(budgetMs, rotateConnection(this.#ports, request))) ?? { kind: 'late' }
  }

  probe(request: ProbeStoredRequest): Promise<ProbeStoredResult> {
    return probeStored(this.#ports, request)
  }

  authorizationUrl(request: AuthorizationUrlRequest): Promise<AuthorizationUrl> {
    return buildAuthorizationUrl(this.#ports, request)
  }

  exchange(request: ExchangeRequest): Promise<ExchangeResult> {
    return exchangeCode(this.#ports, request)
  }

  async revoke(request: RevokeStoredRequest): Promise<Record<string, 'revoked' | 'unsupported' | 'failed'>> {
    const { secretId, versionId } = request.secret
    const content = parseContent(await this.#ports.secrets.get(secretId, versionId))
    return revokeGrants(this.#ports, request, content)
  }

  /** The work's result, or undefined when the budget is over first. A failure after that goes to the log. */
  async #within<T>(budgetMs: number, work: Promise<T>): Promise<T | undefined> {
    const waiting = new AbortController()
    let late = false
    const guarded = work.catch((error: unknown) => {
      if (!late) throw error
      this.#ports.log.error('work that nobody waited for any more failed', errorFields(error))
      return undefined
    })
    const budget = this.#ports.clock.sleep(budgetMs, waiting.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      return await Promise.race([guarded, budget])
    } finally {
      late = true
      waiting.abort('the work has ended')
    }
  }
}
