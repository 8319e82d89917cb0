import type { LitElement } from 'lit'
import { SecretGuard } from './secret-guard.ts'

/** What leads out of the dialog, and what becomes of its secrets where nobody looks at them. */
export class DialogGuard {
  readonly #tryClose: () => void
  /** A click that began in a field and ends outside, while a text is selected, closes nothing. */
  #pressed: EventTarget | null = null

  constructor(host: LitElement, how: { tryClose(): void; clear(): void }) {
    this.#tryClose = how.tryClose
    new SecretGuard(host, how.clear)
    host.addEventListener('keydown', (event) => this.#onKey(event))
    host.addEventListener('pointerdown', ({ target }) => {
      this.#pressed = target
    })
    host.addEventListener('click', ({ target }) => {
      const isBackdrop = target instanceof HTMLDialogElement && target === this.#pressed
      if (isBackdrop) this.#tryClose()
    })
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    this.#tryClose()
  }
}
