import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Setup } from '../api/types.ts'
import { timeAgo } from '../parts/pieces.ts'
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
