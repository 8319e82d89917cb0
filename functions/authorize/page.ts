import { createHash } from 'node:crypto'
import type { Answer } from '../route.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem;color:#1a1e26;background:#fff;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}small{color:#545d6c}
button{font:inherit;font-weight:600;margin:1rem 0;padding:.5rem 1.25rem;border:1px solid #4a42d6;border-radius:6px;color:#fff;background:#4a42d6;cursor:pointer}
@media(prefers-color-scheme:dark){body{color:#e9ecf2;background:#101319}small{color:#a7b0bf}button{color:#14163a;background:#a9adff;border-color:#a9adff}}`
/** Tells the page that waits in another tab or window; it works when that one's `opener` is cut as well. */
const SCRIPT = `const c=new BroadcastChannel('flow-vault');c.postMessage(JSON.parse(document.documentElement.dataset.told));c.close()`

/** Markup made by `markup`, which escapes every value put into it. */
export interface Markup {
  readonly html: string
}

/** Markup with values in it, each as text. */
export function markup(parts: TemplateStringsArray, ...values: readonly (string | Markup)[]): Markup {
  const texts = values.map((value) => (typeof value === 'string' ? escapeHtml(value) : value.html))
  return { html: parts.map((part, index) => part + (texts[index] ?? '')).join('') }
}

/**
 * A page of the vault for a person. Its one style is allowed by its hash and nothing else is; with `told` so is the
 * one script, which tells that to the `flow-vault` channel of our origin. `formTo` are the origins that its form,
 * and what it is redirected to, may lead to: browsers hold a whole chain of redirects to that list.
 */
export function page(options: {
  readonly status: number
  readonly title: string
  readonly paragraphs: readonly (string | Markup)[]
  readonly form?: Markup
  readonly formTo?: readonly string[]
  readonly told?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}): Answer {
  const { status, title, paragraphs, form, formTo, told } = options
  const body = paragraphs.map((text) => markup`<p>${text}</p>`.html).join('')
  const data = told === undefined ? '' : markup` data-told="${JSON.stringify(told)}"`.html
  const script = told === undefined ? '' : `<script>${SCRIPT}</script>`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        `style-src '${hashOf(STYLE)}'`,
        ...(told === undefined ? [] : [`script-src '${hashOf(SCRIPT)}'`]),
        `form-action ${formTo === undefined ? "'none'" : formTo.join(' ')}`,
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      ...options.headers,
    },
    body: `<!doctype html><html lang="en"${data}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · Flow Vault</title><style>${STYLE}</style></head><body><h1>${escapeHtml(title)}</h1>${body}${form?.html ?? ''}<small>Flow Vault</small>${script}</body></html>`,
  }
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
