import { html, type TemplateResult } from 'lit'
import type { Context } from '../page-context.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'

/** Drawn next. */
export class VaultHealth extends View {
  static override properties = { context: {}, route: {} }
  declare context: Context

  protected override render(): TemplateResult {
    return html`<h1>${PAGE.health}</h1>`
  }
}

define('vault-health', VaultHealth)
