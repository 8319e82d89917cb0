import type { Connection, Setup } from '../api/types.ts'
import { refuseKeptBack } from '../parts/typed-values.ts'
import type { Entered } from './entered.ts'
import type { GrantForm } from './grant-form.ts'
import type { OauthConnect } from './oauth-connect.ts'
import type { Draft } from './save-connection.ts'
import type { SetupForm } from './setup-form.ts'

/** The forms of the last step, as they stand in the dialog. */
export interface Forms {
  readonly setup: SetupForm | null
  readonly grant: GrantForm | null
  readonly oauth: OauthConnect | null
}

/** Which of them are there. */
export function formsIn(dialog: HTMLElement): Forms {
  return {
    setup: dialog.querySelector<SetupForm>('setup-form'),
    grant: dialog.querySelector<GrantForm>('grant-form'),
    oauth: dialog.querySelector<OauthConnect>('oauth-connect'),
  }
}

const FIRST_FIELD = '.dialog-main :is(input:not([type="radio"]), select, textarea)'

/** What is typed in the last step, wherever in it; the search and the name are no secrets, and the dialog's own. */
const TYPED = 'textarea, input:not([type="radio"], [type="checkbox"], [type="search"], #connection-name)'

/** Empties the fields: nothing that was typed outlives what it was typed for. */
export function clearFields(dialog: HTMLElement): void {
  for (const field of dialog.querySelectorAll<HTMLInputElement>(TYPED)) field.value = ''
}

/** The first field of the step in sight gets the focus; a name that is suggested is selected. */
export function focusFirst(dialog: HTMLElement): void {
  const first = dialog.querySelector<HTMLInputElement>(FIRST_FIELD)
  first?.focus()
  if (first?.id === 'connection-name') first.select()
}

/** The first field that is wrong, or the summary of several, gets the focus. */
export function focusErrors(dialog: HTMLElement): void {
  const target =
    dialog.querySelector<HTMLElement>('.error-summary') ??
    dialog.querySelector<HTMLElement>('[aria-invalid="true"]')
  target?.focus()
}

/** True where what is typed is to be tried before it is saved. */
export function isTested(form: HTMLElement): boolean {
  return form.querySelector<HTMLInputElement>('input[name="verify"]')?.checked ?? false
}

/** What the dialog holds, as it is saved. Throws `ApiError` with the fields whose value the browser keeps back. */
export function typedDraft(
  dialog: HTMLElement,
  options: {
    now: Entered
    setup: Setup
    seen: Connection | undefined
    isEmpty: boolean
    verify: boolean
    key: string
  },
): Draft {
  const { now, seen, setup, isEmpty, verify, key } = options
  if (!isEmpty) refuseKeptBack(dialog)
  const forms = formsIn(dialog)
  const application = forms.oauth?.application
  const grant =
    isEmpty || forms.grant === null
      ? undefined
      : { ...forms.grant.value(), ...(application === undefined ? {} : { oauth_app_id: application }) }
  return {
    appId: now.appId!,
    provider: now.provider,
    name: now.name.trim(),
    seen,
    setup: isEmpty ? undefined : setup,
    values: isEmpty ? {} : (forms.setup?.values() ?? {}),
    isWhole: forms.setup?.isWhole ?? false,
    grant,
    endsOn: dialog.querySelector<HTMLInputElement>('#ends-on')?.value,
    verify: verify && setup.testable && !isEmpty,
    key,
  }
}
