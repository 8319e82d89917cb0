import { html, nothing, type TemplateResult } from 'lit'
import { ref } from 'lit/directives/ref.js'
import type { Connection, Connector } from '../api/types.ts'
import { exactTime, withExactTimes } from '../exact-time.ts'
import { icon } from '../icons.ts'
import { pageIcon } from '../page-icons.ts'
import { timeAgo } from '../parts/pieces.ts'
import { CONNECTION } from '../texts/connection-words.ts'

/** Who it is, how long it lives, what it may, and what went wrong last. */
export function overviewTab(connection: Connection, connector: Connector | undefined): TemplateResult {
  return html`
    ${failure(connection)}
    ${connection.status_reason === undefined ? nothing : html`<p>${withExactTimes(connection.status_reason)}</p>`}
    ${connection.notes.map(({ message }) => html`<p class="notice" data-hue="amber">${icon('warning')}<span>${withExactTimes(message)}</span></p>`)}
    ${facts(connection, connector)} ${life(connection)} ${permissions(connection, connector)}
  `
}

function facts(connection: Connection, connector: Connector | undefined): TemplateResult {
  const by = connection.authorized_by?.name
  const kind = connector?.setups.find(({ type }) => type === connection.setup_type)?.label
  return html`<dl class="facts">
    <dt>${CONNECTION.app}</dt>
    <dd>${connector?.label ?? connection.app_id}${kind === undefined ? nothing : html` · ${kind}`}</dd>
    <dt>${CONNECTION.account}</dt>
    <dd><bdi>${connection.account?.email ?? connection.account_name ?? '–'}</bdi></dd>
    ${by ? html`<dt>${CONNECTION.authorizedBy}</dt><dd><bdi>${by}</bdi></dd>` : nothing}
    <dt>${CONNECTION.id}</dt>
    <dd><code>${connection.id}</code> <copy-button .text=${connection.id}></copy-button></dd>
    ${
      connection.callback_url
        ? html`<dt>${CONNECTION.callbackUrl}</dt><dd><code>${connection.callback_url}</code> <copy-button .text=${connection.callback_url}></copy-button></dd>`
        : nothing
    }
    <dt>${CONNECTION.created}</dt>
    <dd>${timeAgo(connection.created_at)} ${connection.created_by?.name ? CONNECTION.by(connection.created_by.name) : nothing}</dd>
    <dt>${CONNECTION.changed}</dt>
    <dd>${timeAgo(connection.updated_at)} ${connection.updated_by?.name ? CONNECTION.by(connection.updated_by.name) : nothing}</dd>
  </dl>`
}

/** A line from when the credential came to its end, with now and with the next renewal on it, and the same as text. */
function life(connection: Connection): TemplateResult | typeof nothing {
  if (connection.status === 'empty') return nothing
  const end = connection.expires_at
  const renewal = connection.next_rotation_at
  const ends =
    end === null ? (connection.expiry_basis === 'unknown' ? CONNECTION.unknown : CONNECTION.never) : undefined
  return html`<section class="life">
    <h3>${CONNECTION.life}</h3>
    ${end === null ? nothing : lifeLine(Date.parse(connection.refreshed_at ?? connection.created_at), Date.parse(end), renewal)}
    <dl class="facts">
      <dt>${CONNECTION.endsAt}</dt>
      <dd>${ends ?? html`${timeAgo(end)} <span class="meta">${exactTime(Date.parse(end!))}</span>`}</dd>
      ${renewal === null ? nothing : html`<dt>${CONNECTION.renewsAt}</dt><dd>${timeAgo(renewal)} <span class="meta">${exactTime(Date.parse(renewal))}</span></dd>`}
      ${connection.refresh_expires_at === null ? nothing : html`<dt>${CONNECTION.grantEnds}</dt><dd>${timeAgo(connection.refresh_expires_at)}</dd>`}
    </dl>
  </section>`
}

function lifeLine(fromMs: number, toMs: number, renewal: string | null): TemplateResult {
  const at = (ms: number): number => Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs || 1)) * 100))
  const place = (percent: number, property: 'width' | 'insetInlineStart') =>
    ref((element) => {
      // Set as a property: the page's policy refuses style attributes.
      if (element instanceof HTMLElement) element.style[property] = `${percent}%`
    })
  return html`<div class="life-line" aria-hidden="true">
    <i class="past" ${place(at(Date.now()), 'width')}></i>
    ${renewal === null ? nothing : html`<i class="next" ${place(at(Date.parse(renewal)), 'insetInlineStart')}></i>`}
  </div>`
}

function permissions(
  connection: Connection,
  connector: Connector | undefined,
): TemplateResult | typeof nothing {
  const { required, granted, missing } = connection.scopes
  const all = [
    ...missing,
    ...required.filter((scope) => !missing.includes(scope)),
    ...granted.filter((scope) => !required.includes(scope)),
  ]
  if (all.length === 0) return nothing
  const known = connector?.setups.flatMap(({ scopes = [] }) => scopes) ?? []
  return html`<section>
    <h3>${CONNECTION.permissions}</h3>
    <ul class="permission-list">
      ${all.map((scope) => {
        const isMissing = missing.includes(scope)
        const label = known.find(({ value }) => value === scope)?.label ?? scope
        return html`<li class="state" data-hue=${isMissing ? 'amber' : 'green'}>
          <span class="mark">${isMissing ? icon('warning') : pageIcon('check')}</span>
          <span>${label} <span class="meta">${label === scope ? nothing : scope} ${isMissing ? CONNECTION.missing : CONNECTION.granted}</span></span>
        </li>`
      })}
    </ul>
  </section>`
}

function failure({ failure: last }: Connection): TemplateResult | typeof nothing {
  if (last === null) return nothing
  return html`<div class="notice" data-hue="amber">
    ${icon('warning')}
    <div>
      <h3>${CONNECTION.failure}</h3>
      <p>${withExactTimes(last.message)}</p>
      <p class="meta">
        ${CONNECTION.often(last.count)}, ${timeAgo(last.first_at)}${last.retry_at === null ? nothing : html` · ${CONNECTION.nextTry('')}${timeAgo(last.retry_at)}`}
        · <code>${last.code}</code>
      </p>
    </div>
    <copy-button .text=${last.code}></copy-button>
  </div>`
}
