import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector, Setup } from '../api/types.ts'
import { type Context, mayAddIn } from '../page-context.ts'
import { theirsAfter } from '../parts/conflict.ts'
import { ADD } from '../texts/add-texts.ts'
import { define, View } from '../view.ts'
import { chooseApp } from './choose-app.ts'
import { credentialsStep } from './credentials-step.ts'
import { type Entered, firstStep, NO_TROUBLE, NOTHING, opened, type Repair } from './entered.ts'
import './oauth-connect.ts'
import { dialogFoot } from './dialog-foot.ts'
import { DialogGuard } from './dialog-guard.ts'
import { dialogHead, dialogNotices, nameErrors, nameStep, stepOf, troubleOf } from './dialog-parts.ts'
import type { OauthConnect } from './oauth-connect.ts'
import { freeName, saveDraft } from './save-connection.ts'
import { Services } from './services.ts'
import './setup-form.ts'
import { sharedFirst } from './shared-application.ts'
import { clearFields, focusErrors, focusFirst, formsIn, isTested, typedDraft } from './typed-draft.ts'

/** Adds a connection in three steps, or gives one its credentials; the same on the page and in the picker. */
export class AddDialog extends View {
  static override properties = { context: {}, appIds: {} }
  declare context: Context
  /** The only apps to choose from; the first step is left out when it is one. */
  declare appIds: readonly string[] | undefined
  #connectors: readonly Connector[] = []
  readonly #services = new Services()
  #names: ReadonlySet<string> = new Set()
  #repaired: Connection | undefined
  /** What was stored here, if anything was. */
  #saved: Connection | undefined
  /** True where it was made here, though its credentials followed. */
  #isNew = true
  #now: Entered = NOTHING
  /** The app whose last step is drawn, in sight or not: what was typed there stays until another one is taken. */
  #reached: Connector | undefined
  #key = ''
  /** What is done once what was typed may go. */
  #leave: (() => void) | undefined

  constructor() {
    super()
    new DialogGuard(this, { tryClose: () => this.tryClose(), clear: () => clearFields(this) })
    this.addEventListener('add', () => void this.#open({}))
    this.addEventListener('repair', (event) => void this.#open((event as CustomEvent<Repair>).detail))
  }

  #set(change: Partial<Entered>): void {
    this.#now = { ...this.#now, ...change }
    this.requestUpdate()
  }

  async #open(repair: Partial<Repair>): Promise<void> {
    const { connection: repaired } = repair
    let error: unknown
    const used = repaired === undefined ? this.#services.findUsed(this.context.api) : undefined
    try {
      this.#connectors = await this.context.api.connectors()
    } catch (caught) {
      error = caught
    }
    await used
    this.#repaired = repaired
    this.#isNew = repaired === undefined
    this.#saved = undefined
    this.#now = { ...opened(repair, this.appIds), error }
    this.#reached = undefined
    this.#key = crypto.randomUUID()
    if (this.#now.step === 'app')
      void this.#services.load(this.context.api, this.#connectors).then(() => this.requestUpdate())
    await this.#loadService()
    if (this.#now.step === 'name') await this.#suggestName()
    if (this.#now.step === 'credentials') this.#reached = this.#connector
    this.requestUpdate()
    await this.updateComplete
    const dialog = this.querySelector('dialog')!
    if (!dialog.open) dialog.showModal()
    focusFirst(this)
  }

  protected override render(): TemplateResult {
    return html`<dialog
      class="add"
      aria-labelledby="add-title"
      closedby="none"
      @cancel=${(event: Event) => event.preventDefault()}
      @input=${this.#onInput}
    >
      ${this.#key === '' ? nothing : this.#form()}
    </dialog>`
  }

  /** A search is nothing that could be lost. */
  #onInput(event: Event): void {
    if ((event.target as HTMLInputElement).type !== 'search') this.#set({ isTyped: true })
  }

  #form(): TemplateResult {
    return html`<form novalidate @submit=${this.#submit}>
      ${dialogHead({
        title: this.#repaired === undefined ? ADD.title : ADD.repairTitle(this.#repaired.name),
        step: this.#repaired === undefined ? stepOf(this.#now.step, firstStep(this.appIds)) : undefined,
        close: () => this.tryClose(),
      })}
      <div class="dialog-main">
        ${dialogNotices({
          now: this.#now,
          seen: this.#repaired,
          setup: this.#setup,
          keep: () => this.#go({ isAsking: false }),
          close: () => this.#close(),
          saveUnverified: () => this.#save({ isEmpty: false, verify: false }),
          saveMine: (theirs) => {
            // What was seen is theirs from here on, so that this is no blind overwriting.
            this.#repaired = theirs
            void this.#save({ isEmpty: false, verify: isTested(this) })
          },
        })}
        ${this.#stepContent()}
      </div>
      ${dialogFoot({
        now: this.#now,
        setup: this.#setup,
        oauth: this.#oauth,
        firstStep: firstStep(this.appIds),
        isNew: this.#repaired === undefined,
        back: () => this.#go({ step: this.#now.step === 'credentials' ? 'name' : 'app' }),
        addEmpty: () => void this.#save({ isEmpty: true, verify: false }),
      })}
    </form>`
  }

  #stepContent(): TemplateResult {
    const isLast = this.#now.step === 'credentials'
    return html`${isLast ? nothing : this.#choice()}
      ${this.#reached === undefined ? nothing : html`<div class="stack" ?hidden=${!isLast}>${this.#credentials(this.#reached, isLast)}</div>`}`
  }

  #choice(): TemplateResult {
    if (this.#now.step === 'app') {
      const isAllowed = ({ app_id: app }: Connector): boolean =>
        (this.appIds?.includes(app) ?? true) && mayAddIn(this.context, app)
      return chooseApp({
        connectors: this.#connectors.filter(isAllowed),
        used: this.#services.used,
        services: this.#services.listed.filter(isAllowed),
        query: this.#now.query,
        isChosen: (app) => this.#now.appId === app.app_id && this.#now.provider === app.provider,
        choose: (app) => this.#set({ appId: app?.app_id, provider: app?.provider }),
        search: (query) => this.#set({ query }),
        next: () => this.#next(),
      })
    }
    return nameStep({
      name: this.#now.name,
      isTaken: this.#names.has(this.#now.name.trim().toLowerCase()),
      error: this.#now.errors.find(({ path }) => path === 'name'),
      onInput: (name) => this.#set({ name, isNamed: true }),
    })
  }

  #credentials(connector: Connector, isShown: boolean): TemplateResult {
    return credentialsStep({
      context: this.context,
      connector,
      setup: this.#setup!,
      errors: isShown ? this.#now.errors : NO_TROUBLE.errors,
      isBrought: this.#now.isBrought,
      isWaiting: this.#oauth?.isWaiting ?? false,
      bring: (isBrought) => this.#set({ isBrought, errors: [] }),
      seen: this.#repaired,
      action: this.#now.action,
      chooseSetup: (setupType) => this.#set({ setupType, isBrought: false, errors: [] }),
      onAuthorized: (connection) => this.#close(connection),
      onChanged: () => this.requestUpdate(),
    })
  }

  #loadService(): Promise<void> {
    const chosen = this.#services.choose(this.context.api, this.#connectors, this.#now)
    return chosen.catch((error: unknown) => this.#set({ error }))
  }

  #go(change: Partial<Entered>): void {
    this.#set(change)
    void this.updateComplete.then(() => focusFirst(this))
  }

  get #connector(): Connector | undefined {
    return this.#services.find(this.#connectors, this.#now)
  }

  get #setup(): Setup | undefined {
    const setups = this.#reached?.setups ?? []
    return setups.find(({ type }) => type === this.#now.setupType) ?? setups[0]
  }

  get #oauth(): OauthConnect | null {
    return this.querySelector<OauthConnect>('oauth-connect')
  }

  #submit(event: Event): void {
    event.preventDefault()
    if (this.#now.isBusy) return
    const isLast = this.#now.step === 'credentials'
    void (isLast ? this.#save({ isEmpty: false, verify: isTested(this) }) : this.#next())
  }

  async #next(): Promise<void> {
    if (this.#now.step === 'app') {
      await this.#loadService()
      const [chosen, reached] = [this.#connector, this.#reached]
      if (chosen === undefined) return
      const isSame = chosen.app_id === reached?.app_id && chosen.provider === reached?.provider
      if (!isSame) this.#reached = undefined
      const anew = isSame ? {} : { setupType: undefined, isBrought: false }
      this.#set({ step: 'name', error: undefined, ...anew })
      await this.#suggestName()
    } else {
      const errors = nameErrors(this.#now.name)
      if (errors.length === 0) this.#reached ??= this.#connector
      this.#set(errors.length === 0 ? { errors, step: 'credentials' } : { errors })
    }
    await this.updateComplete
    focusFirst(this)
  }

  async #suggestName(): Promise<void> {
    const label = this.#connector?.label ?? ''
    const { taken, free } = await freeName(this.context.api, { appId: this.#now.appId!, label })
    this.#names = taken
    this.#set(this.#now.isNamed && this.#now.name.trim() !== '' ? {} : { name: free })
  }

  async #save({ isEmpty, verify }: { isEmpty: boolean; verify: boolean }): Promise<void> {
    const setup = this.#setup
    if (setup === undefined) return
    this.#leave = undefined
    const forms = formsIn(this)
    const isAsked = !isEmpty && setup.authorization === 'interactive' && !this.#now.isBrought
    const oauth = isAsked ? forms.oauth : null
    const opened = oauth?.openWindow() ?? null
    this.#set({ ...NO_TROUBLE, isBusy: true })
    try {
      const [seen, key] = [this.#repaired, this.#key]
      const draft = typedDraft(this, { now: this.#now, setup, seen, isEmpty, verify, key })
      const saved = await saveDraft(this.context.api, await sharedFirst(this.context.api, draft, forms.setup))
      if (oauth === null) return this.#close(saved)
      this.#repaired = saved
      if (saved !== seen) this.#saved = saved
      // What was typed is stored: from here on only the person's word is lacking.
      this.#set({ action: 'connect' })
      await oauth.start(saved, opened)
      this.#saved = saved
      clearFields(this)
    } catch (error) {
      opened?.close()
      await this.#refused(error)
    } finally {
      this.#set({ isBusy: false })
    }
    await this.updateComplete
    await forms.setup?.updateComplete
    await forms.grant?.updateComplete
    focusErrors(this)
  }

  async #refused(error: unknown): Promise<void> {
    const conflict = await theirsAfter(error, this.context.api, this.#repaired)
    this.#set(conflict === undefined ? troubleOf(error, { isNew: this.#isNew }) : { conflict })
  }

  /** Closes it, once nobody minds what was typed, and leaves. */
  tryClose(leave?: () => void): void {
    this.#leave = leave
    if (!this.#now.isTyped || this.#oauth?.isWaiting) this.#close()
    else this.#set({ isAsking: true })
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.keep')?.focus())
  }

  /** Nothing that was typed outlives this; what was saved is told, whatever became of its authorization. */
  #close(saved = this.#saved): void {
    this.#saved = undefined
    clearFields(this)
    this.querySelector('dialog')!.close()
    this.#key = ''
    this.#reached = undefined
    this.#set(NOTHING)
    this.dispatchEvent(new Event('dialog-closed'))
    const type = `connection-${this.#isNew ? 'added' : 'updated'}`
    if (saved !== undefined) this.dispatchEvent(new CustomEvent(type, { detail: { connection: saved } }))
    this.#leave?.()
  }
}

define('vault-add-dialog', AddDialog)
