import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import { exactTime } from '../exact-time.ts'
import { icon } from '../icons.ts'
import { ALLOWED } from '../texts/allowed-texts.ts'
import { PAGE } from '../texts/page-texts.ts'
import { relativeTime } from '../time.ts'
import './copy-button.ts'
import './count-down.ts'

/** A time in words, with the exact one in reach. */
export function timeAgo(text: string | null | undefined, nowMs = Date.now()): TemplateResult {
  if (!text) return html`–`
  const atMs = Date.parse(text)
  return html`<time datetime=${text} title=${exactTime(atMs)}>${relativeTime(atMs, nowMs)}</time>`
}

/** What went wrong, in words, with what to do. */
export function problem(error: unknown, retry?: () => void): TemplateResult {
  const isApi = error instanceof ApiError
  const scope = isApi && error.status === 403 ? scopeIn(error.message) : undefined
  const message = scope === undefined ? (isApi ? error.message : PAGE.noAnswer) : ALLOWED.needsScope(scope)
  return html`<div class="notice" data-hue="red" role="alert">
    ${icon('warning')}
    <div>
      <p>${message}</p>
      ${
        isApi && error.requestId !== undefined && error.status >= 500
          ? html`<p class="meta">
              ${PAGE.requestId} <code>${error.requestId}</code>
              <copy-button .text=${error.requestId}></copy-button>
            </p>`
          : nothing
      }
      ${scope === undefined ? nothing : html`<copy-button .text=${scope}></copy-button>`}
    </div>
    ${retry === undefined ? nothing : html`<button type="button" class="small" @click=${retry}>${PAGE.retry}</button>`}
  </div>
  ${
    retry === undefined || !isApi || error.retryAfterSeconds === undefined
      ? nothing
      : html`<p class="meta"><count-down .answer=${error} .words=${PAGE.busy} @done=${retry}></count-down></p>`
  }`
}

/** What is wrong with a field, under it; nothing where nothing is. */
export function fieldError(message: string | undefined, role?: 'alert'): TemplateResult | typeof nothing {
  if (message === undefined) return nothing
  return html`<p class="error" role=${role ?? nothing}>${icon('warning')}<span>${message}</span></p>`
}

/** The scope that a refusal names. */
function scopeIn(message: string): string | undefined {
  return /expected any of: ([\w:]+)/.exec(message)?.[1]
}

/** Gray bars where rows will be. */
export function skeleton(rows: number): TemplateResult {
  const bars = Array.from({ length: rows }, () => html`<div class="skeleton"></div>`)
  return html`<div class="skeletons" aria-busy="true"><span class="hidden-text">${PAGE.loading}</span>${bars}<p class="slow meta">${PAGE.stillLoading}</p></div>`
}

/** An address of somebody else's: only the web's own schemes are followed. */
export function outside(address: string, text: string | TemplateResult): TemplateResult {
  const isWeb = /^https?:\/\//i.test(address)
  if (!isWeb) return html`<span>${text}</span>`
  return html`<a href=${address} target="_blank" rel="noopener noreferrer"
    >${text} ${icon('external')}<span class="hidden-text">${PAGE.opensOutside}</span></a
  >`
}
