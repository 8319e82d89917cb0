import { setImmediate } from 'node:timers'

let lastTurn: Promise<void> = Promise.resolve()

/**
 * Resolves when whatever else has arrived meanwhile has been begun. Of all in this process who have long work in
 * slices one goes on each time, so that others wait for one slice and not for as many as there are who work.
 */
export function afterOthers(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)))
  return lastTurn
}
