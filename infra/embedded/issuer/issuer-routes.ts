import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { HttpMethod } from '../../../functions/route.ts'
import type { Issuer } from './dev-issuer.ts'

export interface LocalRoute {
  readonly method: HttpMethod
  readonly path: string
  answer(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>
}

/** The routes of the built-in issuer: the token endpoint, discovery, and the keys. */
export function issuerRoutes(issuer: Issuer): LocalRoute[] {
  return [
    { method: 'POST', path: '/oauth/token', answer: (event) => answerTokenRequest(issuer, event) },
    {
      method: 'GET',
      path: '/.well-known/openid-configuration',
      answer: async () => publicJson(issuer.openidConfiguration()),
    },
    { method: 'GET', path: '/.well-known/jwks.json', answer: async () => publicJson(await issuer.jwks()) },
  ]
}

async function answerTokenRequest(
  issuer: Issuer,
  event: APIGatewayProxyEventV2,
): Promise<APIGatewayProxyStructuredResultV2> {
  const body = event.body ?? ''
  const answer = await issuer.handleTokenRequest({
    contentType: event.headers['content-type'],
    body: event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
    authorizationHeader: event.headers['authorization'],
    host: event.headers['host'] ?? '',
  })
  return {
    statusCode: answer.status,
    headers: {
      'x-content-type-options': 'nosniff',
      'x-request-id': event.requestContext.requestId,
      ...answer.headers,
    },
    body: answer.body,
  }
}

function publicJson(body: unknown): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    },
    body: JSON.stringify(body),
  }
}
