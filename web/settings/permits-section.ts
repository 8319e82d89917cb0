import { html, nothing, type TemplateResult } from 'lit'
import { endOfDay, exactTime } from '../exact-time.ts'
import { namesIn } from '../names-in.ts'
import { LAST_DAY } from '../parts/typed-values.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

interface Permit {
  readonly id: string
  readonly client: string
  readonly connections: readonly string[] | null
  readonly apps: readonly string[] | null
  readonly until: string | null
}

const UNTIL = { id: 'permit-until', name: 'until', type: 'date', isOptional: true } as const

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
        ${this.removal(`/permits/${encodeURIComponent(id)}`, client, SETTINGS.removesPermit)}
      </div>
    </div>`
  }

  protected override get fields() {
    const members = ['apps', 'connections']
    return [
      { id: 'permit-client', name: 'client', label: SETTINGS.permitClient },
      { id: 'permit-for', name: 'for', label: SETTINGS.permitFor, placeholder: 'TWILIO, SLACK', members },
      { ...UNTIL, label: SETTINGS.permitUntil, max: LAST_DAY },
    ]
  }

  protected form(): TemplateResult {
    return html`<form class="row-of" @submit=${this.#add}>
      ${this.fields.map((field) => this.field(field))}
      ${this.submitButton(SETTINGS.addPermit)}
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
