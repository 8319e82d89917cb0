import fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startServer } from '../infra/embedded/server.ts'
import { readSettings } from '../infra/embedded/settings.ts'
import { SystemClock } from '../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../shared/adapters/system/system-random.ts'
import type { LocalService } from './local-service.ts'
import { type LocalVault, localVault } from './local-vault.ts'

/** Requests under way get this long to end. */
const DRAIN_MS = 2_000

/** A vault that an example brings along. */
export interface OwnVault extends LocalVault {
  stop(): Promise<void>
}

/**
 * Starts a whole vault in this process, over a folder that goes with it. It may call these doubles on loopback: a vault
 * of `npm start` calls public hosts only.
 */
export async function startOwnVault(doubles: readonly LocalService[]): Promise<OwnVault> {
  const folder = await fs.mkdtemp(path.join(tmpdir(), 'flow-vault-example-'))
  const server = await startServer({
    settings: readSettings({
      PORT: '0',
      TLS_PORT: '0',
      FLOW_VAULT_DATA: folder,
      FLOW_VAULT_ALLOW_HOSTS: doubles.map(({ url }) => new URL(url).host).join(','),
      FLOW_VAULT_ENVIRONMENT: 'example',
    }),
    clock: new SystemClock(),
    random: new SystemRandom(),
    writeLog: () => undefined,
  })
  return {
    ...(await localVault(folder)),
    async stop() {
      await server.close({ graceMs: DRAIN_MS })
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
}
