import { html, nothing, type TemplateResult } from 'lit'
import type { Setup } from '../api/types.ts'
import { ADD, OAUTH } from '../texts/add-texts.ts'
import type { Entered, Step } from './entered.ts'
import type { OauthConnect } from './oauth-connect.ts'

/** The buttons of a step: back, an empty connection, and on. */
export function dialogFoot(options: {
  now: Entered
  setup: Setup | undefined
  oauth: OauthConnect | null
  firstStep: Step
  isNew: boolean
  back(): void
  addEmpty(): void
}): TemplateResult | typeof nothing {
  const { now, setup, oauth, isNew } = options
  if (oauth?.isWaiting) return nothing
  const isLast = now.step === 'credentials'
  const isInteractive = isLast && setup?.authorization === 'interactive'
  const isUnready = isInteractive && oauth !== null && !oauth.isReady
  const isAsked = isInteractive && !now.isBrought
  const label = !isLast ? ADD.continue : isAsked ? OAUTH.connect : isNew ? ADD.add : ADD.save
  const isDisabled = now.isBusy || isUnready || (now.step === 'app' && now.appId === undefined)
  return html`<div class="dialog-foot">
    ${
      isNew && now.step !== options.firstStep
        ? html`<button type="button" class="quiet start" @click=${options.back}>${ADD.back}</button>`
        : nothing
    }
    ${
      isLast && isNew
        ? html`<button type="button" class="quiet" title=${ADD.emptyHint} @click=${options.addEmpty}>${ADD.empty}</button>`
        : nothing
    }
    <button type="submit" class="primary" ?disabled=${isDisabled}>${label}</button>
  </div>`
}
