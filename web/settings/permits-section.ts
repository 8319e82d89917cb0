import { html, nothing, type TemplateResult } from 'lit'
import { namesIn } from '../names-in.ts'
import { ADD } from '../texts/add-texts.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { endOfDay, exactTime } from '../time.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

interface Permit {
  readonly id: string
  readonly client: string
  readonly connections: readonly string[] | null
  readonly apps: readonly string[] | null
  readonly until: string | null
}

/** What narrows a client to some connections, or to some apps. */
export class PermitsSection extends LoadedList<Permit> {
  protected readonly path = '/permits'
  protected readonly subject = 'flows_vault_permits'
  protected readonly words = {
    title: SETTINGS.permits,
    about: SETTINGS.permitsAbout,
    none: SETTINGS.noPermits,
  }

  protected item({ id, client, connections, apps, until }: Permit): TemplateResult {
    const named = [...(apps ?? []), ...(connections ?? [])]
    return html`<div class="settings-item">
      <p><strong><bdi>${client}</bdi></strong> ${until === null ? nothing : html`<span class="meta">${SETTINGS.until(exactTime(Date.parse(until)))}</span>`}</p>
      <p class="meta"><code>${named.join(', ')}</code></p>
      <div class="row-of">
        ${this.button('delete', SETTINGS.remove, () => this.change('DELETE', `/permits/${encodeURIComponent(id)}`), { of: SETTINGS.removeFor(client), isDangerous: true })}
      </div>
    </div>`
  }

  protected form(): TemplateResult {
    return html`<form class="row-of" @submit=${this.#add}>
      <div class="field"><label for="permit-client">${SETTINGS.permitClient}</label><input id="permit-client" name="client" maxlength="200" autocomplete="off" spellcheck="false" required /></div>
      <div class="field"><label for="permit-for">${SETTINGS.permitFor}</label><input id="permit-for" name="for" autocomplete="off" spellcheck="false" placeholder="TWILIO, SLACK" required /></div>
      <div class="field"><label for="permit-until">${SETTINGS.permitUntil} <span class="optional">(${ADD.optional})</span></label><input id="permit-until" name="until" type="date" /></div>
      <button type="submit">${SETTINGS.addPermit}</button>
    </form>`
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const data = new FormData(form)
    const named = namesIn(String(data.get('for') ?? ''))
    const connections = named.filter((name) => name.startsWith('ac_'))
    const apps = named.filter((name) => !name.startsWith('ac_'))
    const until = String(data.get('until') ?? '')
    const body = {
      client: String(data.get('client') ?? '').trim(),
      ...(connections.length === 0 ? {} : { connections }),
      ...(apps.length === 0 ? {} : { apps }),
      ...(until === '' ? {} : { until: endOfDay(until) }),
    }
    if ((await this.change('POST', '/permits', body)) !== undefined) form.reset()
  }
}

define('permits-section', PermitsSection)
