import { html, nothing, type TemplateResult } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import type { FieldError } from '../api/api-error.ts'
import type { Connection, Connector, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { ADD } from '../texts/add-texts.ts'

/** The last step: which way to connect, its fields, and whether to try them first. */
export function credentialsStep(options: {
  context: Context
  connector: Connector
  setup: Setup
  errors: readonly FieldError[]
  isChange: boolean
  /** What is stored, where this kind of setup is. */
  settings: Connection['settings']
  action: string | undefined
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
      html`${isOnlyAuthorized ? nothing : html`<setup-form .connector=${connector} .setup=${setup} .errors=${options.errors} .isChange=${options.isChange} .settings=${options.settings ?? undefined}></setup-form>`}
        ${
          isInteractive
            ? html`<oauth-connect
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
