import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What the authorization server remembers, in memory, for as long as the example runs. */
export class ProviderRows implements Adapter {
  readonly #model: string
  readonly #rows: Map<string, AdapterPayload>

  constructor(model: string, rows: Map<string, AdapterPayload>) {
    this.#model = model
    this.#rows = rows
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#rows.set(this.#key(id), payload)
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#rows.get(this.#key(id))
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return [...this.#rows.values()].find((payload) => payload.uid === uid)
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return [...this.#rows.values()].find((payload) => payload.userCode === userCode)
  }

  async consume(id: string): Promise<void> {
    const payload = this.#rows.get(this.#key(id))
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    this.#rows.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, payload] of this.#rows) if (payload.grantId === grantId) this.#rows.delete(key)
  }

  #key(id: string): string {
    return `${this.#model}:${id}`
  }
}
