import { html, type TemplateResult } from 'lit'
import type { Connector, OAuthApplication } from '../api/types.ts'
import { type Context, mayReadApplications } from '../page-context.ts'
import { OAUTH } from '../texts/add-texts.ts'

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
  chosen: string | undefined
  choose(id: string | undefined): void
}): TemplateResult {
  const { applications, chosen, choose } = options
  // What the connection has is kept, also where its application may not be read.
  const isListed = chosen === undefined || applications.some(({ id }) => id === chosen)
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
    </select>
    <p class="help" id="shared-application-about">${chosen === undefined ? OAUTH.ownClientHow : OAUTH.sharedClientHow}</p>
  </div>`
}
