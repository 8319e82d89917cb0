const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** "2 hours ago", "in 6 days", "now". */
export function relativeTime(atMs: number, nowMs: number): string {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  const distanceMs = atMs - nowMs
  for (const [unit, lengthMs] of UNITS) {
    if (Math.abs(distanceMs) >= lengthMs) return format.format(Math.trunc(distanceMs / lengthMs), unit)
  }
  return distanceMs > -60_000 && distanceMs <= 0 ? 'just now' : 'in less than a minute'
}

/** "6 days", "3 hours": how long until then; at least a minute. */
export function distance(atMs: number, nowMs: number): string {
  const distanceMs = Math.max(60_000, atMs - nowMs)
  const [unit, lengthMs] = UNITS.find(([, length]) => distanceMs >= length)!
  const count = Math.trunc(distanceMs / lengthMs)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** "15:20" today, else "4 Dec", with the year when it is another one. */
export function clockOrDay(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  const now = new Date(nowMs)
  if (at.toDateString() === now.toDateString()) {
    return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(at)
  }
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const)
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...year }).format(at)
}
