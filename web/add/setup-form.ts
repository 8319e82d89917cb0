import { html, nothing, type TemplateResult } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { FieldError } from '../api/api-error.ts'
import type { Connector, Field, FieldCondition, OAuthApplication, Setup } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { mayRegisterApplications } from '../tenant-rights.ts'
import { ADD } from '../texts/add-texts.ts'
import { define, View } from '../view.ts'
import { BAD_FILE, keyFile, readKeyFile } from './dropped-file.ts'
import { errorSummary, isOf } from './error-summary.ts'
import { fieldControl, hintOf, setupField } from './field-control.ts'
import { readNamedValues } from './named-values-input.ts'
import { NEW_APPLICATION, sharedApplication, sharedApplications } from './shared-application.ts'
import { storedSecret } from './stored-secret.ts'

/** With more fields than these, the optional ones are folded away. */
const FOLD_ABOVE = 8

/** The fields of one setup, drawn from what `/connectors` says; it knows no app. */
export class SetupForm extends View {
  static override properties = {
    context: {},
    connector: {},
    setup: {},
    errors: {},
    isChange: { type: Boolean },
    settings: {},
    withoutQuery: {},
    sharedBy: {},
    stored: {},
    idStart: {},
  }
  declare context: Context
  declare connector: Connector
  declare setup: Setup
  declare errors: readonly FieldError[]
  /** True where an empty field keeps what is stored. */
  declare isChange: boolean
  /** What is stored that is no secret, where a part of it is changed. */
  declare settings: Readonly<Record<string, unknown>> | undefined
  /** The settings that are stored with a query, which is not shown. */
  declare withoutQuery: readonly string[] | undefined
  /** The OAuth application that the stored setup names. */
  declare sharedBy: string | undefined
  /**
   * Since when each secret is stored, by its name: it stays, without a field, until somebody replaces it or takes it
   * out. Undefined where all of them are asked for.
   */
  declare stored: ReadonlyMap<string, string> | undefined
  /** What the ids of its fields begin with, as two of these forms may stand in one document. */
  declare idStart: string | undefined
  #applications: readonly OAuthApplication[] = []
  #application: string | undefined
  #notes = new Map<string, string>()
  #valueRows = 1
  /** What becomes of stored secrets, by name. */
  readonly #fates = new Map<string, 'replaced' | 'removed'>()

  protected override willUpdate(): void {
    if (this.hasUpdated) return
    this.#application = this.sharedBy
    if (this.setup.fields_with_application === undefined || this.stored !== undefined) return
    void sharedApplications(this.context, this.connector).then((applications) => {
      this.#applications = applications
      this.requestUpdate()
    })
  }

  protected override firstUpdated(): void {
    for (const field of this.#drawn()) {
      const stored = this.#stored(field)
      const input = this.#input(field)
      if (stored !== undefined && input !== null) input.value = String(stored)
    }
    this.requestUpdate()
  }

  protected override render(): TemplateResult {
    const fields = this.#drawn()
    const own = this.errors.filter(
      (error) => !isElsewhere(error) && !fields.some((field) => isOf(error, field)),
    )
    return html`
      ${errorSummary({ errors: this.errors, own, fields, focus: (field) => this.#focusField(field) })} ${this.#client()}
      ${this.setup.fill_from ? keyFile(this.setup.fill_from, (file) => this.#fill(file)) : nothing}
      <div class="stack" @ends-trimmed=${this.#onTrimmed}>${this.#folded(fields)}</div>
    `
  }

  /** What few setups need is folded away where there is much of it; an error in it unfolds it. */
  #folded(fields: readonly Field[]): TemplateResult {
    const isMain = (field: Field): boolean =>
      fields.length <= FOLD_ABOVE || field.required || field.secret || field.format === 'scope-list'
    const others = fields.filter((field) => !isMain(field))
    const isOpen = others.some((field) => this.errors.some((error) => isOf(error, field)))
    // By its name, so that no field takes over what was typed into another.
    const draw = (some: readonly Field[]) =>
      repeat(
        some,
        ({ name }) => name,
        (field) => this.#field(field),
      )
    return html`${draw(fields.filter(isMain))}
      ${
        others.length === 0
          ? nothing
          : html`<details class="others" ?open=${isOpen}>
              <summary>${ADD.moreSettings(others.length)}</summary>
              <div class="stack">${draw(others)}</div>
            </details>`
      }`
  }

  /** What is typed, by field name; what is empty, hidden by another field's value, or stored already, is left out. */
  values(): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    const application = this.#application
    const isNamed = application !== undefined && application !== NEW_APPLICATION
    if (isNamed && (application !== this.sharedBy || !this.isChange)) values['oauth_app_id'] = application
    for (const field of this.#drawn()) {
      if (!this.#holds(field.shown_when)) continue
      if (this.#isLeft(field)) {
        if (this.#fates.get(field.name) === 'removed') values[field.name] = null
        continue
      }
      const value =
        field.format === 'named-values' ? readNamedValues(this) : (this.#input(field)?.value.trim() ?? '')
      const stored = this.#stored(field)
      if (Array.isArray(value) ? value.length === 0 : value === String(stored ?? '')) continue
      // What stood there and was emptied goes; of a change, only what differs is sent.
      values[field.name] = value === '' ? null : value
    }
    return values
  }

  /** What an application that is to be registered is called; undefined where none is. */
  get newApplication(): string | undefined {
    if (this.#application !== NEW_APPLICATION) return undefined
    return this.querySelector<HTMLInputElement>('#shared-name')?.value.trim() || this.connector.label
  }

  /** From now on that application holds what was typed for it. */
  share(application: OAuthApplication): void {
    this.#applications = [...this.#applications, application]
    this.#application = application.id
    this.requestUpdate()
  }

  /** True where another client takes the place of the stored one, which leaves nothing of its setup. */
  get isWhole(): boolean {
    return (this.#application === undefined) !== (this.sharedBy === undefined)
  }

  #drawn(): readonly Field[] {
    const hasScopes = (this.setup.scopes?.length ?? 0) > 0
    const isChosen = this.connector.provider !== undefined
    const { fields, fields_with_application: shared } = this.setup
    const isShared = this.#application !== undefined && this.#application !== NEW_APPLICATION
    return ((isShared ? shared : undefined) ?? fields).filter(
      ({ name, headless, format }) =>
        !headless &&
        name !== 'oauth_app_id' &&
        !(hasScopes && name === 'scope' && format === 'scope-list') &&
        // The service was chosen by its name, in the first step.
        !(isChosen && name === 'provider'),
    )
  }

  #input(field: Field): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>(`#${this.#id(field)}`)
  }

  /** Neutral, so that nothing takes it for a sign-in. */
  #id(field: Field): string {
    return `${this.idStart ?? 'field'}-${this.setup.fields.findIndex(({ name }) => name === field.name)}`
  }

  /** What is stored of it that is no secret. */
  #stored({ name }: Field): unknown {
    return this.isWhole ? undefined : this.settings?.[name]
  }

  /** True of a stored secret that nobody replaces. */
  #isLeft({ name }: Field): boolean {
    return (this.stored?.has(name) ?? false) && this.#fates.get(name) !== 'replaced'
  }

  #decide(field: Field, fate: 'replaced' | 'removed' | undefined): void {
    if (fate === undefined) this.#fates.delete(field.name)
    else this.#fates.set(field.name, fate)
    // What is to be taken out is a change as much as what is typed.
    this.dispatchEvent(new Event('input', { bubbles: true }))
    this.requestUpdate()
    void this.updateComplete.then(() => this.#focusField(field))
  }

  #focusField(field: Field): void {
    const target = this.#input(field)
    const isField = target?.matches('input, select, textarea') ?? false
    ;(isField ? target : target?.querySelector<HTMLElement>('input, button'))?.focus()
  }

  #client(): TemplateResult | typeof nothing {
    // Another client is another setup, and no part of the one that is stored.
    if (this.stored !== undefined) return nothing
    const applications = this.#applications
    const isShareable = this.setup.fields_with_application !== undefined
    const mayRegister = isShareable && mayRegisterApplications(this.context)
    if (applications.length === 0 && this.#application === undefined && !mayRegister) return nothing
    return sharedApplication({
      applications,
      mayRegister,
      chosen: this.#application,
      choose: (id) => {
        this.#application = id
        this.requestUpdate()
      },
    })
  }

  #holds(condition: FieldCondition | null | undefined): boolean {
    if (!condition) return true
    const other = this.setup.fields.find(({ name }) => name === condition.field)
    const value = other === undefined ? '' : (this.#input(other)?.value ?? '')
    return condition.values.includes(value)
  }

  #field(field: Field): TemplateResult {
    const id = this.#id(field)
    const error = this.errors.find((each) => isOf(each, field))
    const isRequired = field.required || (field.required_when != null && this.#holds(field.required_when))
    const isKept = this.isChange && field.secret && !this.isWhole
    if (this.#isLeft(field)) {
      return storedSecret({
        id,
        field,
        since: this.stored!.get(field.name)!,
        isRemoved: this.#fates.get(field.name) === 'removed',
        error: error?.message,
        decide: (fate) => this.#decide(field, fate),
      })
    }
    const asked = { id, isRequired: isRequired && !isKept, isInvalid: error !== undefined }
    return setupField(field, {
      ...asked,
      isHidden: !this.#holds(field.shown_when),
      error: error?.message,
      note: this.#notes.get(id),
      hint: hintOf(field, { isKept, hasQuery: !this.isWhole && this.withoutQuery?.includes(field.name) }),
      findAt: this.setup.find_at,
      control: fieldControl(field, {
        ...asked,
        label: field.label,
        describedBy: `${id}-about`,
        onInput: () => this.requestUpdate(),
        ...(field.example === undefined ? {} : { placeholder: field.example }),
        valueRows: this.#valueRows,
        addValue: () => this.#addValue(),
      }),
    })
  }

  #addValue(): void {
    this.#valueRows += 1
    this.requestUpdate()
  }

  #onTrimmed(event: CustomEvent<{ id: string; length: number }>): void {
    this.#notes.set(event.detail.id, ADD.removedBlanks(event.detail.length))
    this.requestUpdate()
  }

  async #fill(file: File): Promise<void> {
    const found = await readKeyFile(file, this.setup.fill_from!)
    for (const name of found.keys()) if (this.stored?.has(name)) this.#fates.set(name, 'replaced')
    this.requestUpdate()
    await this.updateComplete
    for (const [name, value] of found) {
      const field = this.setup.fields.find((each) => each.name === name)
      const input = field === undefined ? null : this.#input(field)
      if (input !== null) input.value = value
    }
    this.errors = found.size === 0 ? BAD_FILE : []
    // A file that was dropped is typed as much as one that was chosen.
    this.dispatchEvent(new Event('input', { bubbles: true }))
    this.requestUpdate()
  }
}

/** What is wrong with a grant that is brought along, or with an end, stands under its own field. */
function isElsewhere({ path }: FieldError): boolean {
  return /^credential_expires_at$|^grant\.(?:refresh_token|access_token|expires_at|scopes)\b/.test(path)
}

define('setup-form', SetupForm)
