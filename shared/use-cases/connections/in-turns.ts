import { afterOthers } from '../../ports/others-turn.ts'

/** So many rows are looked at, or put in order, before others have a turn: a quarter of a millisecond. */
const ROWS_A_TURN = 100

/** The same items in slices of a hundred, between which others have a turn. */
export async function* inTurns<T>(
  pages: Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  for await (const page of pages) {
    for (let from = 0; from < page.length; from += ROWS_A_TURN) {
      yield page.slice(from, from + ROWS_A_TURN)
      await afterOthers()
    }
  }
}

/** In that order, as `toSorted` does it, with a turn for others after every hundred steps: runs that are merged. */
export async function sortedInTurns<T>(items: readonly T[], compare: (a: T, b: T) => number): Promise<T[]> {
  let runs: T[][] = []
  for await (const slice of inTurns([items])) runs.push(slice.toSorted(compare))
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at]!, runs[at + 1] ?? [], compare))
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T>(first: T[], second: T[], compare: (a: T, b: T) => number): Promise<T[]> {
  const merged: T[] = []
  let [one, two] = [0, 0]
  while (one < first.length && two < second.length) {
    merged.push(compare(first[one]!, second[two]!) <= 0 ? first[one++]! : second[two++]!)
    if (merged.length % ROWS_A_TURN === 0) await afterOthers()
  }
  return merged.concat(first.slice(one), second.slice(two))
}
