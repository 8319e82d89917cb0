import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types'
import { LOG_FIELDS, type Log, type LogFields, type LogLevel } from '../../ports/log.ts'

/** Powertools redacts nothing by itself, so a field that is not listed is dropped. */
const ALLOWED_FIELDS: ReadonlySet<string> = new Set(LOG_FIELDS)

class AllowListFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    // Lambda's own filter reads `level` and `timestamp`, and takes a line without them for INFO.
    const item: LogAttributes = {
      level: attributes.logLevel,
      timestamp: this.formatTimestamp(attributes.timestamp),
      message: attributes.message,
    }
    // The same in every function that one request leads through.
    if (attributes.xRayTraceId !== undefined) item['trace_id'] = attributes.xRayTraceId
    for (const [name, value] of Object.entries(additional)) {
      if (ALLOWED_FIELDS.has(name) && value !== undefined) item[name] = value
    }
    return new LogItem({ attributes: item })
  }
}

/** Logs as JSON lines by Powertools. `access` goes to `writeAccess` when given, for batches, and else to the logger. */
export class PowertoolsLog implements Log {
  readonly #logger: Logger
  readonly #writeAccess: ((fields: LogFields) => void) | undefined

  constructor(options: {
    service: string
    level: LogLevel
    writeAccess?: (fields: LogFields) => void
  }) {
    const { service, level, writeAccess } = options
    this.#logger = new Logger({
      serviceName: service,
      logLevel: level,
      logFormatter: new AllowListFormatter(),
    })
    // A request is an INFO line, whoever writes it: at a higher level the logger drops it.
    this.#writeAccess = level === 'DEBUG' || level === 'INFO' ? writeAccess : undefined
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#logger.debug(message, fields as LogAttributes)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#logger.info(message, fields as LogAttributes)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#logger.warn(message, fields as LogAttributes)
  }

  error(message: string, fields: LogFields = {}): void {
    this.#logger.error(message, fields as LogAttributes)
  }

  access(fields: LogFields): void {
    if (this.#writeAccess !== undefined) this.#writeAccess(fields)
    else this.#logger.info('request', fields as LogAttributes)
  }
}
