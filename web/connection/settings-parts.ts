import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Setup } from '../api/types.ts'
import { icon } from '../icons.ts'
import { fieldError, timeAgo } from '../parts/pieces.ts'
import { LAST_DAY } from '../parts/typed-values.ts'
import { ADD } from '../texts/add-texts.ts'
import { CONNECTION } from '../texts/connection-words.ts'

/** What was entered, for who may not change it, or where nobody knows its fields; and why not. */
export function enteredFacts(
  connection: Connection,
  setup: Setup | undefined,
  whyNot: string | undefined,
): TemplateResult {
  const { settings, secrets, settings_without_query: cut } = connection
  const fieldOf = (name: string) => setup?.fields.find((field) => field.name === name)
  const labelOf = (name: string): string => fieldOf(name)?.label ?? name
  const shown = (name: string, value: unknown): string =>
    fieldOf(name)?.options?.find((option) => option.value === value)?.label ??
    `${String(value)}${cut?.includes(name) ? CONNECTION.hiddenQuery : ''}`
  return html`<dl class="facts">
      ${Object.entries(settings ?? {}).map(([name, value]) => html`<dt>${labelOf(name)}</dt><dd><bdi>${shown(name, value)}</bdi></dd>`)}
      ${secrets?.map(({ name, set_at: at }) => html`<dt>${labelOf(name)}</dt><dd>${ADD.stored} ${timeAgo(at)}</dd>`) ?? nothing}
    </dl>
    ${whyNot === undefined ? nothing : html`<p class="muted">${whyNot}</p>`}`
}

/** The last day on which a key works, which may be changed, or emptied. */
export function endField(lastDay: string, error: string | undefined): TemplateResult {
  return html`<div class="field">
    <label for="setting-end">${ADD.lastDay} <span class="optional">(${ADD.optional})</span></label>
    <input
      type="date"
      id="setting-end"
      name="setting-end"
      max=${LAST_DAY}
      data-path="credential_expires_at"
      value=${lastDay}
      aria-describedby="setting-end-about"
      aria-invalid=${error === undefined ? nothing : 'true'}
    />
    <div id="setting-end-about">${fieldError(error)}</div>
  </div>`
}

/** Asked before a change that ends what somebody has authorized. */
export function endingQuestion({ keep, save }: { keep(): void; save(): void }): TemplateResult {
  return html`<div class="notice" data-hue="amber" role="alertdialog" aria-label=${CONNECTION.endsGrant}>
    ${icon('warning')}<span>${CONNECTION.endsGrant}</span>
    <span class="row-of">
      <button type="button" class="small keep" @click=${keep}>${ADD.keepEditing}</button>
      <button type="button" class="small danger" @click=${save}>${CONNECTION.saveAndEnd}</button>
    </span>
  </div>`
}
