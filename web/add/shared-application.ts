import { html, type TemplateResult } from 'lit'
import type { Api } from '../api/api.ts'
import type { Connector, OAuthApplication } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { mayReadApplications } from '../tenant-rights.ts'
import { ADD, OAUTH } from '../texts/add-texts.ts'
import { plainInput } from './field-inputs.ts'
import type { Draft } from './save-connection.ts'

/** What is chosen where the client that is typed is to become an application. */
export const NEW_APPLICATION = 'new'

/**
 * The applications that a connection of this app, or of this service of it, can share; none where they may not be read.
 */
export async function sharedApplications(
  context: Context,
  { app_id: appId, provider }: Connector,
): Promise<readonly OAuthApplication[]> {
  if (!mayReadApplications(context)) return []
  const all = await context.api.ask<readonly OAuthApplication[]>('GET', '/oauth-apps').catch(() => [])
  const fits = ({ setup }: OAuthApplication): boolean =>
    provider === undefined || setup?.['provider'] === provider
  return all.filter((each) => each.app_id === appId && each.ready !== false && fits(each))
}

/** Whose client asks at the provider: one of the connection's own, or one that several share. */
export function sharedApplication(options: {
  applications: readonly OAuthApplication[]
  /** True where what is typed may become one. */
  mayRegister: boolean
  chosen: string | undefined
  choose(id: string | undefined): void
}): TemplateResult {
  const { applications, mayRegister, chosen, choose } = options
  const isNew = chosen === NEW_APPLICATION
  const about = isNew ? OAUTH.newSharedHow : chosen === undefined ? OAUTH.ownClientHow : OAUTH.sharedClientHow
  // What the connection has is kept, also where its application may not be read.
  const isListed = chosen === undefined || isNew || applications.some(({ id }) => id === chosen)
  return html`<div class="field">
    <label for="shared-application">${OAUTH.client}</label>
    <select
      id="shared-application"
      aria-describedby="shared-application-about"
      @change=${(event: Event) => choose((event.target as HTMLSelectElement).value || undefined)}
    >
      <option value="" ?selected=${chosen === undefined}>${OAUTH.ownClient}</option>
      ${isListed ? '' : html`<option value=${chosen} selected>${chosen}</option>`}
      ${applications.map((each) => html`<option value=${each.id} ?selected=${each.id === chosen}>${each.name}</option>`)}
      ${mayRegister ? html`<option value=${NEW_APPLICATION} ?selected=${isNew}>${OAUTH.newShared}</option>` : ''}
    </select>
    <p class="help" id="shared-application-about">${about}</p>
  </div>
  ${isNew ? nameField() : ''}`
}

function nameField(): TemplateResult {
  const [id, label] = ['shared-name', OAUTH.registerName]
  const how = { isRequired: false, isInvalid: false, describedBy: id, onInput: () => undefined }
  return html`<div class="field">
    <label for=${id}>${label} <span class="optional">(${ADD.optional})</span></label>
    ${plainInput({ id, label, ...how })}
  </div>`
}

/** The form that asks for one, and is told of it. */
interface Sharing {
  readonly newApplication: string | undefined
  share(application: OAuthApplication): void
}

/** What is to be saved, after the client in it became an application where it is to be one. Throws `ApiError`. */
export async function sharedFirst(api: Api, draft: Draft, form: Sharing | null): Promise<Draft> {
  const name = draft.setup === undefined ? undefined : form?.newApplication
  if (name === undefined) return draft
  const application = await register(api, draft, name)
  // Whatever becomes of the connection, it is registered once.
  form?.share(application)
  const own = pick(draft.values, (member) => isOfConnection(draft, member))
  return { ...draft, values: { ...own, oauth_app_id: application.id } }
}

function register(api: Api, draft: Draft, name: string): Promise<OAuthApplication> {
  const { client_id, client_secret, ...values } = draft.values
  const setup = { ...service(draft), ...pick(values, (member) => !isOfConnection(draft, member)) }
  return api.ask('POST', '/oauth-apps', {
    // Without one it would be made all the same, to be finished once it is registered at its provider.
    body: { app_id: draft.appId, name, client_id: client_id ?? '', client_secret, setup },
  })
}

function service({ setup, provider }: Draft): Record<string, unknown> {
  return { type: setup!.type, ...(provider === undefined ? {} : { provider }) }
}

function isOfConnection({ setup }: Draft, member: string): boolean {
  return setup?.fields_with_application?.some(({ name }) => name === member) === true
}

function pick(values: Draft['values'], fits: (member: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([member]) => fits(member)))
}
