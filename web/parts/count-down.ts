import { html, type PropertyValues, type TemplateResult } from 'lit'
import { define, View } from '../view.ts'

const SECOND_MS = 1000

/** The seconds that an answer says to wait, running down, and `done` at their end; not told to who hears the page. */
export class CountDown extends View {
  static override properties = { answer: {}, words: {} }
  /** Another one begins anew, though it says the same number. */
  declare answer: { readonly retryAfterSeconds?: number | undefined }
  declare words: (seconds: number) => string
  #endsAtMs = 0
  #timer: ReturnType<typeof setInterval> | undefined

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('answer')) return
    this.#endsAtMs = Date.now() + (this.answer.retryAfterSeconds ?? 0) * SECOND_MS
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#tick(), SECOND_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  protected override render(): TemplateResult {
    return html`<span role="timer" aria-live="off">${this.words(this.#left)}</span>`
  }

  get #left(): number {
    return Math.max(0, Math.ceil((this.#endsAtMs - Date.now()) / SECOND_MS))
  }

  #tick(): void {
    this.requestUpdate()
    if (this.#left > 0) return
    clearInterval(this.#timer)
    this.dispatchEvent(new Event('done'))
  }
}

define('count-down', CountDown)
