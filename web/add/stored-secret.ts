import { html, nothing, type TemplateResult } from 'lit'
import type { Field } from '../api/types.ts'
import { exactTime } from '../exact-time.ts'
import { fieldError } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'
import { clockOrDay } from '../time.ts'

/** A secret that is stored, in the place of a field: since when, and what can be done about it. Never a value. */
export function storedSecret(options: {
  id: string
  field: Field
  /** ISO 8601. */
  since: string
  isRemoved: boolean
  error: string | undefined
  decide(fate: 'replaced' | 'removed' | undefined): void
}): TemplateResult {
  const { id, field, since, isRemoved, error, decide } = options
  const button = (label: string, fate: 'replaced' | 'removed' | undefined): TemplateResult =>
    html`<button type="button" class="small" aria-label="${label}, ${field.label}" @click=${() => decide(fate)}>${label}</button>`
  const sinceMs = Date.parse(since)
  return html`<div class="field stored" role="group" aria-labelledby="${id}-label" id=${id}>
    <span class="label" id="${id}-label">${field.label}</span>
    <span class="row-of">
      ${
        isRemoved
          ? html`<span>${ADD.toBeRemoved}</span>${button(ADD.keepIt, undefined)}`
          : html`<span>${ADD.stored} <time datetime=${since} title=${exactTime(sinceMs)}>${clockOrDay(sinceMs, Date.now())}</time></span>
              ${button(ADD.replace, 'replaced')}${field.required ? nothing : button(ADD.remove, 'removed')}`
      }
    </span>
    ${fieldError(error)}
  </div>`
}
