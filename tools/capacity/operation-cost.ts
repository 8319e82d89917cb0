import { AWS_PRICES } from './aws-figures.ts'

/** What an operation asks of the stores, each call as often as it is made. */
export type StoreCalls = Readonly<Partial<Record<keyof typeof STORE_PRICES, number>>>

/** One operation, as a client or flow asks for it. */
export interface CountedOperation {
  readonly name: string
  readonly calls: StoreCalls
  /** How long its function is busy, in ms at 1 GB; of a provider's time only what a rotation waits for. */
  readonly busyMs: number
  /** Bytes of log lines that it leaves, figures included. */
  readonly logBytes: number
  /** Whether it comes by API Gateway, with a line of its own in the access log. */
  readonly byHttp: boolean
}

/** Of a row with its index entry: 1.5 KB is two units each, and a change writes both (DynamoDB pricing page). */
const ROW_WRITE_UNITS = 2
/** A row and an event, or an intent, in a transaction: twice the units. */
const TRANSACTION_WRITE_UNITS = 12
const STORE_PRICES = {
  GetItem: AWS_PRICES.millionReadUnits,
  Query: AWS_PRICES.millionReadUnits,
  PutItem: AWS_PRICES.millionWriteUnits,
  UpdateItem: ROW_WRITE_UNITS * AWS_PRICES.millionWriteUnits,
  TransactWriteItems: TRANSACTION_WRITE_UNITS * AWS_PRICES.millionWriteUnits,
  CreateSecret: AWS_PRICES.millionSecretCalls,
  PutSecretValue: AWS_PRICES.millionSecretCalls,
  GetSecretValue: AWS_PRICES.millionSecretCalls,
  DeleteSecret: AWS_PRICES.millionSecretCalls,
  GenerateMac: AWS_PRICES.millionKmsCalls,
} as const

/** Lambda's own lines (START, REPORT), and API Gateway's line of the access log. */
const PLATFORM_LOG_BYTES = 600
const ACCESS_LOG_BYTES = 450
/** X-Ray records a request a second and 5 % of the rest (X-Ray guide, sampling). */
const TRACED_PART = 0.05
const GIGABYTE = 1e9

/** Lines that a request leaves: one of its own and one of the audit, with their trace, and two of figures (measured). */
export const REQUEST_LOG_BYTES = 1_300

const request = (name: string, calls: StoreCalls, busyMs: number): CountedOperation => ({
  name,
  calls,
  busyMs,
  logBytes: REQUEST_LOG_BYTES,
  byHttp: true,
})

/**
 * Every operation on a static connection with Secrets Manager, with the calls that the suite on the emulator counts
 * (`calls-per-operation.aws.test.ts`). A rotation is reckoned in `rotation-calls.ts`.
 */
export const OPERATIONS: readonly CountedOperation[] = [
  request('fetch, warm', { GetItem: 1 }, 8),
  { ...request('fetch, warm, by direct invoke', { GetItem: 1 }, 8), byHttp: false },
  request('fetch, cold', { GetItem: 1, Query: 1, UpdateItem: 1, GetSecretValue: 1 }, 40),
  request('create', { GenerateMac: 1, PutItem: 1, CreateSecret: 1, TransactWriteItems: 1 }, 80),
  request('create, empty', { TransactWriteItems: 1 }, 30),
  request('update, name', { GetItem: 1, TransactWriteItems: 1 }, 30),
  request('update, same setup', { GetItem: 1, GenerateMac: 1 }, 25),
  request('update, new setup', { GetItem: 1, GenerateMac: 1, PutSecretValue: 1, TransactWriteItems: 2 }, 80),
]

/** Dollars for a million of it, by what they are paid for. */
export interface MillionCost {
  readonly stores: number
  readonly lambda: number
  readonly http: number
  readonly logs: number
  readonly traces: number
  readonly together: number
}

/** What a million of an operation costs at list prices, logs, figures and traces included. */
export function millionCost({ calls, busyMs, logBytes, byHttp }: CountedOperation): MillionCost {
  const entries = Object.entries(calls) as [keyof typeof STORE_PRICES, number][]
  const stores = entries.reduce((sum, [call, times]) => sum + STORE_PRICES[call] * times, 0)
  const lambda = AWS_PRICES.millionInvocations + (busyMs / 1000) * AWS_PRICES.millionGigabyteSeconds
  const http = byHttp ? AWS_PRICES.millionHttpRequests : 0
  const bytes = logBytes + PLATFORM_LOG_BYTES + (byHttp ? ACCESS_LOG_BYTES : 0)
  const logs = ((bytes * 1e6) / GIGABYTE) * AWS_PRICES.logGigabyte
  const traces = TRACED_PART * AWS_PRICES.millionTraces
  return { stores, lambda, http, logs, traces, together: stores + lambda + http + logs + traces }
}

/** The table of all operations, for the page about capacity and for the terminal. */
export function operationTable(): string {
  const rows = OPERATIONS.map((operation) => {
    const { stores, lambda, http, logs, traces, together } = millionCost(operation)
    const cells = [stores, lambda, http, logs, traces].map((dollars) => `$${dollars.toFixed(2)}`)
    return `| ${operation.name} | ${cells.join(' | ')} | **$${together.toFixed(2)}** |`
  })
  return [
    '| a million of | stores | Lambda | HTTP API | logs | traces | together |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n')
}
