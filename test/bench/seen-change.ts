import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createFlowVault } from '../../shared/flow-client/client.ts'
import { serveVault, stopVault } from './served-vault.ts'
import { printTable } from './table.ts'

const CHANGES = 200
/** Between two looks of the flow at what it holds; part of what is measured. */
const LOOK_MS = 1

/** From an update that was answered to the new credential in a flow that follows the feed; embedded, over loopback. */
export async function benchSeenChange(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-bench-'))
  const vault = await serveVault(folder)
  const ends = new AbortController()
  try {
    const client = createFlowVault({
      url: vault.url,
      getToken: async () => vault.token,
      revalidateAfterMs: 60_000,
    })
    const send = async (method: string, place: string, body: unknown) => {
      const headers = { authorization: `Bearer ${vault.token}`, 'content-type': 'application/json' }
      const init = { method, headers, body: JSON.stringify(body) }
      const answer = await fetch(`${vault.url}/api/v2/flows/vault/connections${place}`, init)
      return (await answer.json()) as { id: string }
    }
    const setupOf = (index: number) => ({
      type: 'BEARER',
      token: `token-number-${String(index).padStart(4, '0')}`,
    })
    const { id } = await send('POST', '', { name: 'seen', app_id: 'HTTP', setup: setupOf(0) })
    void client.follow({ signal: ends.signal }).catch(() => undefined)
    const times: number[] = []
    for (let index = 1; index <= CHANGES; index++) {
      await client.credentials(id)
      await send('PATCH', `/${id}`, { setup: setupOf(index) })
      const answeredMs = performance.now()
      const { token } = setupOf(index)
      while ((await client.credentials(id)).fields['token'] !== token)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      times.push(performance.now() - answeredMs)
    }
    times.sort((a, b) => a - b)
    const at = (part: number) => `${times[Math.floor((times.length - 1) * part)]!.toFixed(1)} ms`
    printTable(`an update, until a flow that follows has it (${CHANGES} times)`, [
      { what: 'half of them within', value: at(0.5), aim: '250 ms' },
      { what: '99 of 100 within', value: at(0.99), aim: '250 ms' },
    ])
  } finally {
    ends.abort()
    await stopVault(vault)
    rmSync(folder, { recursive: true })
  }
}
