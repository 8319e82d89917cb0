import { createHandler } from '../../../functions/reconcile/handler.ts'
import { PowertoolsLog } from '../../../shared/adapters/log/powertools-log.ts'
import { createConnection } from '../../../shared/use-cases/connections/create-connection.ts'
import { TENANT } from '../../crash/scenario.ts'
import { World } from '../../crash/world.ts'
import { captureLogLines } from '../../support/log-capture.ts'
import { NoMetrics } from '../../support/no-metrics.ts'

/** The lines that a run writes, as an operator reads them. */
async function linesOf(world: World, task: 'work' | 'compare'): Promise<Record<string, unknown>[]> {
  const process = world.start()
  const capture = captureLogLines()
  try {
    const log = new PowertoolsLog({ service: 'flow-vault', level: 'INFO' })
    await world.run(process, () => createHandler({ ...process, log, metrics: new NoMetrics() })({ task }))
    return capture.lines().map((line) => JSON.parse(line))
  } finally {
    capture.stop()
  }
}

describe('the reconcile function', () => {
  it('writes every figure of the daily comparison', async () => {
    const [line] = await linesOf(new World(3), 'compare')
    expect(line).toEqual({
      level: 'INFO',
      timestamp: expect.any(String),
      message: 'compared both stores',
      secrets: 0,
      pointers: 0,
      orphan_secrets: 0,
      orphan_versions: 0,
      dangling_pointers: 0,
      unknown_owners: 0,
      restored: 0,
      scheduled: 0,
      purged: 0,
      discarded: 0,
      postponed: 0,
      unreadable: 0,
      leftover_tokens: 0,
      tokens_removed: 0,
      missing_tokens: 0,
    })
  })

  it('names whose pointer leads nowhere, and to which version', async () => {
    const world = new World(3)
    const setup = { type: 'API_KEY', api_key: 'SG.key' }
    const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID', setup }
    const { row } = await createConnection(world.start(), input)
    await world.start().secrets.purge(row.secret!.secretId)
    const lines = await linesOf(world, 'compare')
    expect(lines[0]).toMatchObject({
      level: 'ERROR',
      tenant: TENANT,
      owner: row.id,
      secret_id: row.secret!.secretId,
      version_id: row.secret!.versionId,
    })
    expect(lines[1]).toMatchObject({ dangling_pointers: 1 })
  })

  it('writes every figure of a run over what is past its deadline', async () => {
    const [line] = await linesOf(new World(3), 'work')
    expect(line).toMatchObject({
      message: 'reconciled',
      found: 0,
      undone: 0,
      deletions_finished: 0,
      tombstones_removed: 0,
      rescues: 0,
      freeze_jobs: 0,
      failed: 0,
    })
  })
})
