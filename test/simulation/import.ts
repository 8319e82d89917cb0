import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { newId } from '../../shared/domain/ids.ts'
import { connectionKey, rotationShard } from '../../shared/domain/keys.ts'
import { connectionDueAtMs } from '../../shared/domain/rotation-policy.ts'
import { type SweepPorts, sweepDue } from '../../shared/use-cases/rotation/sweep-due.ts'
import { Chance } from './chance.ts'

const START_MS = Date.UTC(2030, 0, 1)
const MINUTE_MS = 60_000
const LIFE_MS = 60 * MINUTE_MS

export interface ImportReport {
  readonly rotated: number
  readonly mostInASweep: number
  /** How long the last of the small tenants' connections waited after it was due. */
  readonly smallTenantsLatestMs: number
  readonly importedLatestMs: number
  /** How often a connection was handed over although one of the same tenant that was due earlier was left. */
  readonly outOfOrder: number
}

/**
 * Connections of one tenant imported in the same minute, beside a thousand of others in their usual course, and
 * what the sweep makes of it for an hour and a half. Only the index and the sweep are real: rotation is instant.
 */
export async function sweepImport(options: { imported: number; capacity: number }): Promise<ImportReport> {
  const items = new MemoryItemStore()
  const chance = new Chance(1)
  const dueAtMs = new Map<string, number>()
  const put = async (tenant: string, id: string, issuedAtMs: number): Promise<void> => {
    const main = {
      mark: 'imported',
      issuedAtMs,
      accessExpiresAtMs: issuedAtMs + LIFE_MS,
      expiryBasis: 'stated',
      hasRefreshToken: true,
    } as const
    const due = connectionDueAtMs({ id, grants: { main } })!
    dueAtMs.set(id, due)
    const attributes = { due_shard: rotationShard(id), due_at: due }
    await items.transact([{ op: 'put', key: connectionKey(tenant, id), attributes }])
  }
  const make = (tenant: string, issuedAtMs: number) =>
    put(tenant, newId('ac_', { nowMs: issuedAtMs, random: chance }), issuedAtMs)
  for (let count = 0; count < options.imported; count++)
    await make('importer', START_MS - MINUTE_MS + Math.floor(chance.between(0, MINUTE_MS)))
  for (let count = 0; count < 1_000; count++)
    await make(`small-${count % 50}`, START_MS - Math.floor(chance.between(0, 50 * MINUTE_MS)))
  let nowMs = START_MS
  let sweepLatest = 0
  const report = { rotated: 0, mostInASweep: 0, smallTenantsLatestMs: 0, importedLatestMs: 0, outOfOrder: 0 }
  const ports = {
    items,
    clock: { nowMs: () => nowMs },
    work: {
      enqueue: async (batch: readonly { tenant: string; id: string }[]) => {
        for (const { tenant, id } of batch) {
          const due = dueAtMs.get(id)!
          if (tenant === 'importer') {
            report.importedLatestMs = Math.max(report.importedLatestMs, nowMs - due)
            if (due < sweepLatest) report.outOfOrder++
            sweepLatest = Math.max(sweepLatest, due)
          } else report.smallTenantsLatestMs = Math.max(report.smallTenantsLatestMs, nowMs - due)
          report.rotated++
          await put(tenant, id, nowMs)
        }
      },
    },
  } as unknown as SweepPorts
  for (let minute = 0; minute < 90; minute++) {
    sweepLatest = 0
    const limits = { capacity: options.capacity, perTenant: Math.ceil(options.capacity / 4) }
    const { enqueued } = await sweepDue(ports, limits)
    report.mostInASweep = Math.max(report.mostInASweep, enqueued)
    nowMs += MINUTE_MS
  }
  return report
}
