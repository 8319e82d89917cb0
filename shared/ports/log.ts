/** Structured logging. Fields are named one by one, so that no object with a secret in it is logged by accident. */
export interface Log {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** One line a request; written in batches, because a synchronous write costs more than the request. */
  access(fields: LogFields): void
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>
