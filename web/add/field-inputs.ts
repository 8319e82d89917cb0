import { html, nothing, type TemplateResult } from 'lit'
import { pageIcon } from '../page-icons.ts'
import { ADD } from '../texts/add-texts.ts'

/** What a field of the form needs to be drawn. */
export interface InputOptions {
  readonly id: string
  readonly label: string
  readonly isRequired: boolean
  readonly describedBy: string
  readonly isInvalid: boolean
  readonly placeholder?: string
  onInput(): void
}

/**
 * A secret on one line. No manager of passwords may fill it or keep it: the name is neutral, and each has been told.
 * Not a text field masked by style: its value would be read out.
 */
export function secretInput(options: InputOptions): TemplateResult {
  return html`<div class="with-button">
    <input
      type="password"
      id=${options.id}
      name=${options.id}
      autocomplete="new-password"
      spellcheck="false"
      autocapitalize="none"
      autocorrect="off"
      writingsuggestions="false"
      data-1p-ignore
      data-lpignore="true"
      data-bwignore
      data-form-type="other"
      placeholder=${options.placeholder ?? nothing}
      ?required=${options.isRequired}
      aria-describedby=${options.describedBy}
      aria-invalid=${options.isInvalid ? 'true' : nothing}
      @input=${options.onInput}
      @blur=${trimEnds}
    />
    <button type="button" class="icon-only" aria-pressed="false" aria-label=${ADD.show(options.label)} title=${ADD.show(options.label)} @click=${toggle}>
      ${pageIcon('eye')}
    </button>
  </div>`
}

/** Everything that is typed and no secret on one line. */
export function plainInput(
  options: InputOptions & { type?: string; max?: string; path?: string; isLong?: boolean },
): TemplateResult {
  if (options.isLong) {
    return html`<textarea
      id=${options.id}
      name=${options.id}
      autocomplete="off"
      spellcheck="false"
      autocapitalize="none"
      data-1p-ignore
      data-lpignore="true"
      ?required=${options.isRequired}
      aria-describedby=${options.describedBy}
      aria-invalid=${options.isInvalid ? 'true' : nothing}
      @input=${options.onInput}
      @blur=${trimEnds}
    ></textarea>`
  }
  return html`<input
    type=${options.type ?? 'text'}
    max=${options.max ?? nothing}
    data-path=${options.path ?? nothing}
    id=${options.id}
    name=${options.id}
    autocomplete="off"
    spellcheck="false"
    autocapitalize="none"
    data-1p-ignore
    data-lpignore="true"
    placeholder=${options.placeholder ?? nothing}
    ?required=${options.isRequired}
    aria-describedby=${options.describedBy}
    aria-invalid=${options.isInvalid ? 'true' : nothing}
    @input=${options.onInput}
    @blur=${trimEnds}
  />`
}

/** Masks what was shown: whoever looks elsewhere leaves no secret on the screen. */
export function maskSecrets(form: HTMLElement): void {
  for (const button of form.querySelectorAll('button[aria-pressed="true"]')) setShown(button, false)
}

function toggle(event: Event): void {
  const button = event.currentTarget as HTMLButtonElement
  setShown(button, button.ariaPressed !== 'true')
}

function setShown(button: Element, isShown: boolean): void {
  const input = button.previousElementSibling as HTMLInputElement
  input.type = isShown ? 'text' : 'password'
  button.setAttribute('aria-pressed', String(isShown))
}

/** Blanks and line ends at both ends come from the clipboard; they go, and the field's note says so. */
function trimEnds(event: Event): void {
  const input = event.currentTarget as HTMLInputElement | HTMLTextAreaElement
  const trimmed = input.value.trim()
  if (trimmed === input.value) return
  input.value = trimmed
  input.dispatchEvent(
    new CustomEvent('ends-trimmed', { bubbles: true, detail: { id: input.id, length: trimmed.length } }),
  )
}
