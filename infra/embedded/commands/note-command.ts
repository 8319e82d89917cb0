import fs from 'node:fs'
import { LineAudit } from '../../../shared/adapters/log/line-audit.ts'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'

/**
 * Notes what an administrator did at the machine, where FLOW_VAULT_AUDIT names a file; a terminal has no trail. What
 * was done is done: a line that cannot be written is told, and nothing more.
 */
export function noteCommand(act: string, tenant?: string, objectId?: string): void {
  const file = process.env['FLOW_VAULT_AUDIT'] ?? ''
  if (!file.includes('/')) return
  const clock = new SystemClock()
  const write = (line: string) => fs.appendFileSync(file, line, { mode: 0o600 })
  const trail = new LineAudit({ write, nowMs: () => clock.nowMs(), logLevel: 'INFO' })
  try {
    trail.note({ kind: 'administration', act, outcome: 'done', tenant, object_id: objectId })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    process.stderr.write(`It is done, but could not be noted in ${file} (${code}).\n`)
  }
}
