import { html, nothing, type TemplateResult } from 'lit'
import type { Connector, OAuthApplication } from '../api/types.ts'
import { icon } from '../icons.ts'
import { MOUNT, PAGE_ROOT } from '../mount.ts'
import type { Context } from '../page-context.ts'
import { buttonOrWhy, whyForbidden, whyNot } from '../parts/allowed.ts'
import { problem } from '../parts/pieces.ts'
import { OAUTH, providerName } from '../texts/add-texts.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import { plainInput, secretInput } from './field-inputs.ts'

const CREATE = 'create:flows_vault_oauth_apps'
const UPDATE = 'update:flows_vault_oauth_apps'

/**
 * Registers the vault at a provider. A provider gives a client only for a callback URL, so that comes first: the
 * application is made without a client, and gets it when the person comes back with it.
 */
export class RegisterApplication extends View {
  static override properties = { context: {}, connector: {}, draft: {}, isOnly: { type: Boolean } }
  declare context: Context
  declare connector: Connector
  /** An application that waits for its client. */
  declare draft: OAuthApplication | undefined
  /** True where no other one can be chosen. */
  declare isOnly: boolean
  #error: unknown
  #isBusy = false
  /** The one that was made here, for its callback URL. */
  #made: string | undefined

  protected override render(): TemplateResult {
    const forbidden = whyForbidden(this.context, CREATE) ?? whyForbidden(this.context, UPDATE)
    if (forbidden !== undefined) {
      return html`<p class="notice" data-hue="amber">${icon('warning')}<span>${this.isOnly ? OAUTH.none : ''} ${forbidden}</span></p>`
    }
    return html`<fieldset class="stack card">
      <legend class="hidden-text">${OAUTH.register}</legend>
      <p id="oauth-how">${this.isOnly ? OAUTH.none : nothing} ${this.draft === undefined ? OAUTH.nameFirst : OAUTH.registerHow(providerName(this.connector))}</p>
      ${this.#elsewhere()} ${this.#error === undefined ? nothing : problem(this.#error)}
      ${this.draft === undefined ? this.#name() : this.#client(this.draft)}
      <div class="row-of">
        ${buttonOrWhy({
          label: this.draft === undefined ? OAUTH.getCallback : OAUTH.saveApplication,
          reason: whyNot(this.context, CREATE),
          isBusy: this.#isBusy,
          run: () => this.#save(),
        })}
        ${this.isOnly ? nothing : html`<button type="button" class="quiet" @click=${() => this.#giveUp()}>${PAGE.cancel}</button>`}
      </div>
    </fieldset>`
  }

  #elsewhere(): TemplateResult | typeof nothing {
    const { public_url: address } = this.context.identity
    if (!location.pathname.startsWith(PAGE_ROOT) || address === location.origin + MOUNT) return nothing
    return html`<p class="notice" data-hue="amber">${icon('warning')}<span>${OAUTH.elsewhere(address)}</span></p>`
  }

  #name(): TemplateResult {
    return html`<div class="field"><label for="app-name">${OAUTH.registerName}</label>${plainInput(inputOf('app-name', OAUTH.registerName))}</div>`
  }

  #client({ callback_url: callback }: OAuthApplication): TemplateResult {
    return html`<div class="field">
        <span class="label">${OAUTH.callbackUrl}</span>
        <div class="with-button command"><code>${callback}</code><copy-button .text=${callback}></copy-button></div>
      </div>
      <div class="field"><label for="app-client">${OAUTH.clientId}</label>${plainInput(inputOf('app-client', OAUTH.clientId))}</div>
      <div class="field"><label for="app-key">${OAUTH.clientSecret}</label>${secretInput(inputOf('app-key', OAUTH.clientSecret))}</div>`
  }

  #typed(id: string): string {
    return this.querySelector<HTMLInputElement>(`#${id}`)!.value.trim()
  }

  async #save(): Promise<void> {
    this.#isBusy = true
    this.#error = undefined
    this.requestUpdate()
    try {
      if (this.draft === undefined) {
        this.draft = await this.#make()
        this.#made = this.draft.id
      } else await this.#complete(this.draft)
    } catch (error) {
      this.#error = error
    }
    this.#isBusy = false
    this.requestUpdate()
    await this.updateComplete
    this.querySelector<HTMLInputElement>('#app-client')?.focus()
  }

  /** One that was begun here is of no use to anybody; where it cannot be removed, it is offered the next time. */
  #giveUp(): void {
    const made = this.#made
    this.dispatchEvent(new Event('given-up'))
    if (made === undefined) return
    void this.context.api.ask('DELETE', `/oauth-apps/${encodeURIComponent(made)}`).catch(() => undefined)
  }

  #make(): Promise<OAuthApplication> {
    const { app_id, label } = this.connector
    const body = { app_id, name: this.#typed('app-name') || label }
    return this.context.api.ask('POST', '/oauth-apps', { body })
  }

  async #complete({ id }: OAuthApplication): Promise<void> {
    const body = { client_id: this.#typed('app-client'), client_secret: this.#typed('app-key') }
    const path = `/oauth-apps/${encodeURIComponent(id)}`
    const application = await this.context.api.ask<OAuthApplication>('PATCH', path, { body })
    const key = this.querySelector<HTMLInputElement>('#app-key')
    if (key !== null) key.value = ''
    this.draft = undefined
    this.dispatchEvent(new CustomEvent('registered', { detail: { application } }))
  }
}

function inputOf(id: string, label: string): Parameters<typeof plainInput>[0] {
  return { id, label, isRequired: true, isInvalid: false, describedBy: 'oauth-how', onInput: () => undefined }
}

define('register-application', RegisterApplication)
