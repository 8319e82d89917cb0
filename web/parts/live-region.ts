import { html, type TemplateResult } from 'lit'
import { define, View } from '../view.ts'

/** At most one sentence in this time: more would talk over what a person reads. */
const QUIET_MS = 5000

/** The one place that speaks up politely. */
export class LiveRegion extends View {
  #sentence = ''
  #next: string | undefined
  #isQuiet = false

  protected override render(): TemplateResult {
    return html`<div class="hidden-text" role="status" aria-live="polite">${this.#sentence}</div>`
  }

  /** Says the sentence, now or when the last one is over; of several that wait the last is said. */
  say(sentence: string): void {
    if (this.#isQuiet) {
      this.#next = sentence
      return
    }
    this.#sentence = sentence
    this.#isQuiet = true
    this.requestUpdate()
    setTimeout(() => {
      this.#isQuiet = false
      const next = this.#next
      this.#next = undefined
      if (next !== undefined) this.say(next)
    }, QUIET_MS)
  }
}

define('live-region', LiveRegion)
