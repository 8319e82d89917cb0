import { html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api/api-error.ts'
import type { Connection, Connector, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { ADD, OAUTH } from '../texts/add-texts.ts'
import { define, View } from '../view.ts'
import { chooseApp } from './choose-app.ts'
import { credentialsStep } from './credentials-step.ts'
import { type Entered, NOTHING, type Step } from './entered.ts'
import './oauth-connect.ts'
import {
  dialogFoot,
  dialogHead,
  discardQuestion,
  nameStep,
  offer,
  offerAfter,
  saveProblem,
} from './dialog-parts.ts'
import type { OauthConnect } from './oauth-connect.ts'
import { freeName, saveDraft } from './save-connection.ts'
import './setup-form.ts'
import type { SetupForm } from './setup-form.ts'

const FIRST_FIELD = '.dialog-main :is(input:not([type="radio"]), select, textarea)'

/** Adds a connection in three steps, or gives one its credentials; the same on the page and in the picker. */
export class AddDialog extends View {
  static override properties = { context: {}, appIds: {} }
  declare context: Context
  /** The only apps to choose from; the first step is left out when it is one. */
  declare appIds: readonly string[] | undefined
  #connectors: readonly Connector[] = []
  #names: ReadonlySet<string> = new Set()
  #repaired: Connection | undefined
  #now: Entered = NOTHING
  #key = ''

  constructor() {
    super()
    this.addEventListener('add', () => void this.#open({}))
    this.addEventListener('repair', (event) => {
      const { connection, action } = (event as CustomEvent<{ connection: Connection; action: string }>).detail
      void this.#open({ repaired: connection, action })
    })
  }

  #set(change: Partial<Entered>): void {
    this.#now = { ...this.#now, ...change }
    this.requestUpdate()
  }

  async #open({ repaired, action }: { repaired?: Connection; action?: string }): Promise<void> {
    let error: unknown
    try {
      this.#connectors = await this.context.api.connectors()
    } catch (caught) {
      error = caught
    }
    const only = this.appIds?.length === 1 ? this.appIds[0] : undefined
    this.#repaired = repaired
    this.#now = {
      ...NOTHING,
      error,
      appId: repaired?.app_id ?? only,
      setupType: repaired?.setup_type,
      action,
      name: repaired?.name ?? '',
      step: repaired === undefined ? (only === undefined ? 'app' : 'name') : 'credentials',
    }
    this.#key = crypto.randomUUID()
    if (this.#now.step === 'name') await this.#suggestName()
    this.requestUpdate()
    await this.updateComplete
    const dialog = this.querySelector('dialog')!
    if (!dialog.open) dialog.showModal()
    this.#focusStep()
  }

  protected override render(): TemplateResult {
    return html`<dialog
      class="add"
      aria-labelledby="add-title"
      closedby="none"
      @cancel=${(event: Event) => event.preventDefault()}
      @keydown=${this.#onKey}
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
    const steps: readonly Step[] =
      this.appIds?.length === 1 ? ['name', 'credentials'] : ['app', 'name', 'credentials']
    return html`<form novalidate @submit=${this.#submit}>
      ${dialogHead({
        title: this.#repaired === undefined ? ADD.title : ADD.repairTitle(this.#repaired.name),
        step:
          this.#repaired === undefined
            ? ADD.step(steps.indexOf(this.#now.step) + 1, steps.length)
            : undefined,
        close: () => this.#tryClose(),
      })}
      <div class="dialog-main">
        ${this.#now.isAsking ? discardQuestion({ keep: () => this.#keep(), discard: () => this.#close() }) : nothing}
        ${this.#now.error === undefined ? nothing : saveProblem(this.#now.error)} ${offer(this.#now.offersUnverified, () => this.#save({ isEmpty: false, verify: false }))} ${this.#stepContent()}
      </div>
      ${this.#foot()}
    </form>`
  }

  #stepContent(): TemplateResult {
    if (this.#now.step === 'app') {
      const allowed = this.#connectors.filter(
        (each) => this.appIds === undefined || this.appIds.includes(each.app_id),
      )
      return chooseApp({
        connectors: allowed,
        query: this.#now.query,
        chosen: this.#now.appId,
        choose: (appId) => this.#set({ appId }),
        search: (query) => this.#set({ query }),
        next: () => this.#next(),
      })
    }
    if (this.#now.step === 'name') {
      return nameStep({
        name: this.#now.name,
        isTaken: this.#names.has(this.#now.name.trim().toLowerCase()),
        error: this.#now.errors.find(({ path }) => path === 'name'),
        onInput: (name) => this.#set({ name, isNamed: true }),
      })
    }
    return credentialsStep({
      context: this.context,
      connector: this.#connector!,
      setup: this.#setup!,
      errors: this.#now.errors,
      isChange: this.#repaired !== undefined && this.#repaired.status !== 'empty',
      action: this.#now.action,
      chooseSetup: (setupType) => this.#set({ setupType, errors: [] }),
      onAuthorized: (connection) => this.#finish(connection),
      onChanged: () => this.requestUpdate(),
    })
  }

  #foot(): TemplateResult | typeof nothing {
    if (this.#oauth?.isWaiting) return nothing
    const isLast = this.#now.step === 'credentials'
    const isInteractive = isLast && this.#setup?.authorization === 'interactive'
    const isUnready = isInteractive && this.#oauth !== null && !this.#oauth.isReady
    const first: Step = this.appIds?.length === 1 ? 'name' : 'app'
    const isNew = this.#repaired === undefined
    return dialogFoot({
      label: !isLast ? ADD.continue : isInteractive ? OAUTH.connect : isNew ? ADD.add : ADD.save,
      isDisabled:
        this.#now.isBusy || isUnready || (this.#now.step === 'app' && this.#now.appId === undefined),
      back: isNew && this.#now.step !== first ? () => this.#back() : undefined,
      addEmpty: isLast && isNew ? () => void this.#save({ isEmpty: true, verify: false }) : undefined,
    })
  }

  #keep(): void {
    this.#set({ isAsking: false })
    this.#focusStep()
  }

  get #connector(): Connector | undefined {
    return this.#connectors.find((each) => each.app_id === this.#now.appId)
  }

  get #setup(): Setup | undefined {
    const setups = this.#connector?.setups ?? []
    return setups.find(({ type }) => type === this.#now.setupType) ?? setups[0]
  }

  get #oauth(): OauthConnect | null {
    return this.querySelector<OauthConnect>('oauth-connect')
  }

  #submit(event: Event): void {
    event.preventDefault()
    if (this.#now.isBusy) return
    const verify = this.querySelector<HTMLInputElement>('input[name="verify"]')?.checked ?? false
    void (this.#now.step === 'credentials' ? this.#save({ isEmpty: false, verify }) : this.#next())
  }

  async #next(): Promise<void> {
    if (this.#now.step === 'app') {
      if (this.#now.appId === undefined) return
      this.#set({ setupType: undefined, step: 'name' })
      await this.#suggestName()
    } else this.#set({ step: 'credentials' })
    await this.updateComplete
    this.#focusStep()
  }

  #back(): void {
    this.#set({ step: this.#now.step === 'credentials' ? 'name' : 'app' })
    void this.updateComplete.then(() => this.#focusStep())
  }

  async #suggestName(): Promise<void> {
    const label = this.#connector?.label ?? ''
    const { taken, free } = await freeName(this.context.api, { appId: this.#now.appId!, label })
    this.#names = taken
    this.#set(this.#now.isNamed && this.#now.name.trim() !== '' ? {} : { name: free })
  }

  async #save({ isEmpty, verify }: { isEmpty: boolean; verify: boolean }): Promise<void> {
    const setup = this.#setup!
    const form = this.querySelector<SetupForm>('setup-form')
    const oauth = isEmpty || setup.authorization !== 'interactive' ? null : this.#oauth
    const opened = oauth?.openWindow() ?? null
    this.#set({ isBusy: true, errors: [], error: undefined, offersUnverified: undefined })
    try {
      const saved = await saveDraft(this.context.api, this.#repaired, {
        appId: this.#now.appId!,
        name: this.#now.name.trim(),
        id: this.#repaired?.id,
        setup: isEmpty ? undefined : setup,
        values: isEmpty ? {} : (form?.values() ?? {}),
        verify: verify && setup.testable && !isEmpty,
        key: this.#key,
      })
      if (oauth === null) return this.#finish(saved)
      this.#repaired = saved
      await oauth.start(saved, opened)
      form?.clear()
    } catch (error) {
      opened?.close()
      this.#refused(error)
    } finally {
      this.#set({ isBusy: false })
    }
    await this.updateComplete
    await form?.updateComplete
    form?.focusErrors()
  }

  #refused(error: unknown): void {
    if (!(error instanceof ApiError) || error.fields.length === 0) {
      this.#set({ error, offersUnverified: offerAfter(error) })
      return
    }
    const isName = error.fields.every(({ path }) => path === 'name')
    this.#set({ errors: error.fields, ...(isName ? { step: 'name' } : {}) })
  }

  #finish(connection: Connection): void {
    const type = this.#repaired === undefined ? 'added' : 'updated'
    this.#close()
    this.#tell(type, connection)
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    this.#tryClose()
  }

  #tryClose(): void {
    if (!this.#now.isTyped || this.#oauth?.isWaiting) {
      this.#close()
      return
    }
    this.#set({ isAsking: true })
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.keep')?.focus())
  }

  /** Nothing that was typed outlives this. */
  #close(): void {
    const wasWaiting = this.#oauth?.isWaiting ? this.#repaired : undefined
    this.querySelector<SetupForm>('setup-form')?.clear()
    this.querySelector('dialog')!.close()
    this.#key = ''
    this.#set(NOTHING)
    this.dispatchEvent(new Event('dialog-closed'))
    if (wasWaiting !== undefined) this.#tell('updated', wasWaiting)
  }

  #tell(what: 'added' | 'updated', connection: Connection): void {
    this.dispatchEvent(new CustomEvent(`connection-${what}`, { detail: { connection } }))
  }

  #focusStep(): void {
    const first = this.querySelector<HTMLInputElement>(FIRST_FIELD)
    first?.focus()
    if (first?.id === 'connection-name') first.select()
  }
}

define('vault-add-dialog', AddDialog)
