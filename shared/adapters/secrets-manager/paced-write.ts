import type { WriteBudget, WriteKind } from './write-budget.ts'

/** The place in the SDK's chain after which a step is taken for each attempt, and not for each call. */
const ATTEMPTS = { relation: 'after', toMiddleware: 'retryMiddleware' } as const

/** Any command: what happens to its request on the way from `send` to the wire, attempt by attempt. */
interface PacedCommand {
  readonly middlewareStack: {
    addRelativeTo(
      step: <Request, Answer>(
        next: (request: Request) => Promise<Answer>,
      ) => (request: Request) => Promise<Answer>,
      place: typeof ATTEMPTS,
    ): void
  }
}

/**
 * Waits for the turn of a write, and has each repeat by the SDK wait for one of its own: the quota counts those too.
 * A repeat without a turn is not sent, and nobody knows then what became of the attempt before. Throws as
 * `WriteBudget.take` does, before anything was sent.
 */
export async function takeTurns(
  budget: Pick<WriteBudget, 'take'>,
  kind: WriteKind,
  { middlewareStack }: PacedCommand,
): Promise<void> {
  await budget.take(kind)
  let attempts = 0
  middlewareStack.addRelativeTo(
    (next) => async (request) => {
      if (attempts++ > 0) await budget.take(kind)
      return next(request)
    },
    ATTEMPTS,
  )
}
