import { html, nothing, type TemplateResult } from 'lit'
import { ApiError, type FieldError } from '../api/api-error.ts'
import { icon } from '../icons.ts'
import { problem } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'
import { PAGE } from '../texts/page-texts.ts'

/** The second step: the name, filled in; one that is taken is said, not refused. */
export function nameStep(options: {
  name: string
  isTaken: boolean
  error: FieldError | undefined
  onInput(name: string): void
}): TemplateResult {
  const { name, isTaken, error } = options
  return html`<div class="field">
    <label for="connection-name">${ADD.name}</label>
    <input
      id="connection-name"
      name="connection-name"
      type="text"
      maxlength="150"
      autocomplete="off"
      data-1p-ignore
      data-lpignore="true"
      .value=${name}
      aria-describedby="name-about"
      aria-invalid=${error === undefined ? nothing : 'true'}
      @input=${(event: Event) => options.onInput((event.target as HTMLInputElement).value)}
    />
    <div id="name-about">
      ${error === undefined ? nothing : html`<p class="error">${icon('warning')}<span>${error.message}</span></p>`}
      ${isTaken ? html`<p class="help" role="status">${ADD.nameTaken}</p>` : nothing}
    </div>
  </div>`
}

/** Asked inside the same dialog, so that nothing lies behind it. */
export function discardQuestion({ keep, discard }: { keep(): void; discard(): void }): TemplateResult {
  return html`<div class="notice" data-hue="amber" role="alertdialog" aria-label=${ADD.discardQuestion}>
    ${icon('warning')}<span>${ADD.discardQuestion}</span>
    <span class="row-of">
      <button type="button" class="small keep" @click=${keep}>${ADD.keepEditing}</button>
      <button type="button" class="small danger" @click=${discard}>${ADD.discard}</button>
    </span>
  </div>`
}

/** Why it was not saved; what may pass says when to try again, and that nothing typed is lost. */
export function saveProblem(error: unknown): TemplateResult {
  if (!(error instanceof ApiError) || !error.isPassing) return problem(error)
  return html`${problem(error)}
    <p class="meta">${ADD.notSaved(error.retryAfterSeconds)}</p>`
}

/** The button that saves all the same, after a test that did not go well. */
export function offerAfter(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.code === 'provider_refused') return ADD.addAnyway
  return error.code === 'provider_unavailable' ? ADD.saveLater : undefined
}

/** The buttons of a step: back, an empty connection, and on. */
export function dialogFoot(options: {
  label: string
  isDisabled: boolean
  back: (() => void) | undefined
  addEmpty: (() => void) | undefined
}): TemplateResult {
  const { back, addEmpty } = options
  return html`<div class="dialog-foot">
    ${
      back === undefined
        ? nothing
        : html`<button type="button" class="quiet start" @click=${back}>${ADD.back}</button>`
    }
    ${
      addEmpty === undefined
        ? nothing
        : html`<button type="button" class="quiet" title=${ADD.emptyHint} @click=${addEmpty}>${ADD.empty}</button>`
    }
    <button type="submit" class="primary" ?disabled=${options.isDisabled}>${options.label}</button>
  </div>`
}

/** The same button, where there is one. */
export function offer(label: string | undefined, save: () => void): TemplateResult | typeof nothing {
  if (label === undefined) return nothing
  return html`<div><button type="button" @click=${save}>${label}</button></div>`
}

/** What is done here, which step it is, and the way out. */
export function dialogHead(options: {
  title: string
  step: string | undefined
  close(): void
}): TemplateResult {
  return html`<div class="dialog-head">
    <div>
      <h2 id="add-title"><bdi>${options.title}</bdi></h2>
      ${options.step === undefined ? nothing : html`<p class="meta">${options.step}</p>`}
    </div>
    <button type="button" class="quiet icon-only" aria-label=${PAGE.close} @click=${options.close}>${icon('close')}</button>
  </div>`
}
