import { html, nothing, type TemplateResult } from 'lit'
import { localInstant } from '../exact-time.ts'
import { timeAgo } from '../parts/pieces.ts'
import { EVENTS } from '../texts/connection-words.ts'
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

interface Deliveries {
  readonly deliveries: readonly Delivery[]
}

interface Delivery {
  readonly type: string
  readonly status: keyof typeof SETTINGS.deliveryStates
  readonly queued_at: string
  readonly tries: number
  readonly attempts: readonly { readonly status: number | null; readonly error_message: string | null }[]
}

/** What one turn of sending again left: where it goes on, and how many events were sent up to there. */
interface Rest {
  readonly after: string
  readonly queued: number
}

interface Replayed {
  readonly queued: number
  readonly after: string
  readonly more: boolean
}

/** Each request looks through a thousand events; so many requests cover what 30 days of a busy vault hold. */
const MAX_REPLAYS = 100

/** Where changes are sent to, what was sent, a test, and what happened since an instant once more. */
export class SubscriptionsSection extends LoadedList<Subscription, Deliveries> {
  protected readonly path = '/subscriptions'
  protected readonly subject = 'flows_vault_subscriptions'
  protected readonly words = {
    title: SETTINGS.subscriptions,
    about: SETTINGS.subscriptionsAbout,
    none: SETTINGS.noSubscriptions,
  }
  #made: Subscription | undefined
  /** The one whose events are to be sent once more. */
  #replayed: string | undefined
  #told: { id: string; text: string } | undefined
  /** By subscription. */
  readonly #rests = new Map<string, Rest>()
  #isReplaying = false

  protected override get fields() {
    return [{ id: 'subscription-url', name: 'url', label: SETTINGS.url, type: 'url' }] as const
  }

  protected item(subscription: Subscription): TemplateResult {
    const { id, url, status, reason } = subscription
    const path = pathOf(id)
    const target = url ?? subscription.target_connection_id ?? id
    const isOn = status === 'enabled'
    const deliveriesPath = `${path}/deliveries?limit=20`
    const sent = this.unfolded(deliveriesPath)
    return html`<div class="settings-item">
      <p><strong><bdi>${subscription.name ?? target}</bdi></strong> <span class="meta">${SETTINGS.statuses[status]}${reason === null ? nothing : SETTINGS.because(reason)}</span></p>
      <p class="meta">${subscription.name === null ? nothing : html`<code>${target}</code> · `}${subscription.last_success_at === null ? SETTINGS.neverDelivered : html`${SETTINGS.lastDelivery} ${timeAgo(subscription.last_success_at)}`}</p>
      <div class="row-of">
        ${isOn ? this.button('update', SETTINGS.test, () => this.#test(id)) : nothing}
        ${this.foldButton(SETTINGS.deliveries, deliveriesPath)}
        ${isOn ? this.button('update', SETTINGS.replay, () => this.#ask(id)) : nothing}
        ${isOn ? this.button('update', SETTINGS.pause, () => this.change('PATCH', path, { status: 'paused' })) : this.#resumes(subscription)}
        ${this.removal(path, target, SETTINGS.removesSubscription)}
      </div>
      ${this.#replayed === id ? this.#replayForm(subscription) : nothing}
      ${this.#told?.id === id ? html`<p role="status">${this.#told.text}</p>` : nothing}
      ${this.#goesOn(subscription)}
      ${sent === undefined ? nothing : deliveryList(sent.deliveries)}
    </div>`
  }

  /** With what happened meanwhile, where it is known since when. */
  #resumes({ id, last_success_at: since }: Subscription): TemplateResult {
    const resume = (more: object): Promise<unknown> =>
      this.change('PATCH', pathOf(id), { status: 'enabled', ...more })
    return html`${this.button('update', SETTINGS.resume, () => resume({}))}
      ${since === null ? nothing : this.button('update', SETTINGS.resumeAndReplay, () => this.#replay(id, { after: since, queued: 0 }, true))}`
  }

  #replayForm({ id, last_success_at: since }: Subscription): TemplateResult {
    const submit = (event: Event): void => {
      event.preventDefault()
      const typed = String(new FormData(event.currentTarget as HTMLFormElement).get('since') ?? '')
      void this.#replay(id, { after: new Date(typed).toISOString(), queued: 0 })
    }
    const now = localInstant(Date.now())
    return html`<form class="row-of" @submit=${submit}>
      <div class="field">
        <label for="replay-since">${SETTINGS.replaySince}</label>
        <input id="replay-since" name="since" type="datetime-local" max=${now} required value=${since === null ? '' : localInstant(Date.parse(since))} />
      </div>
      ${this.submitButton(SETTINGS.replay, 'update', this.#isReplaying ? SETTINGS.replaying : undefined)}
    </form>`
  }

  /** The way on, where one turn did not send everything. */
  #goesOn({ id, status }: Subscription): TemplateResult | typeof nothing {
    const rest = this.#rests.get(id)
    if (rest === undefined || status !== 'enabled' || this.#isReplaying) return nothing
    return html`<div>${this.button('update', SETTINGS.replayRest, () => this.#replay(id, rest))}</div>`
  }

  protected form(): TemplateResult {
    return html`<form class="row-of" @submit=${this.#add}>
        ${this.fields.map((field) => this.field(field))}
        ${this.submitButton(SETTINGS.addSubscription)}
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

  async #test(id: string): Promise<void> {
    if ((await this.change('POST', `${pathOf(id)}/test`)) !== undefined) this.#tell(id, SETTINGS.tested)
  }

  #ask(id: string): void {
    this.#replayed = this.#replayed === id ? undefined : id
    this.requestUpdate()
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#replay-since')?.focus())
  }

  /** Goes on while there is more, one turn at a time; what is left when something went wrong can be sent from there. */
  async #replay(id: string, from: Rest, isResumed = false): Promise<void> {
    if (this.#isReplaying) return
    this.#isReplaying = true
    this.requestUpdate()
    let [rest, hasMore] = [from, true]
    for (let request = 0; request < MAX_REPLAYS && hasMore; request++) {
      const { after } = rest
      const replayed = await (isResumed && request === 0 ? this.#resume(id, after) : this.#again(id, after))
      if (replayed === undefined) break
      hasMore = replayed.more
      rest = { after: replayed.after, queued: rest.queued + replayed.queued }
      if (hasMore) this.#rests.set(id, rest)
      else this.#rests.delete(id)
      this.#tell(id, (hasMore ? SETTINGS.replayedSoFar : SETTINGS.replayed)(rest.queued))
    }
    this.#isReplaying = false
    if (!hasMore) this.#replayed = undefined
    this.requestUpdate()
  }

  #again(id: string, after: string): Promise<Replayed | undefined> {
    const path = `${pathOf(id)}/replay?after=${encodeURIComponent(after)}`
    return this.attempt('POST', path) as Promise<Replayed | undefined>
  }

  async #resume(id: string, after: string): Promise<Replayed | undefined> {
    const body = { status: 'enabled', replay_after: after }
    const answer = (await this.change('PATCH', pathOf(id), body)) as { replayed?: Replayed } | undefined
    return answer?.replayed
  }

  #tell(id: string, text: string): void {
    this.#told = { id, text }
    this.requestUpdate()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#made = undefined
  }
}

function pathOf(id: string): string {
  return `/subscriptions/${encodeURIComponent(id)}`
}

function deliveryList(list: readonly Delivery[]): TemplateResult {
  if (list.length === 0) return html`<p class="muted">${SETTINGS.noDeliveries}</p>`
  return html`<ol class="timeline">
    ${list.map(
      (delivery) => html`<li>
        <span>${EVENTS[delivery.type] ?? delivery.type} · ${SETTINGS.deliveryStates[delivery.status]} <span class="meta">${trouble(delivery)}</span></span>
        <span class="meta">${timeAgo(delivery.queued_at)}</span>
      </li>`,
    )}
  </ol>`
}

/** What the last try met, where it was not taken. */
function trouble({ status, attempts, tries }: Delivery): string {
  const last = attempts.at(-1)
  if (status === 'delivered' || last === undefined) return ''
  const met = last.error_message ?? (last.status === null ? '' : SETTINGS.answered(last.status))
  return [SETTINGS.tries(tries), met].filter((text) => text !== '').join(' · ')
}

define('subscriptions-section', SubscriptionsSection)
