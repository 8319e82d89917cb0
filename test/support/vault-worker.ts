import { createHttpServer } from '../../infra/embedded/http/http-server.ts'
import { readSettings } from '../../infra/embedded/settings.ts'
import { openVault } from '../../infra/embedded/vault.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { MovableClock } from './movable-clock.ts'

/*
 * One of several vaults over one data folder, in a process of its own: what `spawnVaultWorker` starts. A server
 * would hold the folder's lock; this opens the vault beside it on purpose, as several Lambda instances share a
 * table. Its settings come by the environment; the issuer is named after `VAULT_WORKER_URL`, so that a token of
 * one is good for all.
 */

const clock = new MovableClock()
const vault = await openVault({
  settings: readSettings(process.env),
  url: process.env['VAULT_WORKER_URL'] ?? '',
  clock,
  random: new SystemRandom(),
  writeLog: () => undefined,
  isAlone: false,
})
const server = createHttpServer({
  handle: (event) => vault.handle(event),
  route: vault.route,
  tooLarge: () => ({ statusCode: 413 }),
  onError: () => undefined,
  onRefused: () => ({}),
  nowMs: () => clock.nowMs(),
})
const { port } = await server.listen({ host: '127.0.0.1', port: 0 })

process.on('message', (message: { moveOnMs?: number; close?: true }) => {
  if (message.moveOnMs !== undefined) clock.moveOn(message.moveOnMs)
  if (message.close === true) {
    server
      .close({ graceMs: 0 })
      .then(() => vault.close())
      .finally(() => process.exit(0))
  }
  process.send?.({ done: true })
})
process.send?.({ port })
