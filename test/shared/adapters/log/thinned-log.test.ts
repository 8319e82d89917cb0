import { ThinnedLog } from '../../../../shared/adapters/log/thinned-log.ts'
import type { Log, LogFields } from '../../../../shared/ports/log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function world() {
  const lines: string[] = []
  const note = (message: string, fields: LogFields = {}) =>
    void lines.push(`${message} ${Object.values(fields).join(' ')}`.trim())
  const to: Log = {
    debug: note,
    info: note,
    warn: note,
    error: note,
    access: (fields) => note('request', fields),
  }
  const clock = new ManualClock()
  return { lines, clock, log: new ThinnedLog(to, clock) }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('ThinnedLog', () => {
  it('writes ten lines of a kind a minute, and then how many more there were', async () => {
    const { lines, clock, log } = world()
    for (const index of many(500)) log.error('no room', { connection_id: `ac_${index}` })
    log.warn('something else')
    expect(lines).toEqual([...many(10).map((index) => `no room ac_${index}`), 'something else'])
    await clock.advance(60_000)
    log.error('no room', { connection_id: 'ac_x' })
    expect(lines.slice(11)).toEqual(['no room (and more within the same minute) 490', 'no room ac_x'])
    await clock.advance(60_000)
    log.access({ route: 'GET /' })
    expect(lines.slice(13)).toEqual(['request GET /'])
  })

  it('tells what it left out with the next request, or at the end', () => {
    const { lines, log } = world()
    for (const _ of many(12)) log.info('swept')
    log.access({ route: 'GET /' })
    expect(lines.slice(10)).toEqual(['request GET /'])
    log.tellOthers(Number.POSITIVE_INFINITY)
    expect(lines.slice(11)).toEqual(['swept (and more within the same minute) 2'])
  })

  it('leaves out no line of a request, and no step that somebody looks for', () => {
    const { lines, log } = world()
    for (const index of many(50)) log.error('a request failed', { request_id: `r${index}` })
    for (const _ of many(50)) log.debug('a step')
    expect(lines).toHaveLength(100)
  })
})
