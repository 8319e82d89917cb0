import type { FieldError } from '../api/api-error.ts'
import type { Connection } from '../api/types.ts'

/** The steps of the dialog, in their order. */
export type Step = (typeof STEPS)[number]

/** The same as a list. */
export const STEPS = ['app', 'name', 'credentials'] as const

/** Where the person is, and what is known of what they want. */
export interface Entered {
  readonly step: Step
  readonly query: string
  readonly appId: string | undefined
  /** A named service of the app. */
  readonly provider: string | undefined
  readonly setupType: string | undefined
  /** What the state's button asked for, of a connection that is there. */
  readonly action: string | undefined
  readonly name: string
  /** True when the name is the person's own, which no suggestion replaces. */
  readonly isNamed: boolean
  /** True where a grant that another system has is brought along. */
  readonly isBrought: boolean
  readonly errors: readonly FieldError[]
  readonly error: unknown
  readonly isTyped: boolean
  readonly isAsking: boolean
  readonly isBusy: boolean
  /** The connection as somebody else has changed it meanwhile. */
  readonly conflict: Connection | undefined
  /** Words of the button that saves without a test. */
  readonly offersUnverified: string | undefined
}

/** Nothing has gone wrong, or what had is tried again. */
export const NO_TROUBLE: Pick<Entered, 'errors' | 'error' | 'conflict' | 'offersUnverified'> = {
  errors: [],
  error: undefined,
  conflict: undefined,
  offersUnverified: undefined,
}

/** What is repaired, and what the button that opened the dialog asked for. */
export interface Repair {
  readonly connection: Connection
  readonly action: string
}

/** Where an addition begins: an only app needs no choice. */
export function firstStep(appIds: readonly string[] | undefined): Step {
  return appIds?.length === 1 ? 'name' : 'app'
}

/** A dialog as it opens: for a connection that is to be repaired, or for a new one of some apps or of any. */
export function opened(
  { connection, action }: Partial<Repair>,
  appIds: readonly string[] | undefined,
): Entered {
  if (connection === undefined)
    return { ...NOTHING, appId: appIds?.length === 1 ? appIds[0] : undefined, step: firstStep(appIds) }
  return {
    ...NOTHING,
    appId: connection.app_id,
    provider: connection.provider,
    setupType: connection.setup_type,
    action,
    name: connection.name,
    step: 'credentials',
  }
}

/** A dialog in which nobody has done anything. */
export const NOTHING: Entered = {
  ...NO_TROUBLE,
  step: 'app',
  query: '',
  appId: undefined,
  provider: undefined,
  setupType: undefined,
  action: undefined,
  name: '',
  isNamed: false,
  isBrought: false,
  isTyped: false,
  isAsking: false,
  isBusy: false,
}
