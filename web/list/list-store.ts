import { type Api, queryOf } from '../api/api.ts'
import type { Connection, Summary } from '../api/types.ts'
import { BLOCK_ROWS } from './blocks.ts'
import { type Filters, filterQuery, pagePath } from './filters.ts'

/** Pages held at a time; those looked at longest ago go. 2,000 rows are about 2 MB. */
const MAX_PAGES = 40

/** The rows of one list, page by page, as far as somebody looked. */
export class ListStore {
  readonly #api: Api
  readonly #onChange: () => void
  #filters: Filters
  #pages = new Map<number, readonly Connection[]>()
  #asked = new Set<number>()
  #generation = 0
  summary: Summary | undefined
  error: unknown
  /** When the vault last answered, in epoch ms. */
  loadedAtMs: number | undefined
  isLoading = false

  constructor(api: Api, filters: Filters, onChange: () => void) {
    this.#api = api
    this.#filters = filters
    this.#onChange = onChange
  }

  /** Asks for the counts and the first page anew; what is shown stays until the answer is there. */
  async load(filters: Filters): Promise<void> {
    const generation = ++this.#generation
    this.#filters = filters
    this.#asked = new Set([0])
    this.isLoading = true
    this.#onChange()
    try {
      const [summary, first] = await Promise.all([
        this.#api.ask<Summary>('GET', `/connections/summary${queryOf(filterQuery(filters))}`),
        this.#api.ask<Connection[]>('GET', pagePath(filters, 0, BLOCK_ROWS)),
      ])
      if (generation !== this.#generation) return
      this.#pages = new Map([[0, first]])
      this.summary = summary
      this.error = undefined
      this.loadedAtMs = Date.now()
    } catch (error) {
      if (generation !== this.#generation) return
      this.error = error
    }
    this.isLoading = false
    this.#onChange()
  }

  /** The row at an index of the whole list, if its page is here; `want` asks for those that are not. */
  row(index: number): Connection | undefined {
    return this.#pages.get(Math.floor(index / BLOCK_ROWS))?.[index % BLOCK_ROWS]
  }

  /** Sees that the page of this index is on its way. */
  want(index: number): void {
    const page = Math.floor(index / BLOCK_ROWS)
    if (this.#pages.has(page) || this.#asked.has(page)) return
    this.#asked.add(page)
    void this.#fetchPage(page, this.#generation)
  }

  async #fetchPage(page: number, generation: number): Promise<void> {
    try {
      const rows = await this.#api.ask<Connection[]>('GET', pagePath(this.#filters, page, BLOCK_ROWS))
      if (generation !== this.#generation) return
      this.#pages.set(page, rows)
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= MAX_PAGES) break
        this.#pages.delete(old)
        this.#asked.delete(old)
      }
    } catch (error) {
      if (generation !== this.#generation) return
      this.#asked.delete(page)
      this.error = error
    }
    this.#onChange()
  }

  /** Puts a newer state of a connection in its place; false when the list does not hold it. */
  replace(connection: Connection): boolean {
    for (const [page, rows] of this.#pages) {
      const at = rows.findIndex(({ id }) => id === connection.id)
      if (at < 0) continue
      this.#pages.set(page, rows.with(at, connection))
      this.#onChange()
      return true
    }
    return false
  }

  /** The connection of that id, if a page that is here holds it. */
  find(id: string): Connection | undefined {
    for (const rows of this.#pages.values()) {
      const found = rows.find((row) => row.id === id)
      if (found !== undefined) return found
    }
    return undefined
  }
}
