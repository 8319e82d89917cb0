import { html, nothing, type TemplateResult } from 'lit'
import type { FieldError } from '../api/api-error.ts'
import type { Field } from '../api/types.ts'
import { icon } from '../icons.ts'

/** So many errors or more get a summary with links above the fields. */
const SUMMARY_FROM = 3

/** What stands above the fields: errors that are of none of them (`own`), and links where there are many. */
export function errorSummary(options: {
  errors: readonly FieldError[]
  own: readonly FieldError[]
  fields: readonly Field[]
  focus(field: Field): void
}): TemplateResult | typeof nothing {
  const { errors, own, fields, focus } = options
  const isLong = errors.length >= SUMMARY_FROM
  if (own.length === 0 && !isLong) return nothing
  const linked = isLong ? fields.filter((field) => errors.some((error) => isOf(error, field))) : []
  return html`<div class="notice error-summary" data-hue="red" role="alert" tabindex="-1">
    ${icon('warning')}
    <ul>
      ${own.map((error) => html`<li>${error.message}</li>`)}
      ${linked.map((field) => html`<li><button type="button" class="link" @click=${() => focus(field)}>${field.label}</button></li>`)}
    </ul>
  </div>`
}

/** Whether the error is of that field of a setup, or of a part of it. */
export function isOf({ path }: FieldError, { name }: Field): boolean {
  return new RegExp(`^(?:setup(?:_changes)?\\.)?${name}(?:[.[]|$)`).test(path)
}
