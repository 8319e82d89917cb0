/**
 * Work of one kind, at most `concurrency` pieces at a time, and at most `perTenant` of one tenant: a tenant whose
 * providers hang holds its own places and no others. Tenants take turns; what waits already is not queued twice.
 */
export class WorkLane<Item extends { readonly tenant: string }> {
  readonly #concurrency: number
  readonly #perTenant: number
  readonly #work: (item: Item) => Promise<void>
  /** What waits, by tenant; the tenants that may begin something, whose turn is next first. */
  readonly #waiting = new Map<string, Map<string, Item>>()
  readonly #ready = new Set<string>()
  readonly #runningOf = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  #waitingCount = 0

  constructor(options: { concurrency: number; perTenant: number; work(item: Item): Promise<void> }) {
    this.#concurrency = options.concurrency
    this.#perTenant = options.perTenant
    this.#work = options.work
  }

  /** How many wait or run. */
  get depth(): number {
    return this.#waitingCount + this.#running.size
  }

  /** Queues an item under a key, in the place of one that waits under it. `begin` starts what may start. */
  add(key: string, item: Item): void {
    const waiting = this.#waiting.get(item.tenant) ?? new Map<string, Item>()
    if (!waiting.has(key)) this.#waitingCount++
    waiting.set(key, item)
    this.#waiting.set(item.tenant, waiting)
    if (this.#runs(item.tenant) < this.#perTenant) this.#ready.add(item.tenant)
  }

  begin(): void {
    while (this.#running.size < this.#concurrency) {
      const [tenant] = this.#ready
      if (tenant === undefined) return
      // To the end of the line; whether it stays there is seen when its item has been taken.
      this.#ready.delete(tenant)
      this.#start(tenant, this.#take(tenant))
      if (this.#waiting.has(tenant) && this.#runs(tenant) < this.#perTenant) this.#ready.add(tenant)
    }
  }

  /** Drops what waits, and waits for what runs. */
  async close(): Promise<void> {
    this.#waiting.clear()
    this.#ready.clear()
    this.#waitingCount = 0
    await Promise.all(this.#running)
  }

  #runs(tenant: string): number {
    return this.#runningOf.get(tenant) ?? 0
  }

  #take(tenant: string): Item {
    const waiting = this.#waiting.get(tenant)!
    const [[key, item]] = waiting as Iterable<[string, Item]> as [[string, Item]]
    waiting.delete(key)
    if (waiting.size === 0) this.#waiting.delete(tenant)
    this.#waitingCount--
    return item
  }

  #start(tenant: string, item: Item): void {
    this.#runningOf.set(tenant, this.#runs(tenant) + 1)
    const run = this.#work(item).finally(() => {
      this.#running.delete(run)
      const left = this.#runs(tenant) - 1
      if (left === 0) this.#runningOf.delete(tenant)
      else this.#runningOf.set(tenant, left)
      if (this.#waiting.has(tenant)) this.#ready.add(tenant)
      this.begin()
    })
    this.#running.add(run)
  }
}
