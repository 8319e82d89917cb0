import { html, nothing, type TemplateResult } from 'lit'
import { timeAgo } from '../parts/pieces.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

interface Client {
  readonly client_id: string
  readonly name: string
  readonly created_at: string
  readonly client_secret?: string
}

/** The clients of the built-in issuer. */
export class ClientsSection extends LoadedList<Client> {
  protected readonly path = '/clients'
  protected readonly subject = undefined
  protected readonly words = { title: SETTINGS.clients, about: SETTINGS.clientsAbout, none: '' }
  #made: Client | undefined

  protected item(client: Client): TemplateResult {
    return html`<div class="settings-item">
      <p><strong><bdi>${client.name}</bdi></strong> <span class="meta">${timeAgo(client.created_at)}</span></p>
      <p class="meta"><code>${client.client_id}</code></p>
      <div class="row-of">
        <copy-button .text=${client.client_id}></copy-button>
        ${this.removal(`/clients/${encodeURIComponent(client.client_id)}`, client.name, SETTINGS.removesClient)}
      </div>
    </div>`
  }

  protected override get fields() {
    return [{ id: 'client-name', name: 'name', label: SETTINGS.clientName }] as const
  }

  protected form(): TemplateResult {
    return html`<form class="row-of" @submit=${this.#add}>
        ${this.fields.map((field) => this.field(field))}
        ${this.submitButton(SETTINGS.addClient)}
      </form>
      ${
        this.#made?.client_secret === undefined
          ? nothing
          : html`<div class="notice" data-hue="green" role="status">
            <span></span><div><p>${SETTINGS.clientOnce}</p><code>${this.#made.client_secret}</code></div><copy-button .text=${this.#made.client_secret}></copy-button>
          </div>`
      }`
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const name = String(new FormData(form).get('name') ?? '')
    this.#made = (await this.change('POST', '/clients', { name })) as Client | undefined
    if (this.#made !== undefined) form.reset()
    this.requestUpdate()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#made = undefined
  }
}

define('clients-section', ClientsSection)
