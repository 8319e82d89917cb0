/** A sentence of the vault with its instants as people write them. */
export function withExactTimes(sentence: string): string {
  return sentence.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => exactTime(Date.parse(instant)))
}

/** The exact instant with its zone. */
export function exactTime(atMs: number): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(atMs))
}

/** The instant where the person is, as a field for dates and times takes it, to the minute. */
export function localInstant(atMs: number): string {
  const offsetMs = new Date(atMs).getTimezoneOffset() * 60_000
  return new Date(atMs - offsetMs).toISOString().slice(0, 16)
}

/** The day on which an instant (ISO 8601) is where the person is, as a date field says it. */
export function localDay(instant: string): string {
  return localInstant(Date.parse(instant)).slice(0, 10)
}

/** The end of a day where the person is, as the API takes it; the day as a date field says it. */
export function endOfDay(date: string): string {
  return new Date(`${date}T23:59:59.999`).toISOString()
}
