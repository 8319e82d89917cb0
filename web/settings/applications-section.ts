import { html, nothing, type TemplateResult } from 'lit'
import type { OAuthApplication } from '../api/types.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

/** The operator's clients at providers. */
export class ApplicationsSection extends LoadedList<OAuthApplication> {
  protected readonly path = '/oauth-apps'
  protected readonly subject = 'flows_vault_oauth_apps'
  protected readonly words = {
    title: SETTINGS.applications,
    about: SETTINGS.applicationsAbout,
    none: SETTINGS.noApplications,
  }

  protected item(application: OAuthApplication): TemplateResult {
    const path = `/oauth-apps/${encodeURIComponent(application.id)}`
    return html`<div class="settings-item">
      <p><strong><bdi>${application.name}</bdi></strong> <span class="meta">${application.app_id}${application.is_default ? ` · ${SETTINGS.default}` : ''}${application.ready === false ? ` · ${SETTINGS.unready}` : ''}</span></p>
      <p class="meta">${SETTINGS.callback} <code>${application.callback_url}</code></p>
      <div class="row-of">
        <copy-button .text=${application.callback_url}></copy-button>
        ${application.is_default ? nothing : this.button('update', SETTINGS.makeDefault, () => this.change('PATCH', path, { is_default: true }))}
        ${this.button('delete', SETTINGS.remove, () => this.change('DELETE', path), { of: SETTINGS.removeFor(application.name), isDangerous: true })}
      </div>
    </div>`
  }

  protected form(): typeof nothing {
    return nothing
  }
}

define('applications-section', ApplicationsSection)
