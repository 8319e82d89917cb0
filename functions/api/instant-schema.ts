import * as z from 'zod/mini'
import { isoInstantMs, queryInstantMs } from '../../shared/domain/instant.ts'

/** Seconds to the year 9999; what is larger was meant as milliseconds. */
const MAX_SECONDS = 253_402_300_799
const ALLOWED = 'an instant such as 2026-12-01T09:00:00Z, or Unix seconds'
const REASON = "Object didn't pass validation for format date-time"

/** An instant as a client writes it: ISO 8601 with its zone, or Unix seconds. */
export const instantSchema = () =>
  z.union([z.string(), z.int()]).check((payload) => {
    const { value } = payload
    if (typeof value === 'string' ? isoInstantMs(value) !== undefined : value >= 0 && value <= MAX_SECONDS)
      return
    payload.issues.push({ code: 'custom', message: REASON, params: { allowed: ALLOWED }, input: value })
  })

/** The same for the document, as alternatives of JSON Schema. */
export const INSTANT_FORMS = [
  { type: 'string', format: 'date-time' },
  { type: 'integer', minimum: 0 },
]

/** The same in a query, where it is text. */
export const queryInstant = () => {
  const text = z.string().check((payload) => {
    if (queryInstantMs(payload.value) !== undefined || /^\d{1,12}$/.test(payload.value)) return
    payload.issues.push({
      code: 'custom',
      message: REASON,
      params: { allowed: ALLOWED },
      input: payload.value,
    })
  })
  return z.pipe(
    text.register(z.globalRegistry, { type: 'string', format: 'date-time' }),
    z.transform((value: string) => queryInstantMs(value) ?? Number(value) * 1000),
  )
}

/** In epoch ms. */
export function instantMs(value: string | number): number {
  return typeof value === 'number' ? value * 1000 : Date.parse(value)
}
