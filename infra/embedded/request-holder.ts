import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { bearerToken } from '../../functions/middleware/authenticate.ts'
import { addressHolder } from '../../shared/domain/charges.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { TokenVerifier } from '../../shared/ports/token-verifier.ts'
import type { RequestHolder } from './http/body-budget.ts'

/** Tells whose a request is. The handler looks at the token again, and says what is wrong with it. */
export async function requestHolder(
  event: APIGatewayProxyEventV2,
  { verifier, clock }: { verifier: TokenVerifier; clock: Pick<Clock, 'nowMs'> },
): Promise<RequestHolder> {
  const { authorization } = event.headers
  if (authorization !== undefined) {
    try {
      const { tenant } = await verifier.verify(bearerToken(authorization), clock.nowMs())
      return { tenant, name: `tenant ${tenant}` }
    } catch {
      // Nobody's that we know.
    }
  }
  return { name: `address ${addressHolder(event.requestContext.http.sourceIp).of}` }
}
