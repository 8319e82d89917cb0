import { html, nothing, type TemplateResult } from 'lit'
import type { Session } from '../api/signed-in.ts'
import { icon } from '../icons.ts'
import { PAGE } from '../texts/page-texts.ts'
import { clockOrDay, distance } from '../time.ts'
import { define, View } from '../view.ts'

const LOOK_EVERY_MS = 15_000
const TELL_BEFORE_MS = 2 * 60_000

/** Says when the line is gone, when the session is about to end, and what went wrong unseen. */
export class SessionBars extends View {
  static override properties = { session: {}, offlineSinceMs: {}, fault: {} }
  declare session: Session
  /** Since when the vault is out of reach. */
  declare offlineSinceMs: number | undefined
  /** What went wrong where nothing else tells it; `seen` says that somebody has read it. */
  declare fault: string | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => this.requestUpdate(), LOOK_EVERY_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  protected override render(): TemplateResult {
    const { endsAtMs } = this.session
    const now = Date.now()
    const isEnding = endsAtMs !== undefined && endsAtMs - now < TELL_BEFORE_MS && endsAtMs > now
    return html`<div class="bars" role="status">
      ${
        this.offlineSinceMs === undefined
          ? nothing
          : html`<div class="bar">${icon('warning')}<span>${PAGE.offline(clockOrDay(this.offlineSinceMs, now))}</span></div>`
      }
      ${
        this.fault === undefined
          ? nothing
          : html`<div class="bar">
              ${icon('warning')}<span>${this.fault}</span>
              <button type="button" class="small" @click=${() => this.dispatchEvent(new Event('seen'))}>${PAGE.close}</button>
            </div>`
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
