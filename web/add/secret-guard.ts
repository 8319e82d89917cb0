import type { LitElement, ReactiveController } from 'lit'
import { maskSecrets } from './field-inputs.ts'

/** Masks what a form shows of secrets when nobody looks at it, and empties it when the page goes. */
export class SecretGuard implements ReactiveController {
  readonly #host: LitElement
  readonly #clear: () => void

  constructor(host: LitElement, clear: () => void) {
    this.#host = host
    this.#clear = clear
    host.addController(this)
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
}
