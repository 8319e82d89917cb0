import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** What the flows of one process are to do. */
export interface FlowWork {
  readonly url: string
  readonly token: string
  readonly ids: readonly string[]
  readonly flows: number
  readonly revalidateAfterMs: number
}

/** One answer of one flow's client: a token, or the code of a refusal. */
export interface Seen {
  readonly id: string
  readonly askedAtMs: number
  readonly gotAtMs: number
  readonly token?: string
  readonly expiresAtMs?: number
  readonly code?: string
  /** False while the client had given up waiting for a vault that took more than a second. */
  readonly patient: boolean
}

/** Flows that ask without pause until they are stopped. */
export interface FlowProcesses {
  /** Ends them; all that any of them saw. */
  stop(): Promise<Seen[]>
}

const SCRIPT = path.resolve('test/support/flow-worker.ts')

/** Starts them, so many in each of so many processes. */
export async function startFlowProcesses(processes: number, work: FlowWork): Promise<FlowProcesses> {
  const children = Array.from({ length: processes }, () =>
    fork(SCRIPT, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  )
  await Promise.all(children.map((child) => message(child)))
  for (const child of children) child.send(work)
  return {
    async stop() {
      const ends = children.map((child) => message<{ seen: Seen[] }>(child))
      for (const child of children) child.send({ stop: true })
      return (await Promise.all(ends)).flatMap(({ seen }) => seen)
    },
  }
}

async function message<Message>(child: ChildProcess): Promise<Message> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of flows ended early with exit code ${code}`)
  })
  const [content] = await Promise.race([once(child, 'message'), ended])
  return content as Message
}
