import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger'
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types'
import type { Log, LogFields } from '../../ports/log.ts'

/**
 * Only these names are ever written. Powertools redacts nothing by itself, so a field that is not listed here is
 * dropped: a secret under a careless name does not reach the log.
 */
const ALLOWED_FIELDS = new Set([
  'request_id',
  'tenant',
  'client',
  'route',
  'status',
  'ms',
  'op',
  'outcome',
  'error',
  'reason',
  'at',
  'connection_id',
  'secret_id',
  'app_id',
  'count',
  'found',
  'done',
  'url',
  'signal',
])

class AllowListFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    const item: LogAttributes = {
      level: attributes.logLevel,
      time: this.formatTimestamp(attributes.timestamp),
      message: attributes.message,
    }
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

  constructor(options: { service: string; writeAccess?: (fields: LogFields) => void }) {
    this.#logger = new Logger({ serviceName: options.service, logFormatter: new AllowListFormatter() })
    this.#writeAccess = options.writeAccess
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
