import { html, type nothing, type TemplateResult } from 'lit'
import type { AddDialog } from './add/add-dialog.ts'
import { Api } from './api/api.ts'
import { ApiError } from './api/api-error.ts'
import { Line } from './api/line.ts'
import { openSession } from './api/open-session.ts'
import type { Session } from './api/signed-in.ts'
import type { Identity } from './api/types.ts'
import { letterKey } from './letter-keys.ts'
import { MOUNT, PAGE_ROOT } from './mount.ts'
import type { Context } from './page-context.ts'
import { pageIcon } from './page-icons.ts'
import './list/connections-view.ts'
import './parts/live-region.ts'
import type { LiveRegion } from './parts/live-region.ts'
import './parts/page-header.ts'
import './parts/session-bars.ts'
import './parts/sign-in.ts'
import { problem } from './parts/pieces.ts'
import { followLink, keepTyped, listen, type Route, routeOf, type Typed } from './router.ts'
import { PAGE } from './texts/page-texts.ts'
import { define, View } from './view.ts'

/** The whole page: sign-in, frame, and the view that the address names. */
export class VaultApp extends View implements Typed {
  #route: Route = routeOf(location)
  #context: Context | undefined
  #error: unknown
  #isSignedOut = false
  #session: Session | undefined
  #opening: Promise<Session> | undefined
  #begun = Promise.resolve()
  #asking: AbortController | undefined
  /** What went wrong where nobody looked after it: at least it is told. */
  #fault: string | undefined
  readonly #line = new Line(() => this.#onLine())
  readonly #api = new Api({ base: MOUNT, token: async (options) => (await this.#open()).token(options) })

  override connectedCallback(): void {
    super.connectedCallback()
    listen((route) => this.#onRoute(route))
    window.addEventListener('hashchange', () => this.#onHash())
    this.addEventListener('click', followLink)
    document.addEventListener('keydown', (event) => this.#onKey(event))
    window.addEventListener('unhandledrejection', ({ reason }) =>
      this.#onFault(reason instanceof ApiError ? reason.message : PAGE.fault),
    )
    void this.#begin()
  }

  protected override render(): TemplateResult {
    if (this.#context === undefined) return this.#unopened()
    const { view } = this.#route
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>${PAGE.skip}</a>
      <page-header .context=${this.#context} .view=${view} @sign-out=${() => this.#session?.end()}></page-header>
      <session-bars .session=${this.#session} .offlineSinceMs=${this.#line.goneSinceMs} .fault=${this.#fault} @seen=${() => this.#onFault(undefined)}></session-bars>
      <main id="main" tabindex="-1">${this.#view(this.#context)}</main>
      <live-region></live-region>
      <sign-in-dialog .isOpen=${this.#isSignedOut} .isWaiting=${this.#asking !== undefined} .wasLink=${this.#wasLink} .session=${this.#session} .problem=${this.#refusal} @sign-in=${this.#signIn} @stop-waiting=${() => this.#asking?.abort()}></sign-in-dialog>
    `
  }

  get #wasLink(): boolean {
    return this.#error instanceof ApiError && this.#error.message.includes('link')
  }

  /** What the sign-in itself refused; that nobody is signed in is no refusal. */
  get #refusal(): string | undefined {
    const { message } = this.#error instanceof ApiError ? this.#error : {}
    return message === PAGE.nobodySignedIn ? undefined : message
  }

  /** One session, however many ask for it at once. */
  #open(): Promise<Session> {
    this.#opening ??= openSession((isSignedIn) => void this.#onSession(isSignedIn)).then(
      (session) => {
        this.#session = session
        return session
      },
      (error: unknown) => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }

  /** Another click starts again: what the first one waits for may never come. */
  async #signIn({ detail }: CustomEvent<{ inWindow: boolean }>): Promise<void> {
    const asking = new AbortController()
    this.#asking?.abort()
    this.#asking = asking
    this.#error = undefined
    this.requestUpdate()
    try {
      await this.#session?.signIn({ ...detail, signal: asking.signal })
    } catch (error) {
      if (!asking.signal.aborted) this.#error = error
    }
    if (this.#asking === asking) this.#asking = undefined
    this.requestUpdate()
  }

  #unopened(): TemplateResult {
    if (this.#error instanceof ApiError && !this.#error.isPassing) {
      return html`<main>
        <sign-in-page
          .wasLink=${this.#wasLink}
          .session=${this.#session}
          .problem=${this.#refusal}
          @sign-in=${this.#signIn}
        ></sign-in-page>
      </main>`
    }
    if (this.#error !== undefined) {
      return html`<main class="narrow">${problem(this.#error, () => this.#begin())}</main>`
    }
    return html`<main aria-busy="true"><p class="hidden-text">${PAGE.loading}</p></main>`
  }

  #view(context: Context): TemplateResult | typeof nothing {
    const { view } = this.#route
    switch (view) {
      case 'connections':
        return html`<vault-connections .context=${context} .route=${this.#route}></vault-connections>`
      case 'health':
        return html`<vault-health .context=${context}></vault-health>`
      case 'activity':
        return html`<vault-activity .context=${context} .route=${this.#route}></vault-activity>`
      case 'settings':
        return html`<vault-settings .context=${context} .route=${this.#route}></vault-settings>`
      default:
        return html`<div class="empty">
          ${pageIcon('question')}
          <h1>${PAGE.notFound}</h1>
          <a href=${PAGE_ROOT}>${PAGE.toList}</a>
        </div>`
    }
  }

  /** One beginning after another: a link that is opened meanwhile comes after what is under way. */
  #begin(): Promise<void> {
    this.#begun = this.#begun.then(() => this.#beginNow())
    return this.#begun
  }

  async #beginNow(): Promise<void> {
    this.#error = undefined
    try {
      await (await this.#open()).begin()
    } catch (error) {
      this.#error = error
      this.requestUpdate()
    }
  }

  async #onSession(isSignedIn: boolean): Promise<void> {
    if (!isSignedIn) {
      this.#isSignedOut = this.#context !== undefined
      this.requestUpdate()
      return
    }
    this.#isSignedOut = false
    this.#asking?.abort()
    try {
      const identity = await this.#api.ask<Identity>('GET', '/session')
      const { identity: earlier } = this.#context ?? {}
      // Nothing that one person was shown, or typed, is for the next one.
      if (earlier !== undefined && !isSamePerson(earlier, identity)) return location.reload()
      // Whoever came back from an issuer is led to where they were.
      this.#route = routeOf(location)
      if (this.#context === undefined) keepTyped(this)
      this.#context ??= {
        api: this.#api,
        identity,
        isOffline: this.#line.goneSinceMs !== undefined,
        say: (sentence) => this.#say(sentence),
      }
      this.#loadView()
    } catch (error) {
      this.#error = error
    }
    this.requestUpdate()
  }

  /** A link that was pasted into a tab that is open already loads nothing: it is taken from here. */
  #onHash(): void {
    if (location.hash.startsWith('#ticket=')) void this.#begin()
  }

  #onRoute(route: Route): void {
    const before = this.#route.view
    this.#route = route
    this.#loadView()
    this.requestUpdate()
    if (before !== this.#route.view) this.querySelector<HTMLElement>('#main')?.focus()
  }

  get #openDialog(): AddDialog | undefined {
    return this.querySelector('dialog.add[open]')?.closest<AddDialog>('vault-add-dialog') ?? undefined
  }

  /** The dialog goes with the view that it stands over. */
  isLostAt({ view }: Route): boolean {
    return view !== this.#route.view && this.#openDialog !== undefined
  }

  /** The dialog closes at once where nothing is typed in it. */
  askBefore(leave: () => void): void {
    this.#openDialog?.tryClose(leave)
  }

  #onFault(fault: string | undefined): void {
    this.#fault = fault
    this.requestUpdate()
  }

  /** Another context, so that all that offers to save something is drawn anew. */
  #onLine(): void {
    if (this.#context !== undefined) {
      this.#context = { ...this.#context, isOffline: this.#line.goneSinceMs !== undefined }
    }
    this.requestUpdate()
  }

  /** What few people open is loaded when they do. */
  #loadView(): void {
    const { view } = this.#route
    if (view === 'health') void import('./health/health-view.ts')
    if (view === 'activity') void import('./activity/activity-view.ts')
    if (view === 'settings') void import('./settings/settings-view.ts')
  }

  #say(sentence: string): void {
    this.querySelector<LiveRegion>('live-region')?.say(sentence)
  }

  #skip(event: Event): void {
    event.preventDefault()
    this.querySelector<HTMLElement>('#main')?.focus()
  }

  #onKey(event: KeyboardEvent): void {
    if (letterKey(event) === '?') {
      event.preventDefault()
      this.querySelector('page-header')?.dispatchEvent(new CustomEvent('show-keys'))
    }
  }
}

define('vault-app', VaultApp)

function isSamePerson(one: Identity, other: Identity): boolean {
  return one.tenant === other.tenant && one.person.id === other.person.id
}
