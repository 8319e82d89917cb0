import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type RunningServer, startServer } from '../infra/embedded/server.ts'
import { readSettings } from '../infra/embedded/settings.ts'
import { SystemClock } from '../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../shared/adapters/system/system-random.ts'
import { type LocalVault, localVault } from './local-vault.ts'

/** Requests under way get this long to end. */
const DRAIN_MS = 2_000

/** A vault that an example brings along. */
export interface OwnVault extends LocalVault {
  readonly server: RunningServer
  stop(): Promise<void>
}

/**
 * Starts a whole vault in this process, over a folder that goes with it. `allowHosts` are the doubles on loopback that
 * it may call: a vault of `npm start` calls public hosts only.
 */
export async function startOwnVault(options: {
  readonly allowHosts: readonly string[]
  readonly port?: number
}): Promise<OwnVault> {
  const folder = await fs.mkdtemp(path.join(tmpdir(), 'flow-vault-example-'))
  const server = await startServer({
    settings: readSettings({
      PORT: String(options.port ?? 0),
      TLS_PORT: '0',
      FLOW_VAULT_DATA: folder,
      FLOW_VAULT_ALLOW_HOSTS: options.allowHosts.join(','),
      FLOW_VAULT_ENVIRONMENT: 'example',
    }),
    clock: new SystemClock(),
    random: new SystemRandom(),
    writeLog: () => undefined,
  })
  return {
    ...(await localVault(folder)),
    server,
    async stop() {
      await server.close({ graceMs: DRAIN_MS })
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
}
