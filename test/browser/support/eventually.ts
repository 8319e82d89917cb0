import { until } from '../../support/until.ts'

/** How long a page is waited for: nothing on loopback takes this long. */
export const PATIENCE_MS = 10_000

/** Reads until it equals `expected`, matchers included; else fails with what it read last. */
export async function eventually<Answer>(read: () => Promise<Answer>, expected: unknown): Promise<void> {
  expect(await until(read, (answer) => isEqual(answer, expected), PATIENCE_MS)).toEqual(expected)
}

function isEqual(answer: unknown, expected: unknown): boolean {
  try {
    expect(answer).toEqual(expected)
    return true
  } catch {
    return false
  }
}
