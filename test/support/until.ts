import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50

/** Asks until `isThere`, as clients do that wait for a job; answers the last answer when it takes too long. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  isThere: (answer: Answer) => boolean,
  withinMs: number,
): Promise<Answer> {
  const endsAtMs = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isThere(answer) || performance.now() >= endsAtMs) return answer
    await sleep(POLL_MS)
  }
}
