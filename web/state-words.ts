import type { Connection, Connector } from './api/types.ts'
import type { IconName } from './icons.ts'
import { ACTIONS, STATES } from './texts/state-texts.ts'
import { clockOrDay, distance, relativeTime } from './time.ts'

/** What a state's button does. */
export type StateAction = 'add' | 'connect' | 'authorize' | 'replace' | 'why' | 'restore' | 'unfreeze'

/** One state of a connection: its shape, its colour, its words, and what to do about it. */
export interface StateWords {
  readonly kind: string
  readonly icon: IconName
  readonly hue: 'muted' | 'ice' | 'red' | 'orange' | 'amber' | 'green'
  readonly sentence: string
  /** What stands muted after the sentence. */
  readonly more?: string
  readonly action?: { readonly kind: StateAction; readonly label: string }
  readonly needsPerson: boolean
}

const DAY_MS = 86_400_000
const WARN_DAYS = 30
const NEEDS_PERSON_DAYS = 7

/** The first state that applies, in the order of how much it matters to a person. */
export function stateWords(
  connection: Connection,
  connector: Connector | undefined,
  nowMs: number,
): StateWords {
  return (
    deletedWords(connection, nowMs) ??
    frozenWords(connection) ??
    STATUS_WORDS[connection.status](connection, connector, nowMs)
  )
}

type Words = (connection: Connection, connector: Connector | undefined, nowMs: number) => StateWords

const STATUS_WORDS: Readonly<Record<Connection['status'], Words>> = {
  reauthorization_required: (connection, connector) =>
    isAuthorizedByPerson(connection, connector)
      ? words('ended', 'unplug', 'red', STATES.authorizationEnded, 'authorize')
      : words('refused', 'unplug', 'red', STATES.keyRefused, 'replace'),
  empty: (_connection, connector) =>
    words('empty', 'key', 'orange', STATES.empty, isTypedNowhere(connector) ? 'connect' : 'add'),
  pending: (connection, connector, nowMs) => {
    const { failure } = connection
    if (failure === null || isAuthorizedByPerson(connection, connector)) {
      return words('pending', 'hourglass', 'orange', STATES.waitingForPerson, 'connect')
    }
    const next = failure.retry_at === null ? undefined : clockOrDay(Date.parse(failure.retry_at), nowMs)
    const sentence = STATES.waitingForApp(connector?.label ?? connection.app_id, next)
    return { ...words('waiting', 'hourglass', 'orange', sentence, 'why'), needsPerson: false }
  },
  degraded: (connection, connector, nowMs) => {
    const { missing } = connection.scopes
    if (missing.length > 0) {
      return words('scopes', 'warning', 'amber', STATES.permissionsMissing(missing.length), 'authorize')
    }
    const until = connection.expires_at === null ? undefined : Date.parse(connection.expires_at)
    const deadline = deadlineWords(connection, connector, nowMs)
    if (connection.failure === null && deadline !== undefined) return deadline
    const isUnknown = connection.failure?.class === 'unknown'
    const sentence = STATES.worksUntil(until === undefined ? undefined : clockOrDay(until, nowMs))
    return {
      ...words('degraded', 'warning', 'amber', sentence, 'why'),
      more: isUnknown ? STATES.noAnswer : STATES.renewalFailing,
      needsPerson: false,
    }
  },
  ready: (connection, connector, nowMs) =>
    deadlineWords(connection, connector, nowMs) ?? {
      ...words('ready', 'check-circle', 'green', STATES.ready),
      more: readyMore(connection),
      needsPerson: false,
    },
}

function words(
  kind: string,
  icon: IconName,
  hue: StateWords['hue'],
  sentence: string,
  action?: StateAction,
): StateWords {
  const button = action === undefined ? {} : { action: { kind: action, label: ACTIONS[action] } }
  return { kind, icon, hue, sentence, ...button, needsPerson: true }
}

function deletedWords({ deleted }: Connection, nowMs: number): StateWords | undefined {
  if (!deleted) return undefined
  const by = deleted.by?.name ?? undefined
  const sentence = STATES.deleted(relativeTime(Date.parse(deleted.at), nowMs), by)
  return {
    ...words('deleted', 'trash', 'muted', sentence, 'restore'),
    more: STATES.goneOn(clockOrDay(Date.parse(deleted.gone_at), nowMs)),
    needsPerson: false,
  }
}

function frozenWords({ frozen }: Connection): StateWords | undefined {
  if (!frozen) return undefined
  const by = frozen.by?.name ?? undefined
  const sentence = STATES.frozen(frozen.reason, { by, isApp: frozen.scope === 'app' })
  return { ...words('frozen', 'snow', 'ice', sentence, 'unfreeze'), needsPerson: false }
}

function deadlineWords(
  connection: Connection,
  connector: Connector | undefined,
  nowMs: number,
): StateWords | undefined {
  const isGrant = connection.refresh_expires_at !== null
  const text = connection.refresh_expires_at ?? connection.credential_expires_at ?? null
  if (text === null) return undefined
  const atMs = Date.parse(text)
  if (atMs - nowMs > WARN_DAYS * DAY_MS) return undefined
  const byPerson = isGrant && isAuthorizedByPerson(connection, connector)
  const sentence = byPerson
    ? STATES.authorizationEnds(distance(atMs, nowMs))
    : STATES.keyEnds(clockOrDay(atMs, nowMs), atMs <= nowMs)
  return {
    ...words('deadline', 'clock', 'amber', sentence, byPerson ? 'authorize' : 'replace'),
    needsPerson: atMs - nowMs <= NEEDS_PERSON_DAYS * DAY_MS,
  }
}

function readyMore(connection: Connection): string {
  if (connection.expires_at === null && connection.expiry_basis !== 'unknown') return STATES.neverExpires
  return connection.next_rotation_at === null ? STATES.endUnknown : STATES.renewsByItself
}

/** True where a person allowed access in a browser, and can do so again. */
export function isAuthorizedByPerson(connection: Connection, connector: Connector | undefined): boolean {
  const setup =
    connector?.setups.find(({ type }) => type === connection.setup_type) ??
    (connector?.setups.length === 1 ? connector.setups[0] : undefined)
  return setup?.authorization === 'interactive'
}

/** True where an OAuth application of the operator asks, so that connecting needs nothing but a click. */
function isTypedNowhere(connector: Connector | undefined): boolean {
  return (
    connector !== undefined &&
    connector.setups.length === 1 &&
    connector.setups.every(({ oauth_client: client }) => client === 'oauth-application')
  )
}
