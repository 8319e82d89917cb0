import { html, nothing, type TemplateResult } from 'lit'
import type { Session } from '../api/signed-in.ts'
import { icon } from '../icons.ts'
import { PAGE } from '../texts/page-texts.ts'
import { clockOrDay, distance } from '../time.ts'
import { define, View } from '../view.ts'

const LOOK_EVERY_MS = 15_000
const TELL_BEFORE_MS = 2 * 60_000

/** Says when the line is gone, and when the session is about to end. */
export class SessionBars extends View {
  static override properties = { session: {} }
  declare session: Session
  #offlineSinceMs: number | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  readonly #onLine = (): void => {
    this.#offlineSinceMs = navigator.onLine ? undefined : (this.#offlineSinceMs ?? Date.now())
    document.documentElement.toggleAttribute('data-offline', !navigator.onLine)
    this.requestUpdate()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener('online', this.#onLine)
    window.addEventListener('offline', this.#onLine)
    this.#timer = setInterval(() => this.requestUpdate(), LOOK_EVERY_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener('online', this.#onLine)
    window.removeEventListener('offline', this.#onLine)
    clearInterval(this.#timer)
  }

  protected override render(): TemplateResult {
    const { endsAtMs } = this.session
    const now = Date.now()
    const isEnding = endsAtMs !== undefined && endsAtMs - now < TELL_BEFORE_MS && endsAtMs > now
    return html`<div class="bars" role="status">
      ${
        this.#offlineSinceMs === undefined
          ? nothing
          : html`<div class="bar">${icon('warning')}<span>${PAGE.offline(clockOrDay(this.#offlineSinceMs, now))}</span></div>`
      }
      ${
        isEnding
          ? html`<div class="bar">
              ${icon('clock')}<span>${PAGE.endsSoon(distance(endsAtMs, now))}</span>
              <button type="button" class="small" @click=${() => this.#stay()}>${PAGE.stay}</button>
            </div>`
          : nothing
      }
    </div>`
  }

  async #stay(): Promise<void> {
    await this.session.stay().catch(() => undefined)
    this.requestUpdate()
  }
}

define('session-bars', SessionBars)
