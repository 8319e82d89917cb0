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
export class ApplicationsSection extends LoadedList<OAuthApplication, readonly Connection[]> {
  protected readonly path = '/oauth-apps'
  protected readonly subject = 'flows_vault_oauth_apps'
  protected readonly words = {
    title: SETTINGS.applications,
    about: SETTINGS.applicationsAbout,
    none: SETTINGS.noApplications,
  }

  protected item(application: OAuthApplication): TemplateResult {
    const { id, name, callback_url: callback } = application
    const path = `/oauth-apps/${encodeURIComponent(id)}`
    const usersPath = `/connections${queryOf({ oauth_app_id: id, per_page: NAMED })}`
    const users = this.unfolded(usersPath)
    return html`<div class="settings-item">
      <p><strong><bdi>${name}</bdi></strong> <span class="meta">${application.app_id}${application.is_default ? ` · ${SETTINGS.default}` : ''}${application.ready === false ? ` · ${SETTINGS.unready}` : ''}</span></p>
      <p class="meta">${SETTINGS.callback} <code>${callback}</code></p>
      <div class="row-of">
        <copy-button .text=${callback}></copy-button>
        ${this.foldButton(SETTINGS.usedBy, usersPath)}
        ${application.is_default ? nothing : this.button('update', SETTINGS.makeDefault, () => this.change('PATCH', path, { is_default: true }))}
        ${this.removal(path, name, SETTINGS.removesApplication)}
      </div>
      ${users === undefined ? nothing : userList(users)}
    </div>`
  }

  protected form(): typeof nothing {
    return nothing
  }
}

function userList(list: readonly Connection[]): TemplateResult {
  if (list.length === 0) return html`<p class="muted">${SETTINGS.usedByNone}</p>`
  const query = new URLSearchParams()
  return html`<ul class="timeline">
    ${list.map(({ id, name }) => html`<li><a href=${addressOf({ id, query })}><bdi>${name}</bdi></a></li>`)}
  </ul>`
}

define('applications-section', ApplicationsSection)
