import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Setup } from '../api/types.ts'
import { timeAgo } from '../parts/pieces.ts'
import { settingWords } from '../parts/setting-words.ts'
import { ADD } from '../texts/add-texts.ts'

/** What was entered, for who may not change it, or where nobody knows its fields; and why not. */
export function enteredFacts(
  connection: Connection,
  setup: Setup | undefined,
  whyNot: string | undefined,
): TemplateResult {
  const { settings, secrets } = connection
  const wordsOf = (name: string) => settingWords(setup, connection, name)
  const shown = ({ label, value }: ReturnType<typeof wordsOf>): TemplateResult =>
    html`<dt>${label}</dt><dd><bdi>${value}</bdi></dd>`
  return html`<dl class="facts">
      ${Object.keys(settings ?? {}).map((name) => shown(wordsOf(name)))}
      ${secrets?.map(({ name, set_at: at }) => html`<dt>${wordsOf(name).label}</dt><dd>${ADD.stored} ${timeAgo(at)}</dd>`) ?? nothing}
    </dl>
    ${whyNot === undefined ? nothing : html`<p class="muted">${whyNot}</p>`}`
}
