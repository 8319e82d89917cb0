import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { problem } from '../parts/pieces.ts'
import { testConnection } from '../parts/test-connection.ts'
import { CONNECTION, MENU } from '../texts/connection-words.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import './connection-flows.ts'

type Action = 'delete' | 'purge' | 'freeze'

/** What is asked before something is done to a connection, and what is done without asking. */
export class ConnectionDialogs extends View {
  static override properties = { context: {}, connectors: {} }
  declare context: Context
  declare connectors: ReadonlyMap<string, Connector>
  #connection: Connection | undefined
  #action: Action | undefined
  #error: unknown
  #typed = ''

  constructor() {
    super()
    this.addEventListener('show', (event) => {
      const { connection, action } = (event as CustomEvent<{ connection: Connection; action: string }>).detail
      void this.#begin(connection, action)
    })
  }

  async #begin(connection: Connection, action: string): Promise<void> {
    this.#connection = connection
    this.#error = undefined
    this.#typed = ''
    if (['delete', 'purge', 'freeze'].includes(action)) {
      this.#action = action as Action
      this.requestUpdate()
      await this.updateComplete
      this.querySelector('dialog')!.showModal()
      this.querySelector<HTMLInputElement>('input')?.select()
      return
    }
    try {
      await this.#doAtOnce(connection, action)
    } catch (error) {
      this.#tell(connection, error instanceof ApiError ? error.message : PAGE.noAnswer)
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const connection = this.#connection
    const action = this.#action
    if (connection === undefined || action === undefined) return nothing
    const titles: Record<Action, (name: string) => string> = {
      delete: CONNECTION.deleteTitle,
      purge: CONNECTION.purgeTitle,
      freeze: CONNECTION.freezeTitle,
    }
    const isDangerous = action === 'delete' || action === 'purge'
    return html`<dialog aria-labelledby="ask-title" @close=${() => this.#closed()}>
      <form novalidate @submit=${this.#submit}>
        <div class="dialog-head"><h2 id="ask-title"><bdi>${titles[action](connection.name)}</bdi></h2></div>
        <div class="dialog-main">
          ${this.#error === undefined ? nothing : problem(this.#error)} ${this.#question(connection, action)}
        </div>
        <div class="dialog-foot">
          <button type="button" @click=${() => this.querySelector('dialog')!.close()}>${PAGE.cancel}</button>
          <button type="submit" class=${isDangerous ? 'danger' : 'primary'} ?disabled=${!this.#isReady(connection, action)}>
            ${MENU[action]}
          </button>
        </div>
      </form>
    </dialog>`
  }

  #question(connection: Connection, action: Action): TemplateResult {
    if (action === 'purge') return html`<p>${CONNECTION.purgeText}</p>`
    if (action === 'delete') {
      if (!isUsed(connection)) return html`<p>${CONNECTION.deleteText}</p>`
      return html`<p>${CONNECTION.deleteText}</p>
        <connection-flows .context=${this.context} .connection=${connection}></connection-flows>
        ${this.#input(CONNECTION.typeName)}`
    }
    return html`<p>${CONNECTION.freezeText}</p>${this.#input(CONNECTION.reason)}`
  }

  #input(label: string): TemplateResult {
    return html`<div class="field">
      <label for="ask-text">${label}</label>
      <input
        id="ask-text"
        type="text"
        autocomplete="off"
        autofocus
        data-1p-ignore
        .value=${this.#typed}
        @input=${(event: Event) => {
          this.#typed = (event.target as HTMLInputElement).value
          this.requestUpdate()
        }}
      />
    </div>`
  }

  #isReady(connection: Connection, action: Action): boolean {
    if (action === 'purge') return true
    if (action === 'delete') return !isUsed(connection) || this.#typed.trim() === connection.name
    return this.#typed.trim() !== ''
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault()
    const connection = this.#connection!
    try {
      await this.#do(connection, this.#action!)
      this.querySelector('dialog')!.close()
    } catch (error) {
      this.#error = error
      this.requestUpdate()
    }
  }

  async #do(connection: Connection, action: Action): Promise<void> {
    const { api } = this.context
    const path = `/connections/${encodeURIComponent(connection.id)}`
    if (action === 'freeze') {
      await api.ask('POST', '/freezes', {
        body: { connection_id: connection.id, reason: this.#typed.trim() },
      })
      this.#tell(connection, CONNECTION.frozen(connection.name))
    } else {
      await api.ask('DELETE', action === 'purge' ? `${path}?purge=true` : path)
      // What was destroyed cannot be brought back, and nothing offers to.
      const undo = action === 'purge' ? undefined : () => api.ask('POST', `${path}/restore`)
      this.dispatchEvent(new CustomEvent('connection-deleted', { detail: { connection, undo } }))
    }
  }

  async #doAtOnce(connection: Connection, action: string): Promise<void> {
    const { api } = this.context
    const path = `/connections/${encodeURIComponent(connection.id)}`
    if (action === 'test') {
      this.#tell(connection, await testConnection(this.context, connection, this.connectors))
    } else if (action === 'renew') {
      const { rotated } = await api.ask<{ rotated: boolean }>('POST', `${path}/rotate`)
      this.#tell(connection, (rotated ? CONNECTION.renewed : CONNECTION.notRenewed)(connection.name))
    } else if (action === 'unfreeze') {
      await api.ask('DELETE', `/freezes/${encodeURIComponent(connection.frozen!.id)}`)
      this.#tell(connection, CONNECTION.unfrozen(connection.name))
    } else if (action === 'restore') {
      await api.ask('POST', `${path}/restore`)
      this.#tell(connection, CONNECTION.restored(connection.name))
    }
  }

  #tell(connection: Connection, text: string): void {
    this.context.say(text)
    this.dispatchEvent(new CustomEvent('connection-changed', { detail: { text, id: connection.id } }))
  }

  #closed(): void {
    this.#action = undefined
    this.#typed = ''
    this.requestUpdate()
  }
}

function isUsed({ used_by_count: flows, last_used_at: usedAt }: Connection): boolean {
  return Boolean(flows) || usedAt !== null
}

define('connection-dialogs', ConnectionDialogs)
