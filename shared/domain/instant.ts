const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** The epoch ms of an instant in ISO 8601 with its zone; undefined for any other text. */
export function isoInstantMs(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined
  const [day, ms] = [Date.parse(text.slice(0, 10)), Date.parse(text)]
  // `Date.parse` takes the 30th of February for the 2nd of March.
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10))
  return isDay && !Number.isNaN(ms) ? ms : undefined
}

/** Only the plus of a zone can have stood there: in a query an unencoded one means a blank (WHATWG URL, forms). */
const PLUS_READ_AS_BLANK = / (?=\d\d:\d\d$)/

/** The same of an instant that came in a query, also where nobody encoded its plus. */
export function queryInstantMs(text: string): number | undefined {
  return isoInstantMs(text.replace(PLUS_READ_AS_BLANK, '+'))
}
