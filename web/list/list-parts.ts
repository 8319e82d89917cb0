import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector, Summary } from '../api/types.ts'
import { icon } from '../icons.ts'
import type { Context } from '../page-context.ts'
import { pageIcon } from '../page-icons.ts'
import { buttonOrWhy, whyNotAdd } from '../parts/allowed.ts'
import { addressOf } from '../router.ts'
import { LIST, PAGE } from '../texts/page-texts.ts'
import { type Filters, statesIn } from './filters.ts'

/** How many connections need somebody, who they are, and a way to see only them. */
export function needYou(
  summary: Summary,
  connectors: ReadonlyMap<string, Connector>,
  options: { filters: Filters; show(state: string): void },
): TemplateResult | typeof nothing {
  const isShown = statesIn(options.filters.state).includes('needs')
  if (summary.needs_person === 0 && !isShown) return nothing
  const names = summary.first_needing.map(({ name, app_id: app }) => {
    const label = connectors.get(app)?.label ?? app
    // A connection that is called like its app needs no second word.
    return name.toLowerCase().startsWith(label.toLowerCase()) ? name : `${label} ${name}`
  })
  const more = summary.needs_person > names.length ? ', …' : ''
  return html`<div class="notice need-you" data-hue="orange">
    ${icon('warning')}
    <span>
      <strong>${LIST.needYou(summary.needs_person)}</strong>${
        names.length === 0 ? nothing : html` · <bdi>${names.join(', ')}${more}</bdi>`
      }</span
    >
    <button type="button" class="small" @click=${() => options.show(isShown ? '' : 'needs')}>
      ${isShown ? LIST.showAll : LIST.showThem}
    </button>
  </div>`
}

/** The button that adds, and says so where it may not. */
export function addButton(context: Context, add: () => void): TemplateResult {
  const label = html`${icon('plus')} ${LIST.add}`
  return buttonOrWhy({ label, reason: whyNotAdd(context), classes: 'primary', run: add })
}

/** A vault with nothing in it: what a connection is, and two ways to make one. */
export function emptyVault(context: Context, add: () => void): TemplateResult {
  const command = `curl -X POST ${context.identity.public_url}/api/v2/flows/vault/connections \\
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{"name": "orders api", "app_id": "HTTP"}'`
  return html`<div class="empty">
    <span class="empty-mark">${icon('key')}</span>
    <h2>${LIST.emptyTitle}</h2>
    <p>${LIST.emptyText}</p>
    ${addButton(context, add)}
    <pre tabindex="0">${command}</pre>
    <copy-button .text=${command}></copy-button>
  </div>`
}

/** A search without a result: which filters are on, and how to drop them. */
export function nothingFound(
  { q, app, state }: Filters,
  connectors: ReadonlyMap<string, Connector>,
  drop: () => void,
): TemplateResult {
  const filters = [
    ...(q === '' ? [] : [`“${q}”`]),
    ...(app === '' ? [] : [connectors.get(app)?.label ?? app]),
    ...statesIn(state).map((name) => LIST.states[name as keyof typeof LIST.states]),
  ]
  return html`<div class="empty">
    ${pageIcon('search')}
    <h2>${LIST.nothingFound}</h2>
    <p>${LIST.filtersOn(filters.join(', '))}</p>
    <button type="button" @click=${drop}>${LIST.dropFilters}</button>
  </div>`
}

/** What the last action left behind, above the list, until the next one. */
export interface Outcome {
  readonly text: string
  readonly connection?: Connection
  /** Another connection of the same account; `drop` deletes the new one. */
  readonly same?: Connection
  drop?(): void
  undo?(): void
}

/** The outcome in a line, with what to do next; it goes when somebody closes it. */
export function outcomeLine(
  outcome: Outcome | undefined,
  close: () => void,
): TemplateResult | typeof nothing {
  if (outcome === undefined) return nothing
  const { connection, same, drop, undo, text } = outcome
  const isTwin = same !== undefined
  return html`<div class="notice outcome" data-hue="green" role="status">
    ${icon('check-circle')}
    <span><bdi>${text}</bdi> ${isTwin ? html`<bdi>${LIST.sameAccount(same.account?.email ?? same.account?.id ?? '', same.name)}</bdi>` : nothing}</span>
    ${isTwin ? html`<button type="button" class="small" @click=${drop}>${LIST.dropThis}</button>` : nothing}
    ${
      connection === undefined
        ? nothing
        : html`<copy-button .text=${connection.id} .label=${LIST.copyId}></copy-button>
            <a href=${addressOf({ id: connection.id, query: new URLSearchParams({ tab: 'use' }) })}>${LIST.useIt}</a>`
    }
    ${undo === undefined ? nothing : html`<button type="button" class="small" @click=${undo}>${LIST.undo}</button>`}
    <button type="button" class="quiet icon-only" aria-label=${PAGE.close} @click=${close}>${pageIcon('close')}</button>
  </div>`
}
