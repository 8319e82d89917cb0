import type { LitElement, ReactiveController } from 'lit'
import { maskSecrets } from './field-inputs.ts'

/** What leads out of the dialog, and what becomes of its secrets where nobody looks at them. */
export class DialogGuard implements ReactiveController {
  readonly #host: LitElement
  readonly #tryClose: () => void
  readonly #clear: () => void
  /** A click that began in a field and ends outside, while a text is selected, closes nothing. */
  #pressed: EventTarget | null = null

  constructor(host: LitElement, how: { tryClose(): void; clear(): void }) {
    this.#host = host
    this.#tryClose = how.tryClose
    this.#clear = how.clear
    host.addController(this)
    host.addEventListener('keydown', (event) => this.#onKey(event))
    host.addEventListener('pointerdown', ({ target }) => {
      this.#pressed = target
    })
    host.addEventListener('click', ({ target }) => {
      const isBackdrop = target instanceof HTMLDialogElement && target === this.#pressed
      if (isBackdrop) this.#tryClose()
    })
  }

  hostConnected(): void {
    window.addEventListener('blur', this.#onBlur)
    window.addEventListener('pagehide', this.#onHide)
  }

  hostDisconnected(): void {
    window.removeEventListener('blur', this.#onBlur)
    window.removeEventListener('pagehide', this.#onHide)
  }

  readonly #onBlur = (): void => maskSecrets(this.#host)
  readonly #onHide = (): void => this.#clear()

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    this.#tryClose()
  }
}
