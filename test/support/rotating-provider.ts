import { SecretText } from '../../shared/domain/secret-text.ts'
import type { OAuthClient, TokenOutcome } from '../../shared/ports/oauth-client.ts'

const LIFE_MS = 3_600_000

/** A provider whose refresh tokens are good for one renewal, and that remembers each that was sent twice. */
export class RotatingProvider implements OAuthClient {
  /** What was sent again after it had been used. */
  readonly reused: string[] = []
  readonly #live = new Set<string>()
  readonly #known = new Set<string>()
  #granted = 0

  /** Whether a renewal with it would be granted. */
  isLive(refreshToken: string | undefined): boolean {
    return refreshToken !== undefined && this.#live.has(refreshToken)
  }

  requestToken: OAuthClient['requestToken'] = async ({ grant }) => {
    if (grant.kind === 'refresh-token') {
      const sent = grant.refreshToken.reveal()
      if (this.#known.has(sent) && !this.#live.has(sent)) this.reused.push(sent)
      if (!this.#live.delete(sent))
        return { kind: 'grant-dead', code: 'invalid_grant', message: 'It is over.' }
    }
    return this.#grant(grant.kind !== 'client-credentials')
  }

  revoke: OAuthClient['revoke'] = async ({ refreshToken }) => {
    if (refreshToken !== undefined) this.#live.delete(refreshToken.reveal())
    return { kind: 'revoked' }
  }

  readImport: OAuthClient['readImport'] = async ({ grant }) => ({ grant })

  probe: OAuthClient['probe'] = async () => ({ kind: 'accepted' })

  #grant(isRenewable: boolean): TokenOutcome {
    const number = ++this.#granted
    const minted = {
      accessToken: new SecretText(`access-${number}`),
      lifeMs: LIFE_MS,
      expiryBasis: 'stated' as const,
      extra: {},
    }
    if (!isRenewable) return { kind: 'granted', grants: { main: minted } }
    const refreshToken = `refresh-${number}`
    this.#known.add(refreshToken)
    this.#live.add(refreshToken)
    return { kind: 'granted', grants: { main: { ...minted, refreshToken: new SecretText(refreshToken) } } }
  }
}
