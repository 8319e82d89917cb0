import type { Ports } from '../../ports/ports.ts'
import { browseConnections, endsAtMs } from './browse-connections.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const HOURS = 24
const WEEK_MS = 7 * DAY_MS
/** A renewal is due some minutes ahead of the end; one that is this late is worth a look. */
const LATE_MS = 60_000

/** How a tenant's connections are renewed, as their rows tell. */
export interface RenewalHealth {
  readonly needsPerson: number
  /** Renewals whose time has passed. */
  readonly late: number
  /** Authorizations, and credentials that people entered with their end, that end within seven days. */
  readonly endingSoon: number
  /** Renewals due in each of the next 24 hours; the first counts those that are late too. */
  readonly dueByHour: readonly number[]
  readonly byApp: ReadonlyMap<string, { readonly renewed: number; readonly failing: number }>
}

/** Reads the tenant's rows once. What people entered is replaced and never renewed: only grants count as renewed. */
export async function renewalHealth(
  ports: Pick<Ports, 'items' | 'clock'>,
  tenant: string,
): Promise<RenewalHealth> {
  const nowMs = ports.clock.nowMs()
  const dueByHour = new Array<number>(HOURS).fill(0)
  const byApp = new Map<string, { renewed: number; failing: number }>()
  const counts = { needsPerson: 0, late: 0, endingSoon: 0 }
  for await (const { row, needsPerson } of browseConnections(ports, tenant, {})) {
    if (needsPerson) counts.needsPerson += 1
    if (endsAtMs(row) - nowMs <= WEEK_MS) counts.endingSoon += 1
    if (row.due_at !== undefined) {
      if (row.due_at < nowMs - LATE_MS) counts.late += 1
      const hour = Math.max(0, Math.floor((row.due_at - nowMs) / HOUR_MS))
      if (hour < HOURS) dueByHour[hour] = (dueByHour[hour] ?? 0) + 1
    }
    const { refreshedAtMs = 0 } = row
    const isRenewed =
      row.grants !== undefined && refreshedAtMs > row.createdAtMs && refreshedAtMs >= nowMs - DAY_MS
    const isFailing = row.failure !== undefined && row.failure.lastAtMs >= nowMs - DAY_MS
    if (!isRenewed && !isFailing) continue
    const app = byApp.get(row.appId) ?? { renewed: 0, failing: 0 }
    byApp.set(row.appId, {
      renewed: app.renewed + (isRenewed && !isFailing ? 1 : 0),
      failing: app.failing + (isFailing ? 1 : 0),
    })
  }
  return { ...counts, dueByHour, byApp }
}
