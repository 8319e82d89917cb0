import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'

/**
 * The memory of one authorization server. Unlike oidc-provider's own it belongs to one server, forgets nothing, and
 * uses up a refresh token atomically: of two requests at the same time with one token, the second is reuse, and
 * revokes the family (RFC 9700 §4.14.2).
 */
export class AuthorizationServerStore {
  readonly #items = new Map<string, AdapterPayload>()
  readonly #graceSeconds: number

  constructor(graceSeconds: number) {
    this.#graceSeconds = graceSeconds
  }

  /** What oidc-provider asks for, once for each of its models. */
  readonly adapterFor = (model: string): Adapter => {
    const keyOf = (id: string) => `${model}:${id}`
    return {
      upsert: async (id, payload) => {
        this.#items.set(keyOf(id), payload)
      },
      find: async (id) => this.#asSeen(this.#items.get(keyOf(id))),
      findByUid: async (uid) => this.#findWhere(model, (payload) => payload.uid === uid),
      findByUserCode: async (userCode) => this.#findWhere(model, (payload) => payload.userCode === userCode),
      consume: async (id) => {
        const payload = this.#items.get(keyOf(id))
        if (payload === undefined) return
        if (payload.consumed !== undefined && this.#asSeen(payload)?.consumed !== undefined) {
          this.revokeFamily(payload.grantId)
          throw new errors.InvalidGrant('token already used')
        }
        payload.consumed ??= nowSeconds()
      },
      destroy: async (id) => {
        this.#items.delete(keyOf(id))
      },
      revokeByGrantId: async (grantId) => this.revokeFamily(grantId, model),
    }
  }

  /** Removes every token of a grant, as reuse or a person's click does; `model` limits it to one kind. */
  revokeFamily(grantId: string | undefined, model?: string): void {
    if (grantId === undefined) return
    for (const [key, payload] of this.#items) {
      if (payload.grantId === grantId && (model === undefined || key.startsWith(`${model}:`))) {
        this.#items.delete(key)
      }
    }
  }

  /** The grant a token belongs to; undefined once it is gone. */
  grantIdOf(token: string): string | undefined {
    return (
      this.#items.get(`RefreshToken:${token}`)?.grantId ?? this.#items.get(`AccessToken:${token}`)?.grantId
    )
  }

  /** Within the grace window a superseded refresh token looks unused. */
  #asSeen(payload: AdapterPayload | undefined): AdapterPayload | undefined {
    const consumed = Number(payload?.consumed)
    const excused = nowSeconds() - consumed < this.#graceSeconds
    return payload !== undefined && excused ? { ...payload, consumed: undefined } : payload
  }

  async #findWhere(
    model: string,
    matches: (payload: AdapterPayload) => boolean,
  ): Promise<AdapterPayload | undefined> {
    for (const [key, payload] of this.#items) {
      if (key.startsWith(`${model}:`) && matches(payload)) return payload
    }
    return undefined
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
