import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { pageIcon } from '../page-icons.ts'
import { define, View } from '../view.ts'

/** One entry; a reason means that it cannot be used now, and why. */
export interface MenuItem {
  readonly label: string
  readonly isDangerous?: boolean
  readonly reason?: string | undefined
  run(): void
}

/** A button with a menu under it, as the APG describes menu buttons. */
export class ActionMenu extends View {
  static override properties = { items: {}, label: {}, text: {} }
  declare items: readonly MenuItem[]
  declare label: string
  /** What stands on the button in place of the dots. */
  declare text: string | undefined
  #isOpen = false

  protected override render(): TemplateResult {
    return html`<div class="menu" @keydown=${this.#onKey} @focusout=${this.#onFocusOut}>
      <button
        type="button"
        class="quiet opener ${this.text === undefined ? 'icon-only' : 'small'}"
        aria-haspopup="menu"
        aria-expanded=${this.#isOpen}
        aria-label=${this.label}
        title=${this.label}
        @click=${() => this.toggle(!this.#isOpen)}
      >
        ${this.text === undefined ? pageIcon('more') : html`<bdi class="opener-text">${this.text}</bdi>${pageIcon('down')}`}
      </button>
      ${
        this.#isOpen
          ? html`<div class="menu-list" role="menu" aria-label=${this.label}>
              ${this.items.map((item) => this.#item(item))}
            </div>`
          : nothing
      }
    </div>`
  }

  /** Opens or closes it; the first entry gets the focus. */
  toggle(isOpen: boolean): void {
    this.#isOpen = isOpen
    this.requestUpdate()
  }

  protected override updated(_changed: PropertyValues): void {
    if (this.#isOpen && !this.contains(this.#focused())) this.#entries()[0]?.focus()
    else if (this.#isOpen && this.#focused()?.classList.contains('opener')) this.#entries()[0]?.focus()
  }

  #item(item: MenuItem): TemplateResult {
    return html`<button
      type="button"
      role="menuitem"
      tabindex="-1"
      class=${item.isDangerous ? 'danger' : ''}
      aria-disabled=${item.reason === undefined ? nothing : 'true'}
      title=${item.reason ?? nothing}
      @click=${() => this.#run(item)}
    >
      ${item.label}
    </button>`
  }

  #run(item: MenuItem): void {
    if (item.reason !== undefined) return
    this.toggle(false)
    this.querySelector<HTMLElement>('.opener')?.focus()
    item.run()
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.#isOpen) return
    const entries = this.#entries()
    const at = entries.indexOf(this.#focused() as HTMLElement)
    const targets: Record<string, number> = {
      ArrowDown: (at + 1) % entries.length,
      ArrowUp: (at - 1 + entries.length) % entries.length,
      Home: 0,
      End: entries.length - 1,
    }
    if (event.key === 'Escape') {
      this.toggle(false)
      this.querySelector<HTMLElement>('.opener')?.focus()
    } else if (event.key in targets) entries[targets[event.key]!]?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #onFocusOut(event: FocusEvent): void {
    if (this.#isOpen && !this.contains(event.relatedTarget as Node | null)) this.toggle(false)
  }

  #entries(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role="menuitem"]')]
  }

  #focused(): HTMLElement | null {
    return (this.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null
  }
}

define('action-menu', ActionMenu)
