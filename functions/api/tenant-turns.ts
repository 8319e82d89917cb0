/** Has a tenant's long reads run one after another: as many as it likes may wait, and one costs the others time. */
export class TenantTurns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `read` when the tenant's earlier ones have ended, however they ended. */
  async run<Result>(tenant: string, read: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(tenant) ?? Promise.resolve()
    const mine = before.then(read, read)
    this.#last.set(tenant, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(tenant) === mine) this.#last.delete(tenant)
    }
  }
}
