import { html, nothing, type TemplateResult } from 'lit'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { isNarrowed } from '../tenant-rights.ts'
import { PAGE } from '../texts/page-texts.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { browserChoices, choose } from '../theme.ts'
import { define, View } from '../view.ts'
import './applications-section.ts'
import './clients-section.ts'
import './permits-section.ts'
import './subscriptions-section.ts'

/** What is set once: applications, subscriptions, clients, and this browser. */
export class VaultSettings extends View {
  static override properties = { context: {} }
  declare context: Context

  protected override render(): TemplateResult {
    document.title = `${PAGE.settings} · ${PAGE.product}`
    const { context } = this
    return html`<div class="stack wide-gap">
      <div class="title-line"><h1>${PAGE.settings}</h1></div>
      ${isNarrowed(context) ? html`<p class="notice" data-hue="amber">${pageIcon('info')}<span>${SETTINGS.narrowed}</span></p>` : this.#ofTheTenant()} ${this.#browser()}
    </div>`
  }

  #ofTheTenant(): TemplateResult {
    const { context } = this
    return html`<applications-section .context=${context}></applications-section>
      <subscriptions-section .context=${context}></subscriptions-section>
      <permits-section .context=${context}></permits-section>
      ${context.identity.features.includes('clients') ? html`<clients-section .context=${context}></clients-section>` : nothing}`
  }

  #browser(): TemplateResult {
    const choices = browserChoices()
    const select = (
      name: 'theme' | 'density',
      label: string,
      words: Readonly<Record<string, string>>,
    ): TemplateResult =>
      html`<div class="field narrow-field">
        <label for="choice-${name}">${label}</label>
        <select id="choice-${name}" @change=${(event: Event) => choose({ [name]: (event.target as HTMLSelectElement).value })}>
          ${Object.entries(words).map(([value, text]) => html`<option value=${value} ?selected=${choices[name] === value}>${text}</option>`)}
        </select>
      </div>`
    return html`<section class="section card">
      <h2>${SETTINGS.browser}</h2>
      ${select('theme', PAGE.theme, PAGE.themes)} ${select('density', SETTINGS.density, SETTINGS.densities)}
      <label class="check">
        <input
          type="checkbox"
          ?checked=${choices.letterKeys === 'on'}
          @change=${(event: Event) => choose({ letterKeys: (event.target as HTMLInputElement).checked ? 'on' : 'off' })}
        />${SETTINGS.letterKeys}</label
      >
      <p class="meta">${SETTINGS.timeZone}: ${Intl.DateTimeFormat().resolvedOptions().timeZone}</p>
    </section>`
  }
}

define('vault-settings', VaultSettings)
