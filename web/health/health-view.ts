import { html, nothing, type TemplateResult } from 'lit'
import { ref } from 'lit/directives/ref.js'
import type { Connector } from '../api/types.ts'
import { icon } from '../icons.ts'
import { PAGE_ROOT } from '../mount.ts'
import type { Context } from '../page-context.ts'
import { problem, skeleton } from '../parts/pieces.ts'
import { PAGE } from '../texts/page-texts.ts'
import { HEALTH } from '../texts/view-texts.ts'
import { define, View } from '../view.ts'

interface Figures {
  readonly needs_person: number
  readonly late: number
  readonly failing_apps: number
  readonly ending_soon: number
  readonly due_by_hour: readonly number[]
  readonly by_app: readonly { readonly app_id: string; readonly renewed: number; readonly failing: number }[]
}

const LINKS = [
  ['needs_person', '?state=needs', 'orange'],
  ['late', '?state=degraded', 'red'],
  ['failing_apps', '?state=degraded', 'amber'],
  ['ending_soon', '?state=needs', 'amber'],
] as const
const HOUR_MS = 3_600_000

/** Whether everything renews by itself, in four numbers and two tables. */
export class VaultHealth extends View {
  static override properties = { context: {} }
  declare context: Context
  #figures: Figures | undefined
  #connectors: readonly Connector[] = []
  #error: unknown

  protected override firstUpdated(): void {
    void this.#load()
  }

  async #load(): Promise<void> {
    document.title = `${PAGE.health} · ${PAGE.product}`
    try {
      this.#connectors = await this.context.api.connectors()
      this.#figures = await this.context.api.ask<Figures>('GET', '/health')
      this.#error = undefined
    } catch (error) {
      this.#error = error
    }
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <div class="title-line"><h1>${PAGE.health}</h1></div>
      ${this.#error === undefined ? nothing : problem(this.#error, () => this.#load())}
      ${this.#figures === undefined ? (this.#error === undefined ? skeleton(4) : nothing) : this.#shown(this.#figures)}
    </div>`
  }

  #shown(figures: Figures): TemplateResult {
    const isWell = LINKS.every(([name]) => figures[name] === 0)
    return html`
      ${isWell ? html`<p class="notice" data-hue="green">${icon('check-circle')}<span>${HEALTH.allWell}</span></p>` : nothing}
      <div class="figures">
        ${LINKS.map(
          ([
            name,
            query,
            hue,
          ]) => html`<a class="figure" href=${PAGE_ROOT + query} data-hue=${figures[name] > 0 ? hue : nothing}>
            <strong>${figures[name]}</strong><span>${HEALTH.figures[name](figures[name])}</span>
          </a>`,
        )}
      </div>
      <section class="section"><h2>${HEALTH.outcomes}</h2>${this.#outcomes(figures)}</section>
      <section class="section"><h2>${HEALTH.due}</h2>${dueTable(figures.due_by_hour)}</section>
    `
  }

  #outcomes({ by_app: apps }: Figures): TemplateResult {
    if (apps.length === 0) return html`<p class="muted">${HEALTH.nothing}</p>`
    const most = Math.max(...apps.map(({ renewed, failing }) => Math.max(renewed, failing)))
    return html`<table class="plain">
      <thead><tr><th scope="col">${HEALTH.app}</th><th scope="col">${HEALTH.renewed}</th><th scope="col">${HEALTH.failing}</th></tr></thead>
      <tbody>
        ${apps.map(
          ({ app_id: app, renewed, failing }) => html`<tr>
            <th scope="row">${this.#connectors.find((each) => each.app_id === app)?.label ?? app}</th>
            <td>${renewed} ${bar(renewed / most, false)}</td>
            <td>${failing} ${bar(failing / most, true)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`
  }
}

function dueTable(hours: readonly number[]): TemplateResult {
  const most = Math.max(...hours)
  if (most === 0) return html`<p class="muted">${HEALTH.noneDue}</p>`
  const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
  const now = Date.now()
  return html`<table class="plain">
    <thead><tr><th scope="col">${HEALTH.hour}</th><th scope="col" class="number">${HEALTH.renewals}</th><th scope="col" class="bar-cell"><span class="hidden-text">${HEALTH.renewals}</span></th></tr></thead>
    <tbody>
      ${hours.map(
        (count, hour) => html`<tr>
          <th scope="row">${format.format(now + hour * HOUR_MS)}</th>
          <td class="number">${count}</td>
          <td class="bar-cell">${bar(count / most, false)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}

/** As long as its share; the number stands beside it. */
function bar(share: number, isBad: boolean): TemplateResult | typeof nothing {
  if (!(share > 0)) return nothing
  const long = ref((element) => {
    if (element instanceof HTMLElement) element.style.width = `${Math.round(share * 100)}%`
  })
  return html`<span class="bar-fill ${isBad ? 'bad' : ''}" aria-hidden="true" ${long}></span>`
}

define('vault-health', VaultHealth)
