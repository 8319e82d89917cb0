import { PowertoolsLog } from '../../../../shared/adapters/log/powertools-log.ts'
import type { LogFields, LogLevel } from '../../../../shared/ports/log.ts'
import { captureLogLines } from '../../../support/log-capture.ts'

/** What is written at that level, one parsed line each. */
function written(level: LogLevel, write: (log: PowertoolsLog) => void): Record<string, unknown>[] {
  const capture = captureLogLines()
  try {
    write(new PowertoolsLog({ service: 'flow-vault', level }))
    return capture.lines().map((line) => JSON.parse(line))
  } finally {
    capture.stop()
  }
}

describe('PowertoolsLog', () => {
  it('writes level, time, message and the fields, and nothing else', () => {
    const [line] = written('INFO', (log) =>
      log.info('swept', { count: 3, tenant: 'acme', reason: undefined }),
    )
    expect(line).toEqual({
      level: 'INFO',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      message: 'swept',
      count: 3,
      tenant: 'acme',
    })
  })

  it('writes the id of the trace that Lambda names, and none elsewhere', () => {
    process.env['_X_AMZN_TRACE_ID'] =
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0'
    try {
      const [line] = written('INFO', (log) => log.info('swept'))
      expect(line).toMatchObject({ trace_id: '1-5759e988-bd862e3fe1be46a994272793' })
    } finally {
      delete process.env['_X_AMZN_TRACE_ID']
    }
  })

  it('drops a field that is not on the list, however it came there', () => {
    const careless = { refresh_token: 'rt-1', op: 'x' } as LogFields
    const [line] = written('INFO', (log) => log.error('failed', careless))
    expect(line).toMatchObject({ op: 'x' })
    expect(line).not.toHaveProperty('refresh_token')
  })

  it.each([
    ['DEBUG', ['DEBUG', 'INFO', 'WARN', 'ERROR', 'INFO']],
    ['INFO', ['INFO', 'WARN', 'ERROR', 'INFO']],
    ['WARN', ['WARN', 'ERROR']],
    ['ERROR', ['ERROR']],
  ] as const)('writes at %s the lines of %j', (level, lines) => {
    const found = written(level, (log) => {
      log.debug('a step')
      log.info('a')
      log.warn('b')
      log.error('c')
      log.access({ route: 'GET /' })
    })
    expect(found.map((line) => line['level'])).toEqual(lines)
  })

  it.each([
    ['INFO', 1],
    ['WARN', 0],
  ] as const)('hands requests at %s to the batch %i times', (level, times) => {
    const batch: LogFields[] = []
    const log = new PowertoolsLog({ service: 'x', level, writeAccess: (fields) => void batch.push(fields) })
    const capture = captureLogLines()
    log.access({ route: 'GET /', status: 200 })
    capture.stop()
    expect(batch).toHaveLength(times)
    expect(capture.lines()).toEqual([])
  })
})
