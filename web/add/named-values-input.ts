import { html, type TemplateResult } from 'lit'
import { ADD } from '../texts/add-texts.ts'

/** Rows of a name and a value, for apps that take any. */
export function namedValuesInput({
  id,
  rows,
  add,
}: {
  id: string
  rows: number
  add(): void
}): TemplateResult {
  return html`<div class="stack named-values" id=${id} role="group">
    ${Array.from(
      { length: rows },
      (_, index) => html`<div class="with-button named-value">
        <input type="text" class="value-name" name="${id}-name-${index}" autocomplete="off" placeholder=${ADD.valueName} aria-label="${ADD.valueName} ${index + 1}" data-1p-ignore data-lpignore="true" />
        <input type="password" class="value-text" name="${id}-text-${index}" autocomplete="new-password" spellcheck="false" placeholder=${ADD.value} aria-label="${ADD.value} ${index + 1}" data-1p-ignore data-lpignore="true" data-bwignore data-form-type="other" />
      </div>`,
    )}
    <div><button type="button" class="small" @click=${add}>${ADD.addValue}</button></div>
  </div>`
}

/** What stands in the rows, one without a name too, which is refused; rows with nothing in them are left out. */
export function readNamedValues(form: HTMLElement): { name: string; value: string }[] {
  return [...form.querySelectorAll('.named-value')].flatMap((row) => {
    const name = row.querySelector<HTMLInputElement>('.value-name')!.value.trim()
    const value = row.querySelector<HTMLInputElement>('.value-text')!.value
    return name === '' && value === '' ? [] : [{ name, value }]
  })
}
