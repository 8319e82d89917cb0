import type { Connection } from '../api/types.ts'
import { endOfDay, localDay } from '../exact-time.ts'

/** What somebody typed of what is stored. */
export interface TypedSettings {
  /** The members that differ; null for one that is taken out. */
  readonly values: Readonly<Record<string, unknown>>
  /** The last day as a date field says it, empty where it has none; undefined where none is asked for. */
  readonly lastDay: string | undefined
}

/** The body of the change, which names nothing that stays; undefined where nothing was changed. */
export function changeOf(
  seen: Connection,
  { values, lastDay }: TypedSettings,
): Readonly<Record<string, unknown>> | undefined {
  const hasEnd = lastDay !== undefined && lastDay !== lastDayOf(seen)
  const hasValues = Object.keys(values).length > 0
  if (!hasEnd && !hasValues) return undefined
  return {
    ...(hasValues ? { setup_changes: values } : {}),
    ...(hasEnd ? { credential_expires_at: lastDay === '' ? null : endOfDay(lastDay) } : {}),
  }
}

/** The last day on which the credential works, as a date field takes it; empty where none is known. */
export function lastDayOf({ credential_expires_at: end }: Connection): string {
  return end ? localDay(end) : ''
}

/** Equal for two states of a connection between which nobody has entered anything: renewals and names aside. */
export function enteredMark(connection: Connection): string {
  const { setup_type: type, provider, oauth_app_id: application, settings, secrets } = connection
  const others = [connection.settings_without_query, connection.credential_expires_at]
  return JSON.stringify([type, provider, application, settings, secrets, ...others])
}
