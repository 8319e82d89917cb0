import { html, type TemplateResult } from 'lit'
import type { Api } from '../api/api.ts'
import { ApiError } from '../api/api-error.ts'
import type { Connection, Setup } from '../api/types.ts'
import { icon } from '../icons.ts'
import { CONFLICT } from '../texts/conflict-texts.ts'
import { timeAgo } from './pieces.ts'
import { settingWords } from './setting-words.ts'

/** How a tag names the state of a connection that was looked at. */
export function tagOf({ version }: Connection): string {
  return `"v${version}"`
}

/** The connection as somebody else has changed it, where that is why a change was refused and it can be asked for. */
export async function theirsAfter(
  error: unknown,
  api: Api,
  seen: Connection | undefined,
): Promise<Connection | undefined> {
  if (seen === undefined || !(error instanceof ApiError) || error.status !== 412) return undefined
  return api.connection(seen.id).catch(() => undefined)
}

/** What somebody else has changed since this page looked, and the two ways on; what was typed is still there. */
export function conflictNotice(options: {
  before: Connection
  theirs: Connection
  /** Whose fields say what the settings are called, where it is known. */
  setup?: Setup | undefined
  takeTheirs(): void
  saveMine(): void
}): TemplateResult {
  const { before, theirs, setup } = options
  // A client's id tells a person nothing.
  const by = theirs.updated_by?.name ?? CONFLICT.somebody
  return html`<div class="notice" data-hue="amber" role="alert">
    ${icon('warning')}
    <div class="stack">
      <p><bdi>${by}</bdi> ${CONFLICT.changed} ${timeAgo(theirs.updated_at)}.</p>
      <ul>${differences(before, theirs, setup).map((sentence) => html`<li><bdi>${sentence}</bdi></li>`)}</ul>
      <div class="row-of">
        <button type="button" class="small" @click=${options.takeTheirs}>${CONFLICT.takeTheirs}</button>
        <button type="button" class="small" @click=${options.saveMine}>${CONFLICT.saveMine}</button>
      </div>
    </div>
  </div>`
}

function differences(before: Connection, theirs: Connection, setup: Setup | undefined): readonly string[] {
  const [old, now] = [before.settings ?? {}, theirs.settings ?? {}]
  const others = Object.keys({ ...old, ...now }).filter((name) => String(old[name]) !== String(now[name]))
  const found = [
    ...(before.name === theirs.name ? [] : [CONFLICT.name(theirs.name)]),
    ...(before.credential_version === theirs.credential_version ? [] : [CONFLICT.credentials]),
    ...(before.account_name === theirs.account_name ? [] : [CONFLICT.account(theirs.account_name ?? '–')]),
    ...others.map((name) => CONFLICT.setting(settingWords(setup, theirs, name))),
    ...(before.status === theirs.status ? [] : [CONFLICT.state]),
  ]
  return found.length === 0 ? [CONFLICT.other] : found
}
