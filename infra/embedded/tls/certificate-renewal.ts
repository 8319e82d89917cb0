import type { Clock } from '../../../shared/ports/clock.ts'
import { errorFields } from '../../../shared/ports/error-fields.ts'
import type { Log } from '../../../shared/ports/log.ts'
import { DamagedFileError } from '../data-folder.ts'
import { type Certificates, ensureCertificates } from './certificates.ts'

/** A certificate is renewed a month before its end, so a day on which the check fails does no harm. */
const CHECK_MS = 24 * 60 * 60_000

/**
 * Looks at the certificates each day, as a start does, and hands a renewed one to `use`: a server may run for longer
 * than a certificate lives. What goes wrong is logged and tried again the next day. `stop` waits for a check under way.
 */
export function renewCertificates(options: {
  readonly folder: string
  /** As `ensureCertificates` takes them: the renewed certificate is for the same names. */
  readonly extraHosts: readonly string[]
  readonly current: Certificates
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
  readonly log: Log
  use(renewed: Certificates): void
}): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const ended = checkDaily(options, stopping.signal)
  return {
    stop() {
      stopping.abort()
      return ended
    },
  }
}

async function checkDaily(
  options: Parameters<typeof renewCertificates>[0],
  signal: AbortSignal,
): Promise<void> {
  const { clock } = options
  let current = options.current
  while (await passes(clock.sleep(CHECK_MS, signal))) current = await check(options, current)
}

/** Whether the wait came to its end, and was not broken off. */
function passes(wait: Promise<void>): Promise<boolean> {
  return wait.then(
    () => true,
    () => false,
  )
}

async function check(
  { folder, extraHosts, clock, log, use }: Parameters<typeof renewCertificates>[0],
  current: Certificates,
): Promise<Certificates> {
  try {
    const found = await ensureCertificates({ folder, extraHosts, nowMs: clock.nowMs() })
    if (found.certPem === current.certPem) return current
    use(found)
    log.info('renewed the certificate of the https listener')
    if (found.caPem !== current.caPem)
      log.warn('the authority is a new one: clients have to trust ca.pem of the data folder anew')
    return found
  } catch (error) {
    log.error('the certificate of the https listener could not be renewed', {
      ...errorFields(error),
      ...(error instanceof DamagedFileError ? { reason: error.message } : {}),
    })
    return current
  }
}
