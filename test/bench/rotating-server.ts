import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { KEY_FILE } from '../../infra/embedded/open-stores.ts'
import { startRunningVault } from '../support/running-vault.ts'
import { createMinted, mintingPorts, rotateAll, TENANT } from './minting-ports.ts'

/** Connections that are renewed in turn, again and again. */
const ROTATED = 500

/** The embedded server in a process of its own, which rotates while it is told to. */
export interface RotatingServer {
  readonly token: string
  /** What is fetched, by a name for it; none of these is rotated. */
  readonly urls: Readonly<Record<string, string>>
  tell(order: 'rotate' | 'end'): void
  /** Stops rotating; answers how many rotations there were a second. */
  ask(order: 'stop'): Promise<number>
}

/** Starts it. */
export async function forkRotatingServer(): Promise<RotatingServer> {
  const child = fork(import.meta.filename, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const [{ token, urls }] = await once(child, 'message')
  return {
    token,
    urls,
    tell: (order) => child.send(order),
    async ask(order) {
      child.send(order)
      return (await once(child, 'message'))[0]
    },
  }
}

async function serve(parent: Pick<ChildProcess, 'on'> & { send(message: unknown): void }): Promise<void> {
  const vault = await startRunningVault()
  const { items } = vault.server.vault
  const ports = await mintingPorts(items, path.join(vault.folder, KEY_FILE), { answerMs: 0 })
  const ids: string[] = []
  for (let index = 0; index < ROTATED; index++) ids.push(await createMinted(ports, index))
  const key = { name: 'key', app_id: 'HTTP', setup: { type: 'BEARER', token: 'bench-token-000' } }
  const created = await vault.request({ tenant: TENANT }, 'POST', CONNECTIONS, key)
  const { id: keyId } = (await created.json()) as { id: string }
  const urlOf = (id: string) => `${vault.url}${CONNECTIONS}/${id}/credentials`
  parent.send({
    token: await vault.token({ tenant: TENANT }),
    urls: {
      'an API key': urlOf(keyId),
      'a fresh grant': urlOf(await createMinted(ports, ROTATED)),
    },
  })
  let turn = 0
  let isRotating = false
  let rotating = Promise.resolve(0)
  let startedAtMs = 0
  parent.on('message', async (order) => {
    if (order === 'rotate') {
      isRotating = true
      startedAtMs = performance.now()
      rotating = rotateAll(ports, () => (isRotating ? ids[turn++ % ids.length] : undefined))
    }
    if (order === 'stop') {
      isRotating = false
      parent.send((await rotating) / ((performance.now() - startedAtMs) / 1000))
    }
    if (order === 'end') {
      await vault.stop()
      process.exit()
    }
  })
}

const CONNECTIONS = '/api/v2/flows/vault/connections'

if (process.send !== undefined) await serve(process as never)
