import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { firstMember, memberAt, toNumber } from './answer-json.ts'

/** The longest life that is believed; beyond it an instant would leave the range of dates (ECMA-262 §21.4.1.1). */
const MAX_LIFE_MS = 100 * 365 * 86_400_000
/** As a duration in seconds more than thirty years: a number from here on is the instant of an epoch. */
const MIN_EPOCH_SECONDS = 1e9
/**
 * As an epoch in milliseconds the year 2001, before which no token was: from here on it is milliseconds. What is less
 * is seconds, also the last one of the year 9999, by which many say that there is no end.
 */
const MIN_EPOCH_MS = 1e12
/** The same bounds a thousand times further: from these on it is microseconds (Python), and nanoseconds (Go). */
const MIN_EPOCH_US = 1e15
const MIN_EPOCH_NS = 1e18
/** A date in text: with the year in it, so that no bare word or small number is taken for one. */
const DATE = /^(?=.*\b\d{4}\b)[\w\s:.,/+-]{8,40}$/
const ZONE = /(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\s*$/i
/** ISO 8601 without its separators. */
const BASIC_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})?$/
/** Names of units, after a number; a bare `m` is minutes, as in Go and everywhere else. */
const UNITS_MS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1_000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:d|days?)$/i, 86_400_000],
]
/** ISO 8601 §5.5.2: days, hours, minutes and seconds; months and years have no one length. */
const ISO_DURATION = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i

/** Names by which an answer states an end: as what is left, and as an instant. */
export interface EndNames {
  readonly durations: readonly string[]
  readonly instants: readonly string[]
}

/** What an answer says of an end: the earliest of all, in ms from now; `odd` when something made no sense. */
export interface StatedEnd {
  readonly leftMs?: number
  readonly saysNever: boolean
  readonly odd: boolean
}

/**
 * The earliest end that the answer states under any of the names, in ms from `nowMs`. Durations are numbers, or text of
 * digits, in `unitMs`, or text with a unit of its own; instants are dates, or epochs in whatever unit. What is not
 * ahead is odd: nobody hands out what has ended.
 */
export function statedEnd(
  answer: JsonObject,
  names: EndNames,
  at: { readonly nowMs: number; readonly unitMs: number },
): StatedEnd {
  const left = [
    ...named(answer, names.durations).map((value) => durationMs(value, at)),
    ...named(answer, names.instants).map((value) => instantLeftMs(value, at.nowMs)),
  ]
  const ahead = left.filter((ms) => typeof ms === 'number').filter((ms) => ms > 0)
  return {
    ...(ahead.length === 0 ? {} : { leftMs: Math.min(...ahead) }),
    saysNever: left.includes('never'),
    odd: left.length > 0 && ahead.length === 0,
  }
}

type Left = number | 'never' | undefined

/**
 * What is left until one instant, in ms; negative when it is past, undefined when the value is none: Keycloak's
 * offline tokens have `exp: 0`.
 */
export function leftUntilMs(value: JsonValue | undefined, nowMs: number): number | undefined {
  if (value === undefined || (toNumber(value) ?? MIN_EPOCH_SECONDS) < MIN_EPOCH_SECONDS) return undefined
  const left = instantLeftMs(value, nowMs)
  return left === 'never' ? undefined : left
}

function named(answer: JsonObject, names: readonly string[]): JsonValue[] {
  return names
    .map((name) => memberAt(answer, name) ?? firstMember(answer, [name]))
    .filter((value): value is JsonValue => value !== undefined && value !== null)
}

function durationMs(value: JsonValue, { nowMs, unitMs }: { nowMs: number; unitMs: number }): Left {
  if (saysNever(value)) return 'never'
  const withUnit = typeof value === 'string' ? withUnitMs(value.trim()) : undefined
  if (withUnit !== undefined) return withUnit <= MAX_LIFE_MS ? withUnit : undefined
  const number = toNumber(plainNumber(value))
  if (number === undefined) return instantLeftMs(value, nowMs)
  const isEpoch = number >= MIN_EPOCH_SECONDS && number < MIN_EPOCH_MS && number * 1000 > nowMs
  const ms = isEpoch && unitMs === 1000 ? number * 1000 - nowMs : Math.floor(number * unitMs)
  return ms <= MAX_LIFE_MS ? ms : undefined
}

/** An instant that is too small to be one is what is left: some say `expires: 3600` (Facebook's first answers). */
function instantLeftMs(value: JsonValue, nowMs: number): Left {
  if (saysNever(value)) return 'never'
  const number = toNumber(value)
  const atMs = number === undefined ? dateMs(value) : epochMs(number, nowMs)
  if (atMs === undefined || Number.isNaN(atMs)) return undefined
  return Math.min(Math.floor(atMs - nowMs), MAX_LIFE_MS)
}

function epochMs(number: number, nowMs: number): number {
  if (number >= MIN_EPOCH_NS) return number / 1e6
  if (number >= MIN_EPOCH_US) return number / 1000
  if (number >= MIN_EPOCH_MS) return number
  return number >= MIN_EPOCH_SECONDS ? number * 1000 : nowMs + number * 1000
}

/** Without a zone it is UTC: nobody states an end in the time of our machine. */
function dateMs(value: JsonValue): number | undefined {
  if (typeof value !== 'string') return undefined
  // .NET's `/Date(…)/`; and what Java and JavaScript put behind: `[UTC]`, `(Coordinated Universal Time)`.
  const ofNet = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/.exec(value.trim())?.[1]
  if (ofNet !== undefined) return Number(ofNet)
  const text = value
    .trim()
    .replace(/\s*(?:\[[^\]]*\]|\([^)]*\))$/, '')
    .replace(BASIC_DATE, '$1-$2-$3T$4:$5:$6$7')
  if (!DATE.test(text)) return undefined
  return Date.parse(ZONE.test(text) ? text : `${text}Z`)
}

/** `1h`, `60 min`, `3600000ms`, `PT1H`. */
function withUnitMs(text: string): number | undefined {
  const iso = ISO_DURATION.exec(text)
  if (iso !== null) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0))
    return Math.floor((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
  }
  const [, figure, unit = ''] = /^([\d.,+-]+)\s*([A-Za-z]+)$/.exec(text) ?? []
  const number = figure === undefined ? undefined : toNumber(plainNumber(figure))
  const unitMs = UNITS_MS.find(([names]) => names.test(unit))?.[1]
  return number === undefined || unitMs === undefined ? undefined : Math.floor(number * unitMs)
}

/** Thousands apart, a plus before, or a point behind it make no other number. */
function plainNumber(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value
  const text = value.trim().replace(/^\+|\.$/g, '')
  return /^\d{1,3}(?:,\d{3})+$/.test(text) ? text.replaceAll(',', '') : text
}

function saysNever(value: JsonValue): boolean {
  return typeof value === 'string' && /^(?:never|none|unlimited|permanent)$/i.test(value.trim())
}
