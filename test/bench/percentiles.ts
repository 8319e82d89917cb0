/** Of times in any order: the one that so large a part of them, from 0 to 1, stays below; NaN where there is none. */
export function percentilesOf(times: readonly number[]): (part: number) => number {
  const sorted = times.toSorted((a, b) => a - b)
  return (part) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN
}
