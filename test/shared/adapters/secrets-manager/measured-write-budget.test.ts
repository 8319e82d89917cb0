import { PrometheusMetrics } from '../../../../shared/adapters/metrics/prometheus-metrics.ts'
import { MeasuredWriteBudget } from '../../../../shared/adapters/secrets-manager/measured-write-budget.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('MeasuredWriteBudget', () => {
  test('counts each write by its operation, and how long it waited; a refused one is none', async () => {
    const [clock, metrics] = [new ManualClock(), new PrometheusMetrics()]
    // One write a second: 35 instances share 35 a second.
    const budget = new MeasuredWriteBudget({ clock, maxInstances: 35, maxWaitMs: 1000, metrics })
    const puts = [budget.take('put'), budget.take('put')]
    await expect(budget.take('put')).rejects.toThrow('waiting')
    await clock.advance(1000)
    await Promise.all(puts)
    await budget.take('create')
    const text = metrics.text()
    expect(text).toContain('flow_vault_secret_writes_total{operation="put"} 2\n')
    expect(text).toContain('flow_vault_secret_writes_total{operation="create"} 1\n')
    expect(text).toContain('flow_vault_secret_write_wait_seconds_sum 1\n')
    expect(text).toContain('flow_vault_secret_write_wait_seconds_count 3\n')
  })
})
