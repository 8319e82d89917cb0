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
    const text = await metrics.text()
    expect(text).toContain('flow_vault_secret_writes_total{operation="put"} 2\n')
    expect(text).toContain('flow_vault_secret_writes_total{operation="create"} 1\n')
    expect(text).toContain('flow_vault_secret_write_wait_seconds_sum 1\n')
    expect(text).toContain('flow_vault_secret_write_wait_seconds_count 3\n')
  })

  test('tells what part of its budget the last minute used, by operation', async () => {
    const [clock, metrics] = [new ManualClock(), new PrometheusMetrics()]
    // One write a second, 60 a minute.
    const budget = new MeasuredWriteBudget({ clock, maxInstances: 35, metrics })
    const useOf = async (operation: string) =>
      Number(
        new RegExp(`secret_write_budget_use_ratio{operation="${operation}"} (.*)`).exec(
          await metrics.text(),
        )?.[1],
      )
    const putEach = async (ms: number, times: number) => {
      for (let time = 0; time < times; time++) {
        await budget.take('put')
        await clock.advance(ms)
      }
    }
    await putEach(2000, 30)
    expect(await useOf('put')).toBe(0.5)
    // The 31st begins another minute: of the 30 before it all still count.
    await budget.take('put')
    expect(await useOf('put')).toBeCloseTo(31 / 60)
    await clock.advance(30_000)
    await budget.take('put')
    expect(await useOf('put')).toBeCloseTo((2 + 30 / 2) / 60)
    await clock.advance(120_000)
    await budget.take('put')
    expect(await useOf('put')).toBeCloseTo(1 / 60)
    await budget.take('delete')
    expect(await useOf('delete')).toBeCloseTo(1 / 60)
  })
})
