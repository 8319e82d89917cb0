import { html, nothing, type TemplateResult } from 'lit'
import type { Field } from '../api/types.ts'
import { fieldError, outside } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'
import { type InputOptions, plainInput, secretInput } from './field-inputs.ts'
import { namedValuesInput } from './named-values-input.ts'

/** What a field of a setup is typed into, as `/connectors` describes it. */
export function fieldControl(
  field: Field,
  options: InputOptions & { valueRows: number; addValue(): void },
): TemplateResult {
  const { id, isInvalid, describedBy, onInput } = options
  if (field.format === 'named-values') {
    return namedValuesInput({ id, rows: options.valueRows, add: options.addValue })
  }
  const choices = field.options ?? field.enum?.map((value) => ({ value, label: value }))
  if (choices !== undefined) {
    return html`<select id=${id} name=${id} aria-describedby=${describedBy} aria-invalid=${isInvalid ? 'true' : nothing} @change=${onInput}>
      ${field.required ? nothing : html`<option value=""></option>`}
      ${choices.map(({ value, label }) => html`<option value=${value}>${label}</option>`)}
    </select>`
  }
  const isLong = field.multiline || field.format.startsWith('pem-')
  if (field.secret && !isLong) return secretInput(options)
  return plainInput({ ...options, isLong, type: field.format === 'https-url' ? 'url' : 'text' })
}

/** What a person has to know before they type into a field: what becomes of what is stored, or who sees it. */
export function hintOf(
  { multiline, secret }: Field,
  stored: { isKept: boolean; hasQuery: boolean | undefined },
): string | undefined {
  if (stored.isKept) return ADD.keepsOld
  if (stored.hasQuery) return ADD.queryHidden
  return multiline && secret ? ADD.keyShown : undefined
}

/** A field with its label above; what is wrong with it, its help and where to find its value below. */
export function setupField(
  field: Field,
  options: {
    id: string
    isRequired: boolean
    isHidden: boolean
    error: string | undefined
    /** What was done to what was typed. */
    note: string | undefined
    hint: string | undefined
    findAt: string
    control: TemplateResult
  },
): TemplateResult {
  const { id, isRequired, note, hint, findAt } = options
  const help = (text: string | undefined): TemplateResult | typeof nothing =>
    text === undefined ? nothing : html`<p class="help">${text}</p>`
  return html`<div class="field" ?hidden=${options.isHidden}>
    <label for=${id}>${field.label} ${isRequired ? nothing : html`<span class="optional">(${ADD.optional})</span>`}</label>
    ${options.control}
    <div id="${id}-about">
      ${fieldError(options.error)}
      ${note === undefined ? nothing : html`<p class="help" role="status">${note}</p>`}
      ${help(field.help)} ${help(hint)}
      ${field.secret && findAt !== '' ? html`<p class="help">${outside(findAt, ADD.whereToFind)}</p>` : nothing}
    </div>
  </div>`
}
