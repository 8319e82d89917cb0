import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { memberAt, toNumber } from './answer-json.ts'

/** The longest life that is believed; beyond it an instant would leave the range of dates (ECMA-262 §21.4.1.1). */
const MAX_LIFE_MS = 100 * 365 * 86_400_000
/** As a duration in seconds more than thirty years: a number from here on is the instant of an epoch. */
const MIN_EPOCH_SECONDS = 1e9
/** As an epoch in seconds the year 5138, as one in milliseconds 1973: from here on it is milliseconds. */
const MIN_EPOCH_MS = 1e11
/** A date in text: with the year in it, so that no bare word or small number is taken for one. */
const DATE = /^(?=.*\b\d{4}\b)[\w\s:.,/+-]{8,40}$/
const ZONE = /(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\s*$/i

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
 * The earliest end that the answer states under any of the names, in ms from `nowMs`. Durations are numbers, or text
 * of digits, in `unitMs`; instants are dates, or epochs in seconds or milliseconds. What is not ahead is odd: nobody
 * hands out what has ended.
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

/** What is left until one instant, in ms; negative when it is past, undefined when the value is none. */
export function leftUntilMs(value: JsonValue | undefined, nowMs: number): number | undefined {
  const left = value === undefined ? undefined : instantLeftMs(value, nowMs)
  return left === 'never' ? undefined : left
}

function named(answer: JsonObject, names: readonly string[]): JsonValue[] {
  return names
    .map((name) => memberAt(answer, name))
    .filter((value): value is JsonValue => value !== undefined && value !== null)
}

function durationMs(value: JsonValue, { nowMs, unitMs }: { nowMs: number; unitMs: number }): Left {
  if (saysNever(value)) return 'never'
  const number = toNumber(value) ?? toNumber(typeof value === 'string' ? withoutUnit(value) : undefined)
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
  if (number >= MIN_EPOCH_MS) return number
  return number >= MIN_EPOCH_SECONDS ? number * 1000 : nowMs + number * 1000
}

/** Without a zone it is UTC: nobody states an end in the time of our machine. */
function dateMs(value: JsonValue): number | undefined {
  if (typeof value !== 'string' || !DATE.test(value.trim())) return undefined
  const text = value.trim()
  return Date.parse(ZONE.test(text) ? text : `${text}Z`)
}

function withoutUnit(text: string): string {
  return text.replace(/\s*(?:s|secs?|seconds?)$/i, '')
}

function saysNever(value: JsonValue): boolean {
  return typeof value === 'string' && /^(?:never|none|unlimited|permanent)$/i.test(value.trim())
}
