import { PAGE_ROOT } from '../mount.ts'

/** How often a vault that is out of reach is looked for, where the browser does not say that the line is back. */
const LOOK_EVERY_MS = 5000

/**
 * Whether the vault can be reached. A browser without a network says that it is offline, and may be wrong: a vault on
 * its own machine answers all the same, so that one is asked before anything is held back.
 */
export class Line {
  readonly #onChange: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Since when the vault is out of reach, in epoch ms. */
  goneSinceMs: number | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
    for (const kind of ['online', 'offline']) window.addEventListener(kind, () => void this.#look())
    void this.#look()
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer)
    const wasGone = this.goneSinceMs !== undefined
    const isThere = navigator.onLine || (await answers())
    this.goneSinceMs = isThere ? undefined : (this.goneSinceMs ?? Date.now())
    if (!isThere) this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY_MS)
    if (wasGone === isThere) this.#onChange()
  }
}

/** Any answer will do. */
function answers(): Promise<boolean> {
  return fetch(`${PAGE_ROOT}/config.json`, { method: 'HEAD', cache: 'no-store' }).then(
    () => true,
    () => false,
  )
}
