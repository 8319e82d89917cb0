import { html, type PropertyValues, type TemplateResult } from 'lit'
import { eventLine } from '../activity/event-line.ts'
import type { ChangeEvent } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { CONNECTION } from '../texts/connection-words.ts'
import { define, View } from '../view.ts'

/** What happened to one connection, newest first. */
export class ConnectionActivity extends View {
  static override properties = { context: {}, connectionId: {}, version: {}, changes: {} }
  declare context: Context
  declare connectionId: string
  declare version: number
  declare changes: number
  #events: readonly ChangeEvent[] | undefined
  #error: unknown

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('connectionId') || changed.has('changes')) void this.#load()
  }

  async #load(): Promise<void> {
    try {
      const path = `/connections/${encodeURIComponent(this.connectionId)}/events?per_page=100`
      const events = await this.context.api.ask<ChangeEvent[]>('GET', path)
      this.#events = events.toSorted((a, b) => b.sequence - a.sequence)
      this.#error = undefined
    } catch (error) {
      this.#error = error
    }
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    if (this.#error !== undefined) return problem(this.#error, () => this.#load())
    if (this.#events === undefined) return skeleton(3)
    if (this.#events.length === 0) return html`<p class="muted">${CONNECTION.noActivity}</p>`
    return html`<ol class="timeline">${this.#events.map((event) => eventLine(event))}</ol>`
  }
}

define('connection-activity', ConnectionActivity)
