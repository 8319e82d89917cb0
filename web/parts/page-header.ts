import { html, nothing, type TemplateResult } from 'lit'
import { PAGE_ROOT } from '../mount.ts'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { isNarrowed } from '../tenant-rights.ts'
import { KEYS, PAGE } from '../texts/page-texts.ts'
import { browserChoices, choose } from '../theme.ts'
import { define, View } from '../view.ts'
import './action-menu.ts'

const THEMES = ['system', 'light', 'dark'] as const
const SECTIONS = [
  ['connections', PAGE_ROOT],
  ['health', `${PAGE_ROOT}/health`],
  ['activity', `${PAGE_ROOT}/activity`],
  ['settings', `${PAGE_ROOT}/settings`],
] as const

/** Where one is, as whom, and the way elsewhere. */
export class PageHeader extends View {
  static override properties = { context: {}, view: {} }
  declare context: Context
  declare view: string

  override connectedCallback(): void {
    super.connectedCallback()
    this.addEventListener('show-keys', () => this.#showKeys())
  }

  protected override render(): TemplateResult {
    const { person, tenant, environment } = this.context.identity
    const name = person.name ?? person.id
    return html`<header class="top">
      <div class="top-inner">
        <a class="brand" href=${PAGE_ROOT}>${pageIcon('vault')}<span class="brand-name">${PAGE.product}</span></a>
        <nav aria-label=${PAGE.navigation}>
          <button
            type="button"
            class="quiet small nav-opener"
            aria-expanded="false"
            @click=${(event: Event) => toggleNav(event)}
          >
            ${pageIcon('menu')} ${PAGE.menu}
          </button>
          <ul>
            ${SECTIONS.filter(([section]) => section !== 'health' || !isNarrowed(this.context)).map(
              ([section, address]) =>
                html`<li>
                  <a href=${address} aria-current=${this.view === section ? 'page' : nothing}>${PAGE[section]}</a>
                </li>`,
            )}
          </ul>
        </nav>
        <span
          class="environment ${environment === 'production' ? 'filled' : ''}"
          title=${PAGE.environmentOf(tenant, environment)}
          ><bdi class="tenant">${tenant}</bdi><span class="tenant-end">·</span><bdi>${environment}</bdi></span
        >
        <button type="button" class="quiet icon-only is-wide" aria-label=${PAGE.theme} title=${PAGE.theme} @click=${this.#nextTheme}>
          ${pageIcon('moon')}
        </button>
        <button type="button" class="quiet icon-only is-wide" aria-label=${PAGE.keys} title=${PAGE.keys} @click=${this.#showKeys}>
          ${pageIcon('question')}
        </button>
        <action-menu
          class="person"
          .label=${PAGE.signedInAs(name)}
          .text=${name}
          .items=${[
            { label: PAGE.themeNext(THEMES[this.#nextAt]!), run: () => this.#nextTheme() },
            { label: PAGE.keys, run: () => this.#showKeys() },
            { label: PAGE.signOut, run: () => this.dispatchEvent(new Event('sign-out')) },
          ]}
        ></action-menu>
      </div>
      ${this.#keysDialog()}
    </header>`
  }

  #keysDialog(): TemplateResult {
    const choices = browserChoices()
    return html`<dialog class="keys" aria-labelledby="keys-title">
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id="keys-title">${PAGE.keys}</h2>
          <button type="button" class="quiet icon-only" aria-label=${PAGE.close} @click=${closeDialog}>${pageIcon('close')}</button>
        </div>
        <div class="dialog-main">
          <dl class="key-list">
            ${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}
          </dl>
          <label class="check"
            ><input
              type="checkbox"
              ?checked=${choices.letterKeys === 'on'}
              @change=${(event: Event) =>
                choose({ letterKeys: (event.target as HTMLInputElement).checked ? 'on' : 'off' })}
            />Single-key shortcuts</label
          >
        </div>
      </div>
    </dialog>`
  }

  get #nextAt(): number {
    return (THEMES.indexOf(browserChoices().theme) + 1) % THEMES.length
  }

  #nextTheme(): void {
    const theme = THEMES[this.#nextAt]!
    choose({ theme })
    this.context.say(`${PAGE.theme}: ${PAGE.themes[theme]}`)
    this.requestUpdate()
  }

  #showKeys(): void {
    this.querySelector<HTMLDialogElement>('dialog.keys')?.showModal()
  }
}

function toggleNav(event: Event): void {
  const button = event.currentTarget as HTMLElement
  const isOpen = button.getAttribute('aria-expanded') !== 'true'
  button.setAttribute('aria-expanded', String(isOpen))
}

function closeDialog(event: Event): void {
  ;(event.currentTarget as HTMLElement).closest('dialog')!.close()
}

define('page-header', PageHeader)
