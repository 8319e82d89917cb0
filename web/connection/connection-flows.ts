import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import type { Connection } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { outside, problem, skeleton, timeAgo } from '../parts/pieces.ts'
import { CONNECTION } from '../texts/connection-words.ts'
import { define, View } from '../view.ts'

interface Flow {
  readonly id: string
  readonly name: string
  readonly action: string | null
  readonly url: string | null
  readonly updated_at: string
}

/** Which flows say that they use the connection, and when one last fetched it. */
export class ConnectionFlows extends View {
  static override properties = { context: {}, connection: {} }
  declare context: Context
  declare connection: Connection
  #flows: readonly Flow[] | undefined
  #error: unknown

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('connection')) void this.#load()
  }

  protected override render(): TemplateResult {
    const { last_used_at: usedAt } = this.connection
    return html`<p>${usedAt === null ? CONNECTION.noFlows : html`${CONNECTION.lastUsed} ${timeAgo(usedAt)}`}</p>
      ${this.#error === undefined ? this.#list() : problem(this.#error, () => this.#load())}`
  }

  #list(): TemplateResult {
    const flows = this.#flows
    if (flows === undefined) return skeleton(2)
    if (flows.length === 0) return html`<p class="muted">${CONNECTION.noFlowSays}</p>`
    return html`<ul class="flows">
      ${flows.map(
        ({ name, action, id, url, updated_at: at }) => html`<li>
          ${url === null ? html`<bdi class="strong">${name}</bdi>` : outside(url, html`<bdi class="strong">${name}</bdi>`)}
          <span class="meta"><code>${id}</code>${!action ? nothing : html` · <bdi>${action}</bdi>`} · ${timeAgo(at)}</span>
        </li>`,
      )}
    </ul>`
  }

  async #load(): Promise<void> {
    const { id } = this.connection
    try {
      const path = `/connections/${encodeURIComponent(id)}/flows`
      const flows = await this.context.api.ask<Flow[]>('GET', path)
      if (id === this.connection.id) this.#flows = flows
      this.#error = undefined
    } catch (error) {
      this.#error = error
    }
    this.requestUpdate()
  }
}

define('connection-flows', ConnectionFlows)
