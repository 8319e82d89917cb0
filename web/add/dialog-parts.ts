import { html, nothing, type TemplateResult } from 'lit'
import { ApiError, type FieldError } from '../api/api-error.ts'
import type { Connection, Setup } from '../api/types.ts'
import { icon } from '../icons.ts'
import { pageIcon } from '../page-icons.ts'
import { conflictNotice } from '../parts/conflict.ts'
import '../parts/count-down.ts'
import { inWords } from '../parts/in-words.ts'
import { fieldError, problem } from '../parts/pieces.ts'
import { ADD } from '../texts/add-texts.ts'
import { FIELD_ERRORS } from '../texts/error-texts.ts'
import { PAGE } from '../texts/page-texts.ts'
import { type Entered, STEPS, type Step } from './entered.ts'

const MAX_NAME_CHARACTERS = 150

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
      autocomplete="off"
      data-1p-ignore
      data-lpignore="true"
      .value=${name}
      aria-describedby="name-about"
      aria-invalid=${error === undefined ? nothing : 'true'}
      @input=${(event: Event) => options.onInput((event.target as HTMLInputElement).value)}
    />
    <div id="name-about">
      ${fieldError(error?.message)}
      ${isTaken ? html`<p class="help" role="status">${ADD.nameTaken}</p>` : nothing}
    </div>
  </div>`
}

/** Asked beside what is typed, so that nothing lies behind it: whether to go on with what cannot be taken back. */
export function question(options: {
  text: string
  label: string
  keep(): void
  goOn(): void
}): TemplateResult {
  return html`<div class="notice" data-hue="amber" role="alertdialog" aria-label=${options.text}>
    ${icon('warning')}<span>${options.text}</span>
    <span class="row-of">
      <button type="button" class="small keep" @click=${options.keep}>${ADD.keepEditing}</button>
      <button type="button" class="small danger" @click=${options.goOn}>${options.label}</button>
    </span>
  </div>`
}

/** Whether to try what is typed before it is saved. */
export function testBox(): TemplateResult {
  return html`<label class="check"><input type="checkbox" name="verify" checked />${ADD.test}</label>`
}

/** Why it was not saved; what may pass says when to try again, and that nothing typed is lost. */
function saveProblem(error: unknown): TemplateResult {
  if (!(error instanceof ApiError) || !error.isPassing) return problem(error)
  return html`${problem(error)}
    <p class="meta">
      ${
        error.retryAfterSeconds === undefined
          ? ADD.notSaved(undefined)
          : html`<count-down .answer=${error} .words=${ADD.notSaved}></count-down>`
      }
    </p>`
}

/** The button that saves all the same, after a test that did not go well. */
function offerAfter(error: unknown, isNew: boolean): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.code === 'provider_refused') return isNew ? ADD.addAnyway : ADD.saveAnyway
  return error.code === 'provider_unavailable' ? ADD.saveLater : undefined
}

/** The same button, where there is one. */
function offer(label: string | undefined, save: () => void): TemplateResult | typeof nothing {
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
    <button type="button" class="quiet icon-only" aria-label=${PAGE.close} @click=${options.close}>${pageIcon('close')}</button>
  </div>`
}

/** What stands above a step: a question, what went wrong, who was quicker, and what can be done about it. */
export function dialogNotices(options: {
  now: Pick<Entered, 'isAsking' | 'error' | 'conflict' | 'offersUnverified'>
  seen: Connection | undefined
  setup: Setup | undefined
  keep(): void
  close(): void
  saveUnverified(): void
  saveMine(theirs: Connection): void
}): TemplateResult {
  const { now, seen } = options
  const { conflict: theirs } = now
  return html`
    ${now.isAsking ? question({ text: ADD.discardQuestion, label: ADD.discard, keep: options.keep, goOn: options.close }) : nothing}
    ${now.error === undefined ? nothing : saveProblem(now.error)}
    ${
      theirs === undefined || seen === undefined
        ? nothing
        : conflictNotice({
            before: seen,
            theirs,
            setup: options.setup,
            takeTheirs: options.close,
            saveMine: () => options.saveMine(theirs),
          })
    }
    ${offer(now.offersUnverified, options.saveUnverified)}
  `
}

/** What a refusal changes in the dialog: each field's own error, or one for all. */
export function troubleOf(error: unknown, { isNew }: { isNew: boolean }): Partial<Entered> {
  if (!(error instanceof ApiError) || error.fields.length === 0)
    return { error, offersUnverified: offerAfter(error, isNew) }
  const isName = error.fields.every(({ path }) => path === 'name')
  const errors = error.fields.map((each) => ({ path: each.path, message: inWords(each) }))
  return { errors, ...(isName ? { step: 'name' } : {}) }
}

/** What is wrong with a name before anything is sent; Auth0's limit. */
export function nameErrors(name: string): readonly FieldError[] {
  const isLong = [...name.trim()].length > MAX_NAME_CHARACTERS
  return isLong ? [{ path: 'name', message: FIELD_ERRORS.longName(MAX_NAME_CHARACTERS) }] : []
}

/** Which step it is, of how many. */
export function stepOf(step: Step, first: Step): string {
  const steps = STEPS.slice(STEPS.indexOf(first))
  return ADD.step(steps.indexOf(step) + 1, steps.length)
}
