import { html, nothing, type TemplateResult } from 'lit'
import { type Context, can, mayAddIn } from '../page-context.ts'
import type { StateAction } from '../state-words.ts'
import { ALLOWED } from '../texts/allowed-texts.ts'

const CREATE = 'create:flows_vault_connections'
const UPDATE = 'update:flows_vault_connections'

/** What each button of a state asks of the caller. */
const SCOPES: Readonly<Record<StateAction, string>> = {
  add: UPDATE,
  connect: UPDATE,
  authorize: UPDATE,
  replace: UPDATE,
  why: 'read:flows_vault_connections',
  restore: CREATE,
  unfreeze: 'delete:flows_vault_freezes',
}

/**
 * What the caller's scopes forbid, in words; undefined where nothing. Whether a form is drawn goes by this alone: a
 * line that is gone for a moment takes nothing of what was typed.
 */
export function whyForbidden(context: Context, scope: string): string | undefined {
  return can(context, scope) ? undefined : ALLOWED.needsScope(scope)
}

/** Why it cannot be done now, by the caller's scopes or for want of a line, in words; undefined where it can. */
export function whyNot(context: Context, scope: string): string | undefined {
  const forbidden = whyForbidden(context, scope)
  if (forbidden !== undefined) return forbidden
  return context.isOffline && !scope.startsWith('read:') ? ALLOWED.offline : undefined
}

/**
 * A button that does nothing, and says why, where something forbids what it does. It is no disabled one: that could not
 * be reached to be asked.
 */
export function buttonOrWhy(options: {
  label: string | TemplateResult
  /** Why it does nothing now; undefined where it does. */
  reason: string | undefined
  classes?: string
  /** What it is called, where what stands on it says too little. */
  name?: string | undefined
  isBusy?: boolean
  /** Without it the button sends its form. */
  run?(): unknown
}): TemplateResult {
  const { label, reason, classes, name, isBusy = false, run } = options
  const onClick = (event: Event): void => {
    if (reason !== undefined) event.preventDefault()
    else void run?.()
  }
  return html`<button
    type=${run === undefined ? 'submit' : 'button'}
    class=${classes ?? nothing}
    aria-label=${name ?? nothing}
    ?disabled=${isBusy}
    aria-disabled=${reason === undefined ? nothing : 'true'}
    title=${reason ?? nothing}
    @click=${onClick}
  >
    ${label}
  </button>`
}

/**
 * The button of a state, for one connection; what the caller's scopes forbid is there, and says which scope it needs.
 */
export function stateButton(
  context: Context,
  options: {
    action: { readonly kind: StateAction; readonly label: string }
    /** The connection, where its name does not stand right beside it. */
    of?: string
    isPrimary?: boolean
    run(kind: StateAction): void
  },
): TemplateResult {
  const { action, of, isPrimary, run } = options
  return buttonOrWhy({
    label: action.label,
    reason: whyNot(context, SCOPES[action.kind]),
    classes: isPrimary ? 'small primary' : 'small',
    name: of === undefined ? undefined : `${action.label}, ${of}`,
    run: () => run(action.kind),
  })
}

/** Why the caller may add nothing, or nothing of these apps, in words; undefined where it may. */
export function whyNotAdd(context: Context, appIds: readonly string[] = []): string | undefined {
  const reason = whyNot(context, CREATE)
  if (reason !== undefined) return reason
  const { permitted_apps: permitted } = context.identity
  if (permitted?.length === 0) return ALLOWED.noPermittedApp
  if (appIds.length === 0 || appIds.some((app) => mayAddIn(context, app))) return undefined
  return ALLOWED.notPermitted
}
