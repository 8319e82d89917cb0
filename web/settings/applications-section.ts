import { html, nothing, type TemplateResult } from 'lit'
import { queryOf } from '../api/api.ts'
import type { Connection, OAuthApplication } from '../api/types.ts'
import { addressOf } from '../router.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

/** As many users of an application are named; the list of connections has the rest. */
const NAMED = 50

/** The operator's clients at providers. */
export class ApplicationsSection extends LoadedList<OAuthApplication> {
  protected readonly path = '/oauth-apps'
  protected readonly subject = 'flows_vault_oauth_apps'
  protected readonly words = {
    title: SETTINGS.applications,
    about: SETTINGS.applicationsAbout,
    none: SETTINGS.noApplications,
  }
  #users: { id: string; list: readonly Connection[] } | undefined

  protected item(application: OAuthApplication): TemplateResult {
    const { id, name, callback_url: callback } = application
    const path = `/oauth-apps/${encodeURIComponent(id)}`
    const isShown = this.#users?.id === id
    return html`<div class="settings-item">
      <p><strong><bdi>${name}</bdi></strong> <span class="meta">${application.app_id}${application.is_default ? ` · ${SETTINGS.default}` : ''}${application.ready === false ? ` · ${SETTINGS.unready}` : ''}</span></p>
      <p class="meta">${SETTINGS.callback} <code>${callback}</code></p>
      <div class="row-of">
        <copy-button .text=${callback}></copy-button>
        <button type="button" class="small" aria-expanded=${isShown} @click=${() => this.#showUsers(id)}>${SETTINGS.usedBy}</button>
        ${application.is_default ? nothing : this.button('update', SETTINGS.makeDefault, () => this.change('PATCH', path, { is_default: true }))}
        ${this.removal(path, name, SETTINGS.removesApplication)}
      </div>
      ${isShown ? users(this.#users!.list) : nothing}
    </div>`
  }

  async #showUsers(id: string): Promise<void> {
    try {
      const path = `/connections${queryOf({ oauth_app_id: id, per_page: NAMED })}`
      const list = await this.context.api.ask<readonly Connection[]>('GET', path)
      this.#users = this.#users?.id === id ? undefined : { id, list }
    } catch (error) {
      this.error = error
    }
    this.requestUpdate()
  }

  protected form(): typeof nothing {
    return nothing
  }
}

function users(list: readonly Connection[]): TemplateResult {
  if (list.length === 0) return html`<p class="muted">${SETTINGS.usedByNone}</p>`
  const query = new URLSearchParams()
  return html`<ul class="timeline">
    ${list.map(({ id, name }) => html`<li><a href=${addressOf({ id, query })}><bdi>${name}</bdi></a></li>`)}
  </ul>`
}

define('applications-section', ApplicationsSection)
