import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { bareName, toNumber } from './answer-json.ts'

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
/** UTC, an offset, and the zones of RFC 2822 §4.3. */
const ZONE = /(?:Z|UTC|GMT|[ECMP][SD]T|:\d\d(?:\.\d+)?\s?[+-]\d\d:?\d\d)$/i
/** RFC 9110 §5.6.7: the date of RFC 850, whose year has two digits. */
const RFC850_DATE = /^\w+, (\d\d-\w{3}-)(\d\d )/
/** ISO 8601 without its separators. */
const BASIC_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})?$/
/** Names of units, after a number; a bare `m` is minutes, as in Go and everywhere else. */
const UNITS_MS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1_000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:d|days?)$/i, 86_400_000],
  [/^(?:w|wks?|weeks?)$/i, 604_800_000],
]
/** ISO 8601 §5.5.2: weeks, days, hours, minutes and seconds; months and years have no one length. */
const ISO_DURATION = /^P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i

/** A number of seconds that is the instant of an epoch may be past by so much: lives of fifty years are stated too. */
const PAST_INSTANT_MS = 365 * 86_400_000

/**
 * Names of an end, in words for what ends: RFC 6749's `expires_in`, Square's `expires_at`, Entra's `expires_on`,
 * Facebook's `expires`, and the same as other APIs spell them, with the unit behind where they name it.
 */
export function endNames(whose: string): RegExp {
  const verb = 'expires?(?:in|at|on|time|date|timestamp)?'
  const noun = 'expir(?:y|ation)(?:in|at|on|time|date|timestamp)?'
  const unit = '(?<unit>ms|millis|milliseconds|s|secs?|seconds|mins?|minutes)?'
  return new RegExp(`^${whose}(?<word>${verb}|${noun}|validuntil|validto|lifetime|ttl)${unit}$`)
}

/** What an answer says of an end: the earliest of all, in ms from now; `odd` when something made no sense. */
export interface StatedEnd {
  readonly leftMs?: number
  readonly saysNever: boolean
  readonly odd: boolean
}

/**
 * The earliest end that the answer states under any of the names, in ms from `nowMs`. Numbers, or text of digits, are
 * seconds, or the instant of an epoch in whatever unit; text may have a unit of its own, or be a date. What is not
 * ahead is odd: nobody hands out what has ended.
 */
export function statedEnd(answer: JsonObject, names: RegExp, nowMs: number): StatedEnd {
  const left = Object.entries(answer).flatMap(([name, value]) => {
    const { word, unit } = names.exec(bareName(name))?.groups ?? {}
    if (word === undefined || value === undefined || value === null) return []
    return [leftMs(value, { nowMs, unit, isLife: LIFE_WORD.test(word) })]
  })
  const ahead = left.filter((ms) => typeof ms === 'number').filter((ms) => ms > 0)
  return {
    ...(ahead.length === 0 ? {} : { leftMs: Math.min(...ahead) }),
    saysNever: left.includes('never'),
    odd: left.length > 0 && ahead.length === 0,
  }
}

type Left = number | 'never' | undefined
/** These name a life, so that a large number may be one. */
const LIFE_WORD = /(?:in|ttl|lifetime)$/

/**
 * What is left until one instant, in ms; negative when it is past, undefined when the value is none: Keycloak's
 * offline tokens have `exp: 0`.
 */
export function leftUntilMs(value: JsonValue | undefined, nowMs: number): number | undefined {
  if (value === undefined || (toNumber(value) ?? MIN_EPOCH_SECONDS) < MIN_EPOCH_SECONDS) return undefined
  const left = leftMs(value, { nowMs })
  return left === 'never' ? undefined : left
}

interface EndFacts {
  readonly nowMs: number
  readonly unit?: string | undefined
  readonly isLife?: boolean
}

function leftMs(value: JsonValue, facts: EndFacts): Left {
  if (saysNever(value)) return 'never'
  const number = toNumber(plainNumber(value))
  const text = typeof value === 'string' ? value.trim() : ''
  const ms = number === undefined ? (withUnitMs(text) ?? dateMs(text) - facts.nowMs) : numberMs(number, facts)
  return Number.isNaN(ms) ? undefined : Math.min(Math.floor(ms), MAX_LIFE_MS)
}

/** A number too small to be an instant is what is left: some say `expires: 3600` (Facebook's first answers). */
function numberMs(number: number, { nowMs, unit = 's', isLife = false }: EndFacts): number {
  const unitMs = UNITS_MS.find(([names]) => names.test(unit))?.[1] ?? 1000
  if (unitMs !== 1000 || number < MIN_EPOCH_SECONDS) return number * unitMs
  if (number >= MIN_EPOCH_NS) return number / 1e6 - nowMs
  if (number >= MIN_EPOCH_US) return number / 1000 - nowMs
  if (number >= MIN_EPOCH_MS) return number - nowMs
  const left = number * 1000 - nowMs
  return isLife && left < -PAST_INSTANT_MS ? number * 1000 : left
}

/** An instant in text; NaN for none. Without a zone it is UTC: nobody states an end in the time of our machine. */
function dateMs(value: string): number {
  // .NET's `/Date(…)/`; and what Java and JavaScript put behind: `[UTC]`, `(Coordinated Universal Time)`.
  const ofNet = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/.exec(value)?.[1]
  if (ofNet !== undefined) return Number(ofNet)
  const text = value
    .replace(/\s*(?:\[[^\]]*\]|\([^)]*\))$/, '')
    .replace(BASIC_DATE, '$1-$2-$3T$4:$5:$6$7')
    .replace(RFC850_DATE, '$120$2')
    // ISO 8601 allows a comma before fractions, and an offset of hours alone.
    .replace(/(:\d\d),(?=\d)/, '$1.')
    .replace(/(:\d\d(?:\.\d+)?\s?[+-]\d\d)$/, '$1:00')
  return DATE.test(text) ? Date.parse(ZONE.test(text) ? text : `${text}Z`) : Number.NaN
}

/** `1h`, `60 min`, `1h30m0s`, `3600000ms`, `PT1H`. */
function withUnitMs(text: string): number | undefined {
  const iso = ISO_DURATION.exec(text)
  if (iso !== null) {
    const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = iso
      .slice(1)
      .map((part) => Number(part ?? 0))
    return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
  }
  if (!/^(?:[\d.,+-]+\s*[A-Za-z]+\s*)+$/.test(text)) return undefined
  const parts = [...text.matchAll(/([\d.,+-]+)\s*([A-Za-z]+)/g)].map(([, figure = '', unit = '']) => {
    const unitMs = UNITS_MS.find(([names]) => names.test(unit))?.[1]
    return (toNumber(plainNumber(figure)) ?? Number.NaN) * (unitMs ?? Number.NaN)
  })
  const ms = parts.reduce((sum, part) => sum + part, 0)
  return Number.isNaN(ms) ? undefined : ms
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
