import { html, nothing, type TemplateResult } from 'lit'
import { fieldError } from '../parts/pieces.ts'
import { LAST_DAY } from '../parts/typed-values.ts'
import { ADD } from '../texts/add-texts.ts'

/** The field for the last day on which a key works; empty where nobody knows one. */
export function lastDayField(options: {
  id: string
  /** True where nothing around it says that it may be left empty. */
  saysOptional: boolean
  value: string
  error: string | undefined
}): TemplateResult {
  const { id, saysOptional, value, error } = options
  return html`<div class="field">
    <label for=${id}>${ADD.lastDay} ${saysOptional ? html`<span class="optional">(${ADD.optional})</span>` : nothing}</label>
    <input
      type="date"
      id=${id}
      name=${id}
      max=${LAST_DAY}
      data-path="credential_expires_at"
      value=${value}
      aria-describedby="${id}-about"
      aria-invalid=${error === undefined ? nothing : 'true'}
    />
    <div id="${id}-about">${fieldError(error)}</div>
  </div>`
}
