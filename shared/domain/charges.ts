import type { BucketRate } from './token-bucket.ts'

/**
 * What callers have budgets for, each by itself: `requests` of management and `fetches` of credentials and
 * `complaints` about them are a tenant's; what comes without a valid token is an address's, as `unknown`.
 */
export type BudgetName = 'requests' | 'fetches' | 'complaints' | 'unknown'

/** Whose budget, of which kind: a tenant's, or an address's. */
export interface BudgetHolder {
  readonly budget: BudgetName
  readonly of: string
}

/**
 * How many a second for each request of management, which is what the operator sets. A fetch is what flows live on and
 * costs a tenth of a request; after a complaint a provider may be asked, once a minute and connection, and a flow that
 * means it complains once.
 */
const TIMES_REQUESTS: Readonly<Record<BudgetName, number>> = {
  requests: 1,
  fetches: 10,
  complaints: 0.2,
  unknown: 1,
}

/** One request of management: 0.3 ms of one processor, and as long takes a look at what lists need of so many rows. */
const LISTED_ROWS_A_UNIT = 100
/** To read and decode the whole of a row of 1 KB takes three times as long. */
const WHOLE_ROWS_A_UNIT = 33

/** The rate of a budget where a tenant has `requestsPerSecond`; a second's worth may come at once. */
export function rateOf(budget: BudgetName, requestsPerSecond: number): BucketRate {
  const perSecond = Math.max(1, Math.floor(requestsPerSecond * TIMES_REQUESTS[budget]))
  return { perSecond, burst: perSecond }
}

/** A row that is only passed by, on the way to the page that was asked for, is not decoded. */
const SKIPPED_ROWS_A_UNIT = 1_000
/** A page of a list, which each request has paid for. */
const ROWS_A_REQUEST = 100

/** What a look at so many rows costs: `listed` where no more of them was read than a list needs. */
export function chargeForRows(rows: { read: number; skipped: number; listed: boolean }): number {
  return (
    rows.read / (rows.listed ? LISTED_ROWS_A_UNIT : WHOLE_ROWS_A_UNIT) + rows.skipped / SKIPPED_ROWS_A_UNIT
  )
}

/** So much of that no request is charged for. */
export const UNITS_PAID = chargeForRows({ read: ROWS_A_REQUEST, skipped: 0, listed: false })

/** Reading and checking so much of a body takes as long as a request: 100 KiB of JSON take 4 ms. */
export const BODY_BYTES_A_UNIT = 8 * 1024

/** What a body costs beyond what its request has paid. */
export function chargeForBody(bytes: number): number {
  return Math.floor(bytes / BODY_BYTES_A_UNIT)
}

/** Sending so much of a document that is ready takes a tenth of a request, and more of whoever receives it. */
const ANSWER_BYTES_A_UNIT = 32 * 1024

/** What an answer of this size costs beyond what its request has paid: the reference takes some thirty units whole. */
export function chargeForAnswer(bytes: number): number {
  return Math.floor(bytes / ANSWER_BYTES_A_UNIT)
}

/** Addresses of one household or machine: an IPv6 subscriber has at least a /64 of them (RFC 6177). */
export function addressHolder(address: string): BudgetHolder {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return { budget: 'unknown', of: plain.includes(':') ? networkOf(plain) : plain }
}

function networkOf(address: string): string {
  const [first = [], last = []] = address
    .toLowerCase()
    .replace(/%.*$/, '')
    .split('::')
    .map((side) => (side === '' ? [] : side.split(':')))
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  const groups = [...first, ...zeros, ...last]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
