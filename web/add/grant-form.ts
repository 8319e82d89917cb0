import { html, nothing, type TemplateResult } from 'lit'
import type { FieldError } from '../api/api-error.ts'
import { icon } from '../icons.ts'
import { namesIn } from '../names-in.ts'
import { fieldError } from '../parts/pieces.ts'
import { LAST_DAY } from '../parts/typed-values.ts'
import { ADD, GRANT } from '../texts/add-texts.ts'
import { define, View } from '../view.ts'
import { plainInput, secretInput } from './field-inputs.ts'

/** What another system got from the provider, as the API takes it. */
export interface BroughtGrant {
  readonly refresh_token?: string
  readonly access_token?: string
  readonly expires_at?: string
  readonly scopes?: readonly string[]
  readonly oauth_app_id?: string
}

/** The members of a grant that is brought along; nobody has to authorize again. */
export class GrantForm extends View {
  static override properties = { errors: {} }
  declare errors: readonly FieldError[]

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <p class="notice" data-hue="amber">${icon('warning')}<span>${GRANT.stopFirst}</span></p>
      ${this.#field('refresh_token', { label: GRANT.refreshToken, isSecret: true })}
      ${this.#field('access_token', { label: GRANT.accessToken, isSecret: true, isOptional: true })}
      ${this.#field('expires_at', { label: GRANT.expiresAt, help: GRANT.expiresHow, isOptional: true, type: 'datetime-local', max: `${LAST_DAY}T23:59` })}
      ${this.#field('scopes', { label: GRANT.scopes, help: GRANT.scopesHow, isOptional: true })}
    </div>`
  }

  /** What is typed; what is empty is left out. */
  value(): BroughtGrant {
    const expiresAt = this.#typed('expires_at')
    const scopes = namesIn(this.#typed('scopes'))
    const tokens = { refresh_token: this.#typed('refresh_token'), access_token: this.#typed('access_token') }
    return {
      ...Object.fromEntries(Object.entries(tokens).filter(([, token]) => token !== '')),
      ...(expiresAt === '' ? {} : { expires_at: new Date(expiresAt).toISOString() }),
      ...(scopes.length === 0 ? {} : { scopes }),
    }
  }

  #typed(member: string): string {
    return this.querySelector<HTMLInputElement>(`#${idOf(member)}`)?.value.trim() ?? ''
  }

  #field(
    member: string,
    {
      label,
      help,
      isSecret,
      isOptional,
      type,
      max,
    }: Readonly<{
      label: string
      help?: string
      isSecret?: boolean
      isOptional?: boolean
      type?: string
      max?: string
    }>,
  ): TemplateResult {
    const id = idOf(member)
    const error = this.errors.find(
      ({ path }) => path === `grant.${member}` || path.startsWith(`grant.${member}[`),
    )
    const options = {
      id,
      label,
      isRequired: !isOptional,
      isInvalid: error !== undefined,
      describedBy: `${id}-about`,
      onInput: () => undefined,
      ...(type === undefined ? {} : { type }),
      ...(max === undefined ? {} : { max, path: `grant.${member}` }),
    }
    return html`<div class="field">
      <label for=${id}>${label} ${isOptional ? html`<span class="optional">(${ADD.optional})</span>` : nothing}</label>
      ${isSecret ? secretInput(options) : plainInput(options)}
      <div id="${id}-about">
        ${fieldError(error?.message)}
        ${help === undefined ? nothing : html`<p class="help">${help}</p>`}
      </div>
    </div>`
  }
}

/** Neutral, so that nothing takes it for a sign-in. */
function idOf(member: string): string {
  return `brought-${member.replaceAll('_', '-')}`
}

define('grant-form', GrantForm)
