import { html, nothing, type TemplateResult } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import type { FieldError } from '../api/api-error.ts'
import type { Connection, Connector, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { ADD, GRANT } from '../texts/add-texts.ts'
import './grant-form.ts'

/** The last step: which way to connect, its fields, and whether to try them first. */
export function credentialsStep(options: {
  context: Context
  connector: Connector
  setup: Setup
  errors: readonly FieldError[]
  isChange: boolean
  /** What is stored, where this kind of setup is. */
  settings: Connection['settings']
  /** The OAuth application that the stored setup names. */
  sharedBy: string | undefined
  action: string | undefined
  /** True where a grant that another system has can be brought along. */
  mayBring: boolean
  isBrought: boolean
  bring(isBrought: boolean): void
  chooseSetup(type: string): void
  onAuthorized(connection: Connection): void
  onChanged(): void
}): TemplateResult {
  const { connector, setup, context } = options
  const isInteractive = setup.authorization === 'interactive'
  // What was typed is stored already: only the person's word is lacking.
  const isOnlyAuthorized =
    isInteractive && options.isChange && ['connect', 'authorize'].includes(options.action ?? '')
  return html`
    ${connector.setups.length < 2 || isOnlyAuthorized ? nothing : kinds(connector, setup, options.chooseSetup)}
    ${keyed(
      `${connector.app_id} ${setup.type}`,
      html`${isOnlyAuthorized ? nothing : html`<setup-form .context=${context} .sharedBy=${options.sharedBy} .connector=${connector} .setup=${setup} .errors=${options.errors} .isChange=${options.isChange} .settings=${options.settings ?? undefined}></setup-form>`}
        ${isInteractive && options.mayBring ? waysToGrant(options) : nothing}
        ${
          isInteractive
            ? html`<oauth-connect
                .isBrought=${options.isBrought}
                .context=${context}
                .connector=${connector}
                .setup=${setup}
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
        : html`${setup.renews ? nothing : endsOn()}${
            setup.testable
              ? html`<label class="check"><input type="checkbox" name="verify" checked />${ADD.test}</label>`
              : html`<p class="meta">${ADD.cannotTest}</p>`
          }`
    }
  `
}

/** Whoever knows that a key ends says so once, and is reminded in time. */
function endsOn(): TemplateResult {
  return html`<details class="ends-on">
    <summary>${ADD.endsOnDate}</summary>
    <label for="ends-on">${ADD.lastDay}</label>
    <input type="date" id="ends-on" name="ends-on" />
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
      ${way(false, GRANT.signIn(options.connector.label))} ${way(true, GRANT.bring)}
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
