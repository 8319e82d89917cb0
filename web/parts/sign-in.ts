import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import type { Session } from '../api/signed-in.ts'
import { icon } from '../icons.ts'
import { pageIcon } from '../page-icons.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import './copy-button.ts'

type Asking = View & { readonly session: Session | undefined; readonly problem: string | undefined }

function howTo(element: Asking, inWindow: boolean): TemplateResult {
  const ask = (): void => {
    element.dispatchEvent(new CustomEvent('sign-in', { detail: { inWindow } }))
  }
  const refused =
    element.problem === undefined
      ? nothing
      : html`<p class="notice" data-hue="red" role="alert">${icon('warning')}<span>${element.problem}</span></p>`
  if (element.session?.hasButton) {
    return html`${refused}
      <p>${PAGE.signInAtIssuer}</p>
      <div><button type="button" class="primary" @click=${ask}>${PAGE.signIn}</button></div>`
  }
  if (element.session === undefined) return html`${refused}`
  return html`
    <p>${PAGE.signInHow}</p>
    <div class="with-button command">
      <code>${PAGE.signInCommand}</code><copy-button .text=${PAGE.signInCommand}></copy-button>
    </div>
    <p class="muted">${PAGE.signInElsewhere}</p>
    <div><button type="button" class="primary" @click=${ask}>${PAGE.tryAgain}</button></div>
  `
}

/** The window may have been closed, which no browser tells of one that the issuer isolates. */
function waiting(element: View): TemplateResult {
  const say = (type: string) => (): void => {
    element.dispatchEvent(new CustomEvent(type, { detail: { inWindow: true } }))
  }
  return html`<div class="stack" role="status">
      <p class="state" data-hue="orange">
        <span class="mark">${icon('hourglass')}</span><span class="strong">${PAGE.signInWaiting}</span>
      </p>
      <p>${PAGE.signInWaitingHint}</p>
    </div>
    <div class="row-of">
      <button type="button" @click=${say('sign-in')}>${PAGE.startAgain}</button>
      <button type="button" class="quiet" @click=${say('stop-waiting')}>${PAGE.cancel}</button>
    </div>`
}

function linkSpent(): TemplateResult {
  return html`<p class="notice" data-hue="orange" role="alert">
    ${icon('warning')}<span>${PAGE.linkSpent}</span>
  </p>`
}

/** What stands there before anybody has signed in. */
export class SignInPage extends View {
  static override properties = { wasLink: { type: Boolean }, session: {}, problem: {} }
  declare session: Session | undefined
  declare problem: string | undefined
  declare wasLink: boolean

  protected override render(): TemplateResult {
    return html`<div class="card sign-in">
      <span class="brand">${pageIcon('vault')} ${PAGE.product}</span>
      <h1>${PAGE.signInTitle}</h1>
      ${this.wasLink ? linkSpent() : ''}
      ${howTo(this, false)}
    </div>`
  }
}

/** The same over the page, so that nothing typed is lost. */
export class SignInDialog extends View {
  static override properties = {
    isOpen: { type: Boolean },
    isWaiting: { type: Boolean },
    wasLink: { type: Boolean },
    session: {},
    problem: {},
  }
  declare session: Session | undefined
  declare problem: string | undefined
  declare isOpen: boolean
  declare isWaiting: boolean
  declare wasLink: boolean

  protected override render(): TemplateResult {
    return html`<dialog aria-labelledby="signed-out" closedby="none" @cancel=${(event: Event) => event.preventDefault()}>
      <div class="dialog-body">
        <div class="dialog-head"><h2 id="signed-out">${PAGE.signedOut}</h2></div>
        <div class="dialog-main">
          <p>${PAGE.signedOutKept}</p>
          ${this.wasLink ? linkSpent() : ''}
          ${this.isWaiting && this.session?.hasButton ? waiting(this) : howTo(this, true)}
        </div>
      </div>
    </dialog>`
  }

  protected override updated(_changed: PropertyValues): void {
    const dialog = this.querySelector('dialog')!
    if (this.isOpen && !dialog.open) dialog.showModal()
    if (!this.isOpen && dialog.open) dialog.close()
  }
}

define('sign-in-page', SignInPage)
define('sign-in-dialog', SignInDialog)
