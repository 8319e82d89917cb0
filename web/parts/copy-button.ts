import { html, type TemplateResult } from 'lit'
import { pageIcon } from '../page-icons.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'

/** Copies a text, and says that it did. */
export class CopyButton extends View {
  static override properties = { text: {}, label: {} }
  declare text: string
  declare label: string | undefined
  #isCopied = false

  protected override render(): TemplateResult {
    const label = this.label ?? PAGE.copy
    return html`<button type="button" class="small quiet" @click=${() => this.#copy()}>
      ${pageIcon(this.#isCopied ? 'check' : 'copy')}<span aria-live="polite"
        >${this.#isCopied ? PAGE.copied : label}</span
      >
    </button>`
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(this.text).catch(() => selectText(this.text))
    this.#isCopied = true
    this.requestUpdate()
    this.addEventListener(
      'focusout',
      () => {
        this.#isCopied = false
        this.requestUpdate()
      },
      { once: true },
    )
  }
}

/** Without a clipboard (plain http on another host), the old way. */
function selectText(text: string): void {
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}

define('copy-button', CopyButton)
