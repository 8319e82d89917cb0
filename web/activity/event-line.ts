import { html, nothing, type TemplateResult } from 'lit'
import type { ChangeEvent } from '../api/types.ts'
import { timeAgo } from '../parts/pieces.ts'
import { CONNECTION, EVENTS } from '../texts/connection-words.ts'

/** One thing that happened, in a sentence; which connection it was stands there where it is not clear. */
export function eventLine(event: ChangeEvent, name?: TemplateResult): TemplateResult {
  const sentence = event.message ?? EVENTS[event.type] ?? event.type
  const by = event.actor?.name
  const changed = event.message === undefined ? (event.changed ?? []) : []
  return html`<li>
    <span>
      ${name === undefined ? nothing : html`${name} · `}${sentence}
      ${by ? html`<bdi>${CONNECTION.by(by)}</bdi>` : nothing}
      ${changed.length === 0 ? nothing : html`<span class="meta">${changed.join(', ')}</span>`}
    </span>
    <span class="meta">${timeAgo(event.occurred_at)}</span>
  </li>`
}
