import { html, nothing, type PropertyValues, type TemplateResult } from 'lit'
import { keyed } from 'lit/directives/keyed.js'
import { dialogNotices, question, testBox, troubleOf } from '../add/dialog-parts.ts'
import { type Entered, NO_TROUBLE } from '../add/entered.ts'
import { lastDayField } from '../add/last-day-field.ts'
import { SecretGuard } from '../add/secret-guard.ts'
import { Services } from '../add/services.ts'
import { clearFields, focusErrors, isTested } from '../add/typed-draft.ts'
import type { Connection, Connector, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { buttonOrWhy, whyForbidden, whyNot } from '../parts/allowed.ts'
import { tagOf, theirsAfter } from '../parts/conflict.ts'
import { skeleton } from '../parts/pieces.ts'
import { refuseKeptBack } from '../parts/typed-values.ts'
import { keepTyped, type Route, type Typed } from '../router.ts'
import { ADD } from '../texts/add-texts.ts'
import { CONNECTION, MENU } from '../texts/connection-words.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import '../add/setup-form.ts'
import type { SetupForm } from '../add/setup-form.ts'
import { changeOf, enteredMark, lastDayOf } from './settings-draft.ts'
import { enteredFacts } from './settings-parts.ts'

const UPDATE = 'update:flows_vault_connections'

type Now = Pick<Entered, 'isAsking' | 'error' | 'errors' | 'conflict' | 'offersUnverified' | 'isBusy'>
const CALM: Now = { ...NO_TROUBLE, isAsking: false, isBusy: false }

/**
 * What was entered of a connection, to be changed in its place. What arrives meanwhile takes nothing away of what is
 * typed. Tells `connection-changed`, `asked` when it has to be seen, and `replace` where all of it is to be replaced.
 */
export class ConnectionSettings extends View implements Typed {
  static override properties = { context: {}, connectors: {}, connection: {} }
  declare context: Context
  declare connectors: ReadonlyMap<string, Connector>
  declare connection: Connection
  /** As it was when somebody began to type. */
  #seen: Connection | undefined
  #isTyped = false
  #isEnding = false
  #isSaved = false
  #now: Now = CALM
  /** Where somebody wants to go, who is asked whether what they typed may go. */
  #leave: (() => void) | undefined
  /** The field that somebody is at, whatever has the focus by now. */
  #held: HTMLElement | undefined
  /** Rises when the fields are to be drawn anew, with nothing of what was typed. */
  #turn = 0
  readonly #services = new Services()

  constructor() {
    super()
    new SecretGuard(this, () => clearFields(this))
    let release = (): void => {}
    this.addController({
      hostConnected: () => {
        release = keepTyped(this)
      },
      hostDisconnected: () => release(),
    })
  }

  /** Another connection, or another view. */
  isLostAt({ view, id }: Route): boolean {
    return this.#isTyped && (view !== 'connections' || id !== this.#seen?.id)
  }

  /** Asks in the place of what was typed, which stays where it is until somebody has answered. */
  askBefore(leave: () => void): void {
    this.#leave = leave
    this.dispatchEvent(new Event('asked'))
    this.#set({ isAsking: true })
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.keep')?.focus())
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('connection')) return
    const seen = this.#seen
    const isOther = seen?.id !== this.connection.id
    if (this.#isTyped && !isOther) return
    if (isOther || enteredMark(seen) !== enteredMark(this.connection)) this.#begin(this.connection)
    this.#seen = this.connection
    void this.#loadService()
  }

  /** Draws what is stored, without what was typed. */
  #begin(connection: Connection): void {
    clearFields(this)
    this.#seen = connection
    this.#isTyped = false
    this.#isEnding = false
    this.#leave = undefined
    this.#turn += 1
    this.#set(CALM)
  }

  #set(change: Partial<Now>): void {
    this.#now = { ...this.#now, ...change }
    this.requestUpdate()
  }

  get #choice() {
    return { appId: this.#seen?.app_id, provider: this.#seen?.provider }
  }

  /** A named service has fields of its own. */
  async #loadService(): Promise<void> {
    const chosen = this.#services.choose(this.context.api, [...this.connectors.values()], this.#choice)
    await chosen.catch((error: unknown) => this.#set({ error }))
    this.requestUpdate()
  }

  get #connector(): Connector | undefined {
    return this.#services.find([...this.connectors.values()], this.#choice)
  }

  get #setup(): Setup | undefined {
    return this.#connector?.setups.find(({ type }) => type === this.#seen?.setup_type)
  }

  protected override render(): TemplateResult {
    const seen = this.#seen!
    const connector = this.#connector
    if (seen.status === 'empty') return html`<p class="muted">${CONNECTION.nothingEntered}</p>`
    if (connector === undefined && this.#now.error === undefined) return skeleton(3)
    const setup = this.#setup
    if (whyForbidden(this.context, UPDATE) !== undefined || connector === undefined || setup === undefined)
      return enteredFacts(seen, setup, whyForbidden(this.context, UPDATE))
    return html`<form class="stack" novalidate @submit=${this.#submit} @input=${this.#onInput} @focusin=${this.#onFocus}>
        ${this.#notices(seen)} ${keyed(this.#turn, this.#fields(seen, connector, setup))}
        <div class="row-of">
          ${buttonOrWhy({ label: PAGE.save, reason: this.#whyNot, classes: 'primary', isBusy: this.#now.isBusy })}
          ${this.#isTyped ? html`<button type="button" class="quiet" @click=${this.#discard}>${ADD.discard}</button>` : nothing}
          <span class="muted" role="status">${this.#isSaved ? CONNECTION.saved : nothing}</span>
        </div>
      </form>
      <p class="muted">${CONNECTION.replaceHint}</p>
      <div><button type="button" @click=${() => this.dispatchEvent(new Event('replace'))}>${MENU.replace}</button></div>`
  }

  #notices(seen: Connection): TemplateResult {
    return html`${dialogNotices({
      now: this.#now,
      seen,
      setup: this.#setup,
      keep: () => this.#keep(),
      close: () => this.#discard(),
      saveUnverified: () => this.#save({ verify: false }),
      saveMine: (theirs) => {
        this.#seen = theirs
        void this.#save({ verify: isTested(this) })
      },
    })}
    ${
      this.#isEnding
        ? question({
            text: CONNECTION.endsGrant,
            label: CONNECTION.saveAndEnd,
            keep: () => {
              this.#isEnding = false
              this.#keep()
            },
            goOn: () => this.#save({ verify: isTested(this), endsGrant: true }),
          })
        : nothing
    }`
  }

  #fields(seen: Connection, connector: Connector, setup: Setup): TemplateResult {
    const stored = new Map(seen.secrets?.map(({ name, set_at: at }) => [name, at ?? seen.updated_at]))
    const end = this.#now.errors.find(({ path }) => path === 'credential_expires_at')
    return html`<setup-form
        .context=${this.context}
        .connector=${connector}
        .setup=${setup}
        .errors=${this.#now.errors}
        .isChange=${true}
        .settings=${seen.settings ?? undefined}
        .withoutQuery=${seen.settings_without_query}
        .sharedBy=${setup.oauth_client === 'setup' ? (seen.oauth_app_id ?? undefined) : undefined}
        .stored=${stored}
        .idStart=${'setting'}
      ></setup-form>
      ${setup.renews || setup.authorization === 'interactive' ? nothing : lastDayField({ id: 'setting-end', saysOptional: true, value: lastDayOf(seen), error: end?.message })}
      ${setup.testable ? testBox() : nothing}`
  }

  get #whyNot(): string | undefined {
    return whyNot(this.context, UPDATE) ?? (this.#isTyped ? undefined : CONNECTION.nothingTyped)
  }

  #onInput(event: Event): void {
    if ((event.target as HTMLInputElement).type === 'checkbox') return
    this.#isTyped = true
    this.#isSaved = false
    this.requestUpdate()
  }

  #onFocus({ target }: FocusEvent): void {
    if (target instanceof HTMLElement && target.closest('.field') !== null) this.#held = target
  }

  /** Whoever is asked and goes on typing does so where they were. */
  #keep(): void {
    this.#leave = undefined
    this.#set({ isAsking: false })
    void this.updateComplete.then(() => (this.#held?.isConnected ? this.#held : this.#saveButton)?.focus())
  }

  /** The button that was pressed is gone with what was typed; the one beside it is not. */
  #discard(): void {
    const leave = this.#leave
    this.#begin(this.connection)
    if (leave === undefined) void this.updateComplete.then(() => this.#saveButton?.focus())
    else leave()
  }

  get #saveButton(): HTMLElement | null {
    return this.querySelector<HTMLElement>('.primary')
  }

  #submit(event: Event): void {
    event.preventDefault()
    if (!this.#now.isBusy) void this.#save({ verify: isTested(this) })
  }

  async #save(how: { verify: boolean; endsGrant?: boolean }): Promise<void> {
    const isHere = this.contains(document.activeElement)
    this.#set({ ...CALM, isBusy: true })
    this.#isEnding = false
    try {
      await this.#send(how)
    } catch (error) {
      await this.#refused(error, how)
    }
    this.#set({ isBusy: false })
    await this.updateComplete
    await this.querySelector<SetupForm>('setup-form')?.updateComplete
    // The field that was saved from may be none any more, and a button that is busy lets the focus go.
    if (isHere && !this.contains(document.activeElement)) this.#saveButton?.focus()
    focusErrors(this)
  }

  async #send({ verify, endsGrant = false }: { verify: boolean; endsGrant?: boolean }): Promise<void> {
    refuseKeptBack(this)
    const seen = this.#seen!
    const body = changeOf(seen, {
      values: this.querySelector<SetupForm>('setup-form')!.values(),
      lastDay: this.querySelector<HTMLInputElement>('#setting-end')?.value,
    })
    // What was typed is what is stored.
    if (body === undefined) return this.#begin(seen)
    const path = `/connections/${encodeURIComponent(seen.id)}`
    const asked = { body, headers: { 'if-match': tagOf(seen) } }
    const { api } = this.context
    if (!endsGrant && this.#setup?.authorization === 'interactive') {
      const preview = await api.ask<{ held_grant: string }>('PATCH', `${path}?dry_run=true`, asked)
      this.#isEnding = preview.held_grant === 'ended'
      if (this.#isEnding) return
    }
    const isTried = verify && 'setup_changes' in body
    const query = `?view=full${isTried ? '&verify=true' : ''}`
    const saved = await api.ask<Connection>('PATCH', `${path}${query}`, asked)
    this.#begin(saved)
    this.#isSaved = true
    const detail = { connection: saved, text: CONNECTION.settingsSaved(saved.name) }
    this.dispatchEvent(new CustomEvent('connection-changed', { detail, bubbles: true }))
  }

  async #refused(error: unknown, how: { verify: boolean; endsGrant?: boolean }): Promise<void> {
    const seen = this.#seen!
    const theirs = await theirsAfter(error, this.context.api, seen)
    if (theirs === undefined) return this.#set(troubleOf(error, { isNew: false }))
    if (enteredMark(theirs) !== enteredMark(seen)) return this.#set({ conflict: theirs })
    // It was renewed, or renamed, which nobody who changes what was entered has to be asked about.
    this.#seen = theirs
    await this.#send(how).catch((again: unknown) => this.#set(troubleOf(again, { isNew: false })))
  }
}

define('connection-settings', ConnectionSettings)
