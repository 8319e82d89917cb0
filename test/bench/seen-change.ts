import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createFlowVault } from '../../shared/flow-client/client.ts'
import { percentilesOf } from './percentiles.ts'
import { connectionBody, createConnection, type ServedVault, serveVault, stopVault } from './served-vault.ts'
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
    const id = await createConnection(vault.url, vault.token, connectionBody(0))
    void client.follow({ signal: ends.signal }).catch(() => undefined)
    const times: number[] = []
    for (let index = 1; index <= CHANGES; index++) {
      await client.credentials(id)
      const token = `token-number-${String(index).padStart(4, '0')}`
      await update({ vault, id, token })
      const answeredMs = performance.now()
      while ((await client.credentials(id)).fields['token'] !== token)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      times.push(performance.now() - answeredMs)
    }
    const at = percentilesOf(times)
    printTable(`an update, until a flow that follows has it (${CHANGES} times)`, [
      { what: 'half of them within', value: `${at(0.5).toFixed(1)} ms`, aim: '250 ms' },
      { what: '99 of 100 within', value: `${at(0.99).toFixed(1)} ms`, aim: '250 ms' },
    ])
  } finally {
    ends.abort()
    await stopVault(vault)
    rmSync(folder, { recursive: true })
  }
}

async function update(options: { vault: ServedVault; id: string; token: string }): Promise<void> {
  const { vault, id, token } = options
  const answer = await fetch(`${vault.url}/api/v2/flows/vault/connections/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${vault.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ setup: { type: 'BEARER', token } }),
  })
  if (answer.status !== 200) throw new Error(`update answered ${answer.status}`)
}
