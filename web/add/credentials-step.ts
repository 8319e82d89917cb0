import { html, nothing, type TemplateResult } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { ref } from 'lit/directives/ref.js'
import type { FieldError } from '../api/api-error.ts'
import type { Connection, Connector, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { ADD, GRANT, OAUTH, providerName } from '../texts/add-texts.ts'
import { testBox } from './dialog-parts.ts'
import './grant-form.ts'
import { lastDayField } from './last-day-field.ts'

/** The last step: which way to connect, its fields, and whether to try them first. */
export function credentialsStep(options: {
  context: Context
  connector: Connector
  setup: Setup
  errors: readonly FieldError[]
  /** The connection that is changed; undefined where one is added. */
  seen: Connection | undefined
  action: string | undefined
  /** True where a grant that another system has is brought along. */
  isBrought: boolean
  bring(isBrought: boolean): void
  /** True while somebody is to act in the provider's window, which the wait itself explains. */
  isWaiting: boolean
  chooseSetup(type: string): void
  onAuthorized(connection: Connection): void
  onChanged(): void
}): TemplateResult {
  const { connector, setup, context, seen } = options
  const isChange = seen !== undefined && seen.status !== 'empty'
  const settings = seen?.setup_type === setup.type ? seen.settings : undefined
  const isOwnClient = setup.oauth_client === 'setup'
  const isInteractive = setup.authorization === 'interactive'
  // What was typed is stored already: only the person's word is lacking.
  const isOnlyAuthorized =
    isInteractive && isChange && ['connect', 'authorize'].includes(options.action ?? '')
  return html`
    ${isOnlyAuthorized && !options.isWaiting && !options.isBrought ? beforehand(connector, isOwnClient ? seen.callback_url : undefined) : nothing}
    ${connector.setups.length < 2 || isOnlyAuthorized ? nothing : kinds(connector, setup, options.chooseSetup)}
    ${keyed(
      `${connector.app_id} ${connector.provider ?? ''} ${setup.type}`,
      html`${isOnlyAuthorized ? nothing : html`<setup-form .context=${context} .sharedBy=${isOwnClient ? (seen?.oauth_app_id ?? undefined) : undefined} .connector=${connector} .setup=${setup} .errors=${options.errors} .isChange=${isChange} .settings=${settings ?? undefined} .withoutQuery=${seen?.settings_without_query}></setup-form>`}
        ${isInteractive && !options.isWaiting ? waysToGrant(options) : nothing}
        ${
          isInteractive
            ? html`<oauth-connect
                .isBrought=${options.isBrought}
                .context=${context}
                .connector=${connector}
                .setup=${setup}
                .current=${seen?.oauth_app_id ?? undefined}
                @authorized=${(event: CustomEvent<{ connection: Connection }>) => options.onAuthorized(event.detail.connection)}
                @stopped=${(event: CustomEvent<{ connection: Connection }>) => options.onAuthorized(event.detail.connection)}
                @oauth-changed=${options.onChanged}
              ></oauth-connect>`
            : nothing
        }`,
    )}
    ${
      isInteractive
        ? nothing
        : html`${setup.renews ? nothing : endsOn(options.errors.find(({ path }) => path === 'credential_expires_at'))}${
            setup.testable ? testBox() : html`<p class="meta">${ADD.cannotTest}</p>`
          }`
    }
  `
}

/** What is about to happen, where nothing is left to fill in. */
function beforehand(connector: Connector, callbackUrl: string | null | undefined): TemplateResult {
  const name = providerName(connector)
  return html`<p>${OAUTH.connectHow(name)}</p>
    ${
      !callbackUrl
        ? nothing
        : html`<div class="field"><p class="meta">${OAUTH.callbackFirst(name)}</p>
            <div class="with-button command"><code>${callbackUrl}</code><copy-button .text=${callbackUrl}></copy-button></div></div>`
    }`
}

/** Whoever knows that a key ends says so once, and is reminded in time. */
function endsOn(error: FieldError | undefined): TemplateResult {
  const unfold = ref((element) => {
    if (error !== undefined && element instanceof HTMLDetailsElement) element.open = true
  })
  return html`<details class="ends-on" ${unfold}>
    <summary>${ADD.endsOnDate}</summary>
    ${lastDayField({ id: 'ends-on', saysOptional: false, value: '', error: error?.message })}
  </details>`
}

/** Signing in, or going on with what another system has. */
function waysToGrant(options: {
  connector: Connector
  errors: readonly FieldError[]
  isBrought: boolean
  bring(isBrought: boolean): void
}): TemplateResult {
  const way = (isBrought: boolean, label: string): TemplateResult => html`<label class="check">
    <input type="radio" name="way" .checked=${options.isBrought === isBrought} @change=${() => options.bring(isBrought)} />${label}
  </label>`
  return html`<fieldset>
      <legend>${GRANT.question}</legend>
      ${way(false, GRANT.signIn(providerName(options.connector)))} ${way(true, GRANT.bring)}
    </fieldset>
    ${options.isBrought ? html`<grant-form .errors=${options.errors}></grant-form>` : nothing}`
}

function kinds(connector: Connector, setup: Setup, choose: (type: string) => void): TemplateResult {
  return html`<fieldset>
    <legend>${ADD.kind}</legend>
    ${connector.setups.map(
      ({ type, label }) => html`<label class="check">
        <input type="radio" name="setup-type" value=${type} .checked=${type === setup.type} @change=${() => choose(type)} />${label}
      </label>`,
    )}
  </fieldset>`
}
