import { createHash } from 'node:crypto'
import type { FinishedAuthorization } from '../../shared/use-cases/grants/finish-authorization.ts'
import type { Answer } from '../route.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1.5rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}small{color:#57606a}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}small{color:#8d96a0}}`
/** The page's one style is allowed by its hash; scripts and everything else are not allowed at all. */
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`,
}

const NEXT_ACTIONS: Readonly<Record<Exclude<FinishedAuthorization['kind'], 'connected'>, string>> = {
  'unknown-state': 'Start it again from the vault. You can close this window.',
  denied: 'Nothing was changed. You can close this window.',
  refused: 'Nothing was changed. You can close this window.',
  'mixed-up': 'Nothing was changed. You can close this window.',
  gone: 'You can close this window.',
}

/** The page a person ends on, with the outcome in words and what to do next. */
export function callbackPage(finished: FinishedAuthorization): Answer {
  if (finished.kind !== 'connected') {
    return page(400, 'Not connected', [finished.message, NEXT_ACTIONS[finished.kind]])
  }
  const { row } = finished
  const reason = row.status === 'ready' ? [] : [row.statusReason ?? '']
  return page(200, 'Connected', [
    `${row.name} is authorized. Flows can use it now.`,
    ...reason,
    'You can close this window.',
  ])
}

function page(status: number, title: string, paragraphs: readonly string[]): Answer {
  const body = paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('')
  return {
    status,
    headers: HEADERS,
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Flow Vault</title><style>${STYLE}</style></head><body><h1>${title}</h1>${body}<small>Flow Vault</small></body></html>`,
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
