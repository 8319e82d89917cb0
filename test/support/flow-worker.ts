import {
  type ClientEvent,
  createFlowVault,
  type FlowVault,
  FlowVaultError,
} from '../../shared/flow-client/client.ts'
import { SYSTEM } from '../../shared/flow-client/system.ts'
import type { FlowWork, Seen } from './flow-processes.ts'

/*
 * Many flows in a process of their own, each with a client and a memory of its own: what `startFlowProcesses` starts.
 * Every flow asks for its credentials without pause, and notes what it was handed and when it had asked.
 */

/** How long a client waits for a vault that does not answer, and how long it then waits for nobody. */
const PATIENCE_MS = 1_000
const IMPATIENCE_MS = 6_000
const BETWEEN_MS = 50

const seen: Seen[] = []
const stop = new AbortController()

process.on('message', (message: FlowWork | { stop: true }) => {
  if ('stop' in message) return stop.abort()
  const flows = Array.from({ length: message.flows }, () => runFlow(message))
  void Promise.all(flows).then(() => process.send!({ seen }, () => process.exit(0)))
})
process.send!({ ready: true })

async function runFlow(work: FlowWork): Promise<void> {
  let impatientUntilMs = 0
  const system = {
    ...SYSTEM,
    pause: async (ms: number, signal?: AbortSignal) => {
      await SYSTEM.pause(ms, signal)
      if (ms === PATIENCE_MS) impatientUntilMs = Date.now() + IMPATIENCE_MS
    },
  }
  const { url, getToken } = { url: work.url, getToken: async () => work.token }
  const { revalidateAfterMs } = work
  // What is held lasts a while longer, too, where the vault could not answer.
  const onEvent = ({ type }: ClientEvent) => {
    if (type === 'stale') impatientUntilMs = Date.now() + IMPATIENCE_MS
  }
  const vault = createFlowVault({ url, getToken, system, onEvent, revalidateAfterMs })
  while (!stop.signal.aborted) {
    for (const id of work.ids) {
      const askedAtMs = Date.now()
      const got = await outcomeOf(vault, id)
      const gotAtMs = Date.now()
      seen.push({ id, askedAtMs, gotAtMs, ...got, patient: gotAtMs > impatientUntilMs })
    }
    await SYSTEM.pause(BETWEEN_MS)
  }
}

async function outcomeOf(
  vault: FlowVault,
  id: string,
): Promise<Pick<Seen, 'token' | 'code' | 'expiresAtMs'>> {
  try {
    const { fields, expiresAt } = await vault.credentials(id, { minTtl: 1 })
    const ends = expiresAt === null ? {} : { expiresAtMs: Date.parse(expiresAt) }
    return { token: fields['token'] ?? fields['access_token']!, ...ends }
  } catch (error) {
    return { code: FlowVaultError.is(error) ? error.code : String(error) }
  }
}
