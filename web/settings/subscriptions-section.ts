import { html, nothing, type TemplateResult } from 'lit'
import { timeAgo } from '../parts/pieces.ts'
import { SETTINGS } from '../texts/view-texts.ts'
import { define } from '../view.ts'
import { LoadedList } from './loaded-list.ts'

interface Subscription {
  readonly id: string
  readonly name: string | null
  readonly url: string | null
  readonly target_connection_id: string | null
  readonly status: 'enabled' | 'paused' | 'ended'
  readonly reason: string | null
  readonly last_success_at: string | null
  readonly secret?: string | null
}

interface Delivery {
  readonly type: string
  readonly status: string
  readonly queued_at: string
}

/** Where changes are sent to, what was sent, and a test. */
export class SubscriptionsSection extends LoadedList<Subscription> {
  protected readonly path = '/subscriptions'
  protected readonly subject = 'flows_vault_subscriptions'
  protected readonly words = {
    title: SETTINGS.subscriptions,
    about: SETTINGS.subscriptionsAbout,
    none: SETTINGS.noSubscriptions,
  }
  #made: Subscription | undefined
  #deliveries: { id: string; list: readonly Delivery[] } | undefined

  protected item(subscription: Subscription): TemplateResult {
    const { id, url, status, reason } = subscription
    const path = `/subscriptions/${encodeURIComponent(id)}`
    const target = url ?? subscription.target_connection_id ?? id
    return html`<div class="settings-item">
      <p><strong><bdi>${subscription.name ?? target}</bdi></strong> <span class="meta">${SETTINGS.statuses[status]}${reason === null ? '' : `: ${reason}`}</span></p>
      <p class="meta"><code>${target}</code> ${timeAgo(subscription.last_success_at)}</p>
      <div class="row-of">
        ${this.button('update', SETTINGS.test, () => this.#test(path))}
        <button type="button" class="small" aria-expanded=${this.#deliveries?.id === id} @click=${() => this.#show(id)}>${SETTINGS.deliveries}</button>
        ${status === 'ended' ? nothing : this.button('update', status === 'enabled' ? SETTINGS.pause : SETTINGS.resume, () => this.change('PATCH', path, { status: status === 'enabled' ? 'paused' : 'enabled' }))}
        ${this.button('delete', SETTINGS.remove, () => this.change('DELETE', path), { of: SETTINGS.removeFor(target), isDangerous: true })}
      </div>
      ${this.#deliveries?.id === id ? deliveries(this.#deliveries.list) : nothing}
    </div>`
  }

  protected form(): TemplateResult {
    return html`<form class="row-of" @submit=${this.#add}>
        <div class="field"><label for="subscription-url">${SETTINGS.url}</label><input id="subscription-url" name="url" type="url" maxlength="2048" autocomplete="off" required /></div>
        <button type="submit">${SETTINGS.addSubscription}</button>
      </form>
      ${
        this.#made?.secret
          ? html`<div class="notice" data-hue="green" role="status">
            <span></span><div><p>${SETTINGS.secretOnce}</p><code>${this.#made.secret}</code></div><copy-button .text=${this.#made.secret}></copy-button>
          </div>`
          : nothing
      }`
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const url = String(new FormData(form).get('url') ?? '').trim()
    this.#made = (await this.change('POST', '/subscriptions', { url })) as Subscription | undefined
    if (this.#made !== undefined) form.reset()
    this.requestUpdate()
  }

  async #test(path: string): Promise<void> {
    if ((await this.change('POST', `${path}/test`)) !== undefined) this.context.say(SETTINGS.tested)
  }

  async #show(id: string): Promise<void> {
    const path = `/subscriptions/${encodeURIComponent(id)}/deliveries?limit=20`
    try {
      const answer = await this.context.api.ask<{ deliveries: readonly Delivery[] }>('GET', path)
      this.#deliveries = this.#deliveries?.id === id ? undefined : { id, list: answer.deliveries }
    } catch (error) {
      this.error = error
    }
    this.requestUpdate()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#made = undefined
  }
}

function deliveries(list: readonly Delivery[]): TemplateResult {
  if (list.length === 0) return html`<p class="muted">${SETTINGS.noDeliveries}</p>`
  return html`<ol class="timeline">
    ${list.map(
      (delivery) => html`<li>
        <span>${delivery.type} · ${delivery.status}</span>
        <span class="meta">${timeAgo(delivery.queued_at)}</span>
      </li>`,
    )}
  </ol>`
}

define('subscriptions-section', SubscriptionsSection)
