import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector, OAuthApplication, Setup } from '../api/types.ts'
import { namesIn } from '../names-in.ts'
import type { Context } from '../page-context.ts'
import { problem } from '../parts/pieces.ts'
import { mayReadApplications } from '../tenant-rights.ts'
import { ADD, OAUTH, providerName } from '../texts/add-texts.ts'
import { PAGE } from '../texts/page-texts.ts'
import { define, View } from '../view.ts'
import { plainInput } from './field-inputs.ts'
import { type Ended, type Outcome, oauthWait, outcomeOf } from './oauth-wait.ts'
import './register-application.ts'

/** How often the vault is asked how the authorization stands: it knows, the window does not. */
const ASK_EVERY_MS = 2000
const WINDOW = 'popup,width=640,height=800'

interface Attempt {
  readonly connection: Connection
  readonly id: string
  readonly url: string
  readonly isBlocked: boolean
}

/** Who asks, what for, and the wait for the person in the provider's window. */
export class OauthConnect extends View {
  static override properties = {
    context: {},
    connector: {},
    setup: {},
    current: {},
    isBrought: { type: Boolean },
  }
  declare context: Context
  declare connector: Connector
  declare setup: Setup
  /** The application by which the connection was authorized before. */
  declare current: string | undefined
  /** True where nobody is asked: the grant is there, and only whose client got it is to be said. */
  declare isBrought: boolean
  #applications: readonly OAuthApplication[] | undefined
  #chosen: string | undefined
  #draft: OAuthApplication | undefined
  #isRegistering = false
  #attempt: Attempt | undefined
  #outcome: Ended | undefined
  #error: unknown
  #timer: ReturnType<typeof setTimeout> | undefined
  #window: Window | null = null
  /** What the window of this try is called: a link leads to the same one. */
  #target = ''

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  /** True where the vault's operator has to have a client at the provider. */
  get #needsApplication(): boolean {
    return this.setup.oauth_client === 'oauth-application'
  }

  /** The chosen OAuth application, where the app needs one. */
  get application(): string | undefined {
    return this.#needsApplication ? this.#chosen : undefined
  }

  /** True when a click on Connect can lead somewhere. */
  get isReady(): boolean {
    if (!this.#needsApplication || !mayReadApplications(this.context)) return true
    return this.#chosen !== undefined && !this.#isRegistering
  }

  protected override firstUpdated(): void {
    if (this.#needsApplication && mayReadApplications(this.context)) void this.#load()
  }

  async #load(): Promise<void> {
    try {
      const all = await this.context.api.ask<OAuthApplication[]>('GET', '/oauth-apps')
      const own = all.filter((each) => each.app_id === this.connector.app_id)
      this.#applications = own.filter(({ ready }) => ready !== false)
      this.#draft = own.find(({ ready }) => ready === false)
      const has = (fits: (each: OAuthApplication) => boolean) => this.#applications?.find(fits)
      this.#chosen = (
        has(({ id }) => id === this.current) ??
        has((each) => each.is_default) ??
        has(() => true)
      )?.id
      this.#isRegistering = this.#chosen === undefined
    } catch (error) {
      this.#error = error
    }
    this.#changed()
  }

  #changed(): void {
    this.requestUpdate()
    this.dispatchEvent(new Event('oauth-changed'))
  }

  protected override render(): TemplateResult {
    if (this.#attempt !== undefined) return this.#wait(this.#attempt)
    return html`<div class="stack">
      ${this.#error === undefined ? nothing : problem(this.#error)}
      ${this.#needsApplication ? this.#application() : nothing} ${this.isBrought ? nothing : this.#permissions()}
    </div>`
  }

  #application(): TemplateResult {
    // The vault takes its default one, which it does not show everybody.
    if (!mayReadApplications(this.context)) return html`<p class="meta">${OAUTH.defaultAsks}</p>`
    const list = this.#applications
    if (list === undefined) return html`<p aria-busy="true">${PAGE.loading}</p>`
    if (this.#isRegistering) return this.#registration()
    return html`<div class="field">
      <label for="oauth-app">${OAUTH.application}</label>
      <div class="with-button">
        <select id="oauth-app" @change=${(event: Event) => {
          this.#chosen = (event.target as HTMLSelectElement).value
        }}>
          ${list.map((each) => html`<option value=${each.id} ?selected=${each.id === this.#chosen}>${each.name}</option>`)}
        </select>
        <button type="button" @click=${() => {
          this.#isRegistering = true
          this.#changed()
        }}>${OAUTH.register}</button>
      </div>
    </div>`
  }

  #registration(): TemplateResult {
    return html`<register-application
      .context=${this.context}
      .connector=${this.connector}
      .draft=${this.#draft}
      .isOnly=${this.#applications?.length === 0}
      @registered=${(event: CustomEvent<{ application: OAuthApplication }>) => {
        const { application } = event.detail
        this.#applications = [...(this.#applications ?? []), application]
        this.#chosen = application.id
        this.#draft = undefined
        this.#isRegistering = false
        this.#changed()
      }}
      @given-up=${() => {
        this.#isRegistering = false
        this.#changed()
      }}
    ></register-application>`
  }

  #permissions(): TemplateResult | typeof nothing {
    const { scopes = [] } = this.setup
    if (scopes.length === 0) return nothing
    return html`<fieldset>
      <legend>${OAUTH.permissions}</legend>
      ${scopes.map(
        (scope) => html`<label class="check">
          <input type="checkbox" name="scope" value=${scope.value} ?checked=${scope.default} />
          <span>${scope.label}${scope.label === scope.value ? nothing : html` <span class="meta">${scope.value}</span>`}
          ${scope.help === undefined ? nothing : html`<span class="meta"> · ${scope.help}</span>`}</span>
        </label>`,
      )}
      <div class="field"><label for="other-scope">${OAUTH.otherPermission} <span class="optional">(${ADD.optional})</span></label>
      ${plainInput({ id: 'other-scope', label: OAUTH.otherPermission, isRequired: false, isInvalid: false, describedBy: 'other-scope', onInput: () => undefined })}</div>
    </fieldset>`
  }

  #scopes(): string[] | undefined {
    const boxes = [...this.querySelectorAll<HTMLInputElement>('input[name="scope"]')]
    if (boxes.length === 0) return undefined
    const others = this.querySelector<HTMLInputElement>('#other-scope')?.value ?? ''
    return [...boxes.filter((box) => box.checked).map((box) => box.value), ...namesIn(others)]
  }

  /**
   * Another one for each try, by a name that none had before: one that was at a provider, and is emptied by this page,
   * belongs to it no more, and may be from before the page was loaded again.
   */
  #opened(): Window | null {
    this.#window?.close()
    this.#target = `vault-${crypto.randomUUID()}`
    this.#window = window.open('about:blank', this.#target, WINDOW)
    return this.#window
  }

  /** Opens the empty window, in the very turn of the click, or a browser takes it for an advertisement. */
  openWindow(): Window | null {
    this.#asked = this.#scopes()
    return this.#opened()
  }

  #asked: string[] | undefined

  /** Sends the window to the provider, and waits; `isSwitched` lets another account than before in. Throws `ApiError`. */
  async start(
    connection: Connection,
    opened: Window | null,
    { isSwitched } = { isSwitched: false },
  ): Promise<void> {
    const path = `/connections/${encodeURIComponent(connection.id)}/authorize`
    const body = {
      ...(this.#asked === undefined || this.#asked.length === 0 ? {} : { scopes: this.#asked }),
      ...(this.application === undefined ? {} : { oauth_app_id: this.application }),
      ...(isSwitched ? { switch_account: true } : {}),
    }
    try {
      const started = await this.context.api.ask<{ authorization_id: string; authorization_url: string }>(
        'POST',
        path,
        { body },
      )
      this.#attempt = {
        connection,
        id: started.authorization_id,
        url: started.authorization_url,
        isBlocked: opened === null,
      }
      this.#outcome = undefined
      opened?.location.replace(started.authorization_url)
    } catch (error) {
      opened?.close()
      throw error
    }
    this.#changed()
    this.#ask()
  }

  #ask(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(async () => {
      const attempt = this.#attempt
      if (attempt === undefined) return
      const path = `/authorizations/${encodeURIComponent(attempt.id)}`
      const state = await this.context.api.ask<Outcome>('GET', path).catch(outcomeOf)
      if (state.outcome === 'waiting') this.#ask()
      else await this.#ended(attempt, state)
    }, ASK_EVERY_MS)
  }

  async #ended(attempt: Attempt, state: Outcome): Promise<void> {
    if (state.outcome === 'granted') return this.#done(attempt.connection.id)
    this.#outcome = {
      kind: (state.outcome in OAUTH.outcomes ? state.outcome : 'failed') as Ended['kind'],
      ...(state.message === undefined ? {} : { message: state.message }),
      account: state.account?.email ?? state.account?.id,
    }
    this.requestUpdate()
  }

  async #done(id: string): Promise<void> {
    const connection = await this.context.api.connection(id)
    this.dispatchEvent(new CustomEvent('authorized', { detail: { connection } }))
  }

  #wait(attempt: Attempt): TemplateResult {
    const { connection } = attempt
    return oauthWait({
      label: providerName(this.connector),
      target: this.#target,
      attempt,
      callbackUrl: this.#needsApplication ? undefined : connection.callback_url,
      outcome: this.#outcome,
      flows: connection.used_by_count ?? 0,
      again: (how) => void this.#again(attempt, how),
      keep: () => void this.#done(connection.id),
      stop: () => this.dispatchEvent(new CustomEvent('stopped', { detail: { connection } })),
    })
  }

  async #again(attempt: Attempt, how?: { isSwitched: boolean }): Promise<void> {
    await this.start(attempt.connection, this.#opened(), how).catch((error: unknown) => {
      this.#error = error
      this.#attempt = undefined
    })
    this.#changed()
  }

  /** True while somebody is to act in the provider's window. */
  get isWaiting(): boolean {
    return this.#attempt !== undefined
  }
}

define('oauth-connect', OauthConnect)
