/** Of all bodies that are arriving or being worked on: a machine with 512 MiB bears it. */
const ALL_BYTES = 64 * 1024 * 1024
/** Of one tenant, or of all callers that nobody knows. */
const HOLDER_BYTES = ALL_BYTES / 4

/** Bounds the memory that bodies take, in all and for each holder, so that one cannot keep the others' from arriving. */
export class BodyBudget {
  readonly #limits: { readonly all: number; readonly holder: number }
  readonly #of = new Map<string, number>()
  #all = 0

  constructor(limits = { all: ALL_BYTES, holder: HOLDER_BYTES }) {
    this.#limits = limits
  }

  /** Takes that many bytes for the holder; false, and nothing taken, when it or all together would have too many. */
  take(holder: string, bytes: number): boolean {
    const held = (this.#of.get(holder) ?? 0) + bytes
    if (this.#all + bytes > this.#limits.all || held > this.#limits.holder) return false
    this.#all += bytes
    this.#of.set(holder, held)
    return true
  }

  /** Gives back what was taken. */
  give(holder: string, bytes: number): void {
    this.#all -= bytes
    const held = (this.#of.get(holder) ?? 0) - bytes
    if (held > 0) this.#of.set(holder, held)
    else this.#of.delete(holder)
  }
}
