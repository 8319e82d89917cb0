import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { GrantProfile } from '../../shared/domain/grant-profile.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { TokenOutcome, TokenRequest } from '../../shared/ports/oauth-client.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'
import { oauthClientFor, profileWith, tokenRequestWith } from './oauth-client-under-test.ts'

/** Planted in every place a provider could echo; none may show in an outcome. */
export const CANARY = 'canary-6f1ed002ab5595859014ebf0951522d9'

/** A good answer. */
export const TOKEN = { access_token: 'access-1', token_type: 'Bearer', expires_in: 3600 }

/** A refresh whose token is the canary. */
export const REFRESH_GRANT = {
  kind: 'refresh-token',
  refreshToken: new SecretText(`refresh-${CANARY}`),
  grantName: 'main',
  extra: {},
} as const satisfies TokenRequest['grant']

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Reply = (response: ServerResponse, seen: SeenRequest) => void

/** What a test asks for: a token request with some parts replaced, and overrides of a plain profile. */
export type AskOverrides = Omit<Parameters<typeof tokenRequestWith>[0], 'profile'> & {
  readonly profile?: Partial<GrantProfile>
}

/** A token endpoint that answers as the test says, and the real client to ask it. */
export class TokenEndpoint {
  readonly #server: LocalServer
  readonly seen: SeenRequest[] = []
  reply: Reply = replyJson(200, TOKEN)

  private constructor(server: LocalServer) {
    this.#server = server
  }

  static async start(): Promise<TokenEndpoint> {
    const server = await startLocalServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = '', url = '', headers } = request
      const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') }
      endpoint.seen.push(seen)
      endpoint.reply(response, seen)
    })
    const endpoint = new TokenEndpoint(server)
    return endpoint
  }

  get url(): string {
    return this.#server.url
  }

  /** Asks for a token with a client secret that holds the canary. */
  ask(overrides: AskOverrides = {}): Promise<TokenOutcome> {
    const { profile, setup, ...rest } = overrides
    return oauthClientFor(this.#server.host).requestToken(
      tokenRequestWith({
        client: { id: 'client-1', secret: new SecretText(`secret-${CANARY}`) },
        profile: profileWith(profile),
        setup: { token_url: `${this.url}/token`, ...setup },
        ...rest,
      }),
    )
  }

  close(): Promise<void> {
    return this.#server.close()
  }
}

/** Answers with JSON, or with text that says it is JSON. */
export function replyJson(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}
