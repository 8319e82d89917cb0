import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import type { Connection } from '../api/types.ts'
import { icon } from '../icons.ts'
import { OAUTH } from '../texts/add-texts.ts'

/** How an authorization stands, as the vault says it. */
export interface Outcome {
  readonly outcome: string
  readonly message?: string
  readonly account?: NonNullable<Connection['account']>
}

/** How an authorization ended that did not go as it was meant. */
export interface Ended {
  readonly kind: keyof typeof OAUTH.outcomes
  readonly message?: string
  /** Who signed in, where that is another one than before. */
  readonly account?: string | undefined
}

/** What stands in the dialog while somebody is to act in the provider's window, and how that ended. */
export function oauthWait(options: {
  label: string
  target: string
  attempt: { readonly url: string; readonly isBlocked: boolean }
  /** Where the provider sends people back to, which it has to know. */
  callbackUrl: string | null | undefined
  outcome: Ended | undefined
  /** How many flows would act as the other account. */
  flows: number
  again(how?: { isSwitched: boolean }): void
  keep(): void
  stop(): void
}): TemplateResult {
  const { label, attempt, outcome } = options
  if (outcome !== undefined) return ended(outcome, options)
  return html`<div class="stack" role="status">
    <p class="state" data-hue="orange">
      <span class="mark">${icon('hourglass')}</span><span class="strong">${OAUTH.waiting(label)}</span>
    </p>
    <p>${attempt.isBlocked ? OAUTH.blocked : OAUTH.waitingHint}</p>
    <div class="row-of">
      <a class="button small" href=${attempt.url} target=${options.target}
        >${attempt.isBlocked ? OAUTH.openHere(label) : OAUTH.openAgain}</a
      >
      <copy-button .text=${attempt.url} .label=${OAUTH.copyLink}></copy-button>
      <button type="button" class="small quiet" @click=${options.stop}>${OAUTH.stop}</button>
    </div>
    ${
      options.callbackUrl
        ? html`<p class="meta">${OAUTH.callbackHow(label)}</p>
            <div class="with-button command"><code>${options.callbackUrl}</code><copy-button .text=${options.callbackUrl}></copy-button></div>`
        : nothing
    }
  </div>`
}

function ended(
  { kind, message, account }: Ended,
  options: Pick<Parameters<typeof oauthWait>[0], 'label' | 'flows' | 'again' | 'keep'>,
): TemplateResult {
  const { label, flows, again, keep } = options
  const isPartly = kind === 'fewer_scopes'
  const isOther = kind === 'other_account' && account !== undefined
  return html`<div class="notice" data-hue=${isPartly ? 'amber' : 'red'} role="alert">
    ${icon('warning')}
    <div class="stack">
      ${isOther && message !== undefined ? nothing : html`<p class="strong">${OAUTH.outcomes[kind](label)}</p>`}
      ${message === undefined ? nothing : html`<p>${message}</p>`}
      <div class="row-of">
        <button type="button" class="small" @click=${() => again()}>${isPartly ? OAUTH.askAgain : OAUTH.tryAgain}</button>
        ${isPartly ? html`<button type="button" class="small" @click=${keep}>${OAUTH.keepSo}</button>` : nothing}
        ${isOther ? html`<button type="button" class="small" @click=${() => again({ isSwitched: true })}><bdi>${OAUTH.switchTo(account, flows)}</bdi></button>` : nothing}
      </div>
    </div>
  </div>`
}

/**
 * What a refused question says of the attempt: one that nobody knows any more has ended; a passing failure says
 * nothing.
 */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.isPassing || error.isSignedOut) return { outcome: 'waiting' }
  return error.status === 404 ? { outcome: 'expired' } : { outcome: 'failed', message: error.message }
}
