/**
 * The fields that a log line may have, and no others: a secret under a careless name does not compile, and one that
 * comes by a cast is dropped by the adapter.
 */
export const LOG_FIELDS = [
  // A request.
  'request_id',
  'tenant',
  'client',
  'route',
  'status',
  'ms',
  // What something was about, and what came of it.
  'op',
  'outcome',
  'connection_id',
  'secret_id',
  'version_id',
  'app_id',
  'owner',
  'item',
  'url',
  'signal',
  // A failure.
  'error',
  'reason',
  'at',
  // Figures of a run.
  'count',
  'found',
  'done',
  'failed',
  'undone',
  'deletions_finished',
  'tombstones_removed',
  'rescues',
  'freeze_jobs',
  // Figures of the daily comparison.
  'secrets',
  'pointers',
  'orphan_secrets',
  'orphan_versions',
  'leftover_tokens',
  'tokens_removed',
  'missing_tokens',
  'dangling_pointers',
  'unknown_owners',
  'restored',
  'scheduled',
  'purged',
  'discarded',
  'postponed',
  'unreadable',
] as const

/** The name of a field of a log line. */
export type LogField = (typeof LOG_FIELDS)[number]

export type LogFields = Readonly<Partial<Record<LogField, string | number | boolean | undefined>>>

/** Fields without a name that is not on the list: an object that is spread into them is looked through too. */
type Listed<Fields> = Fields & { readonly [Name in Exclude<keyof Fields, LogField>]: never }

/** Structured logging. Fields are named one by one, so that no object with a secret in it is logged by accident. */
export interface Log {
  /** Steps on the way, for whoever looks for a fault; not written unless it is asked for. */
  debug<Fields extends LogFields>(message: string, fields?: Listed<Fields>): void
  info<Fields extends LogFields>(message: string, fields?: Listed<Fields>): void
  warn<Fields extends LogFields>(message: string, fields?: Listed<Fields>): void
  error<Fields extends LogFields>(message: string, fields?: Listed<Fields>): void
  /** One line a request; written in batches, because a synchronous write costs more than the request. */
  access(fields: LogFields): void
}

/** From the most to the least talkative; each writes what comes after it too. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const

/** What is written: lines of this level and of those after it. */
export type LogLevel = (typeof LOG_LEVELS)[number]

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Uppercase<First> ? `_${Lowercase<First>}` : First}${SnakeCase<Rest>}`
  : Name

type Figures<Report> = {
  readonly [Name in keyof Report & string as SnakeCase<Name>]: Report[Name]
}

/** A report's figures as log fields: `orphanSecrets` becomes `orphan_secrets`. Each has to be on the list. */
export function figuresOf<Report extends Readonly<Record<keyof Report, number>>>(
  report: Report,
): Figures<Report> {
  const named = Object.entries<number>(report).map(([name, figure]) => [
    name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    figure,
  ])
  return Object.fromEntries(named)
}
