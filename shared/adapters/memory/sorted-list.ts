/** A full chunk is split in two: small enough that moving its members is cheap, large enough to have few. */
const MAX_CHUNK_LENGTH = 512

/**
 * A list kept in order, for millions of members: they live in sorted chunks, found by binary search.
 * Adding and removing cost O(log n) comparisons and the move of at most one chunk. No two members compare equal.
 */
export class SortedList<Value> {
  readonly #compare: (left: Value, right: Value) => number
  /** Never empty inside; the list of chunks itself is, when the list is. */
  readonly #chunks: Value[][] = []
  #size = 0

  constructor(compare: (left: Value, right: Value) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  /** Adds the value; does nothing when one that compares equal is there. */
  add(value: Value): void {
    // The last chunk takes everything greater than all others.
    const chunkIndex = Math.max(0, Math.min(this.#chunkFrom(value), this.#chunks.length - 1))
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) {
      this.#chunks.push([value])
      this.#size = 1
      return
    }
    const index = this.#indexFrom(chunk, value)
    const found = chunk[index]
    if (found !== undefined && this.#compare(found, value) === 0) return
    chunk.splice(index, 0, value)
    this.#size++
    if (chunk.length > MAX_CHUNK_LENGTH) {
      this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(MAX_CHUNK_LENGTH / 2))
    }
  }

  /** Removes the member that compares equal, if there is one. */
  delete(value: Value): void {
    const chunkIndex = this.#chunkFrom(value)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return
    const index = this.#indexFrom(chunk, value)
    const found = chunk[index]
    if (found === undefined || this.#compare(found, value) !== 0) return
    chunk.splice(index, 1)
    this.#size--
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1)
  }

  /** Up to `limit` members in ascending order, the first not less than `from`, after leaving out `skip`. */
  ascending(options: { from?: Value; skip?: number; limit: number }): Value[] {
    const { from, limit } = options
    let skip = options.skip ?? 0
    let chunkIndex = from === undefined ? 0 : this.#chunkFrom(from)
    const first = this.#chunks[chunkIndex]
    let start = from === undefined || first === undefined ? 0 : this.#indexFrom(first, from)
    const page: Value[] = []
    while (page.length < limit) {
      const chunk = this.#chunks[chunkIndex]
      if (chunk === undefined) break
      const skipped = Math.min(skip, chunk.length - start)
      skip -= skipped
      start += skipped
      for (; start < chunk.length && page.length < limit; start++) page.push(chunk[start] as Value)
      chunkIndex++
      start = 0
    }
    return page
  }

  /** Up to `limit` members in descending order, the first less than `before`, after leaving out `skip`. */
  descending(options: { before?: Value; skip?: number; limit: number }): Value[] {
    const { before, limit } = options
    let skip = options.skip ?? 0
    let chunkIndex = before === undefined ? this.#chunks.length : this.#chunkFrom(before)
    const first = this.#chunks[chunkIndex]
    let end = before === undefined || first === undefined ? 0 : this.#indexFrom(first, before)
    const page: Value[] = []
    while (page.length < limit && chunkIndex >= 0) {
      const chunk = this.#chunks[chunkIndex] ?? []
      const skipped = Math.min(skip, end)
      skip -= skipped
      end -= skipped
      for (; end > 0 && page.length < limit; end--) page.push(chunk[end - 1] as Value)
      chunkIndex--
      end = this.#chunks[chunkIndex]?.length ?? 0
    }
    return page
  }

  /** The index of the first chunk whose last member is not less than `value`. */
  #chunkFrom(value: Value): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = this.#chunks[middle]?.at(-1) as Value
      if (this.#compare(last, value) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The index of the first member of the chunk that is not less than `value`. */
  #indexFrom(chunk: readonly Value[], value: Value): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(chunk[middle] as Value, value) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
