import { PrometheusMetrics } from '../../../../shared/adapters/metrics/prometheus-metrics.ts'
import { METRICS, type MetricName, metricOf } from '../../../../shared/domain/metric-names.ts'

/** What the exposition format allows on a line that is no comment. */
const SAMPLE = /^[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? \S+$/

function linesOf(text: string, start: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(start))
}

describe('PrometheusMetrics', () => {
  test('tells HELP and TYPE of every metric of the table, once, before its samples', async () => {
    const text = await new PrometheusMetrics().text()
    expect(linesOf(text, '# HELP ')).toHaveLength(Object.keys(METRICS).length)
    expect(linesOf(text, '# TYPE ')).toHaveLength(Object.keys(METRICS).length)
    expect(text).toContain('# TYPE flow_vault_rotations_total counter\n')
    expect(text).toContain('# TYPE flow_vault_due_lag_seconds histogram\n')
    expect(text).toContain('# TYPE flow_vault_oldest_due_seconds gauge\n')
    expect(text.endsWith('\n')).toBe(true)
  })

  test('adds up a counter for each set of dimensions', async () => {
    const metrics = new PrometheusMetrics()
    metrics.count('rotations', 1, { cause: 'due', outcome: 'rotated' })
    metrics.count('rotations', 2, { outcome: 'rotated', cause: 'due' })
    metrics.count('rotations', 1, { cause: 'fetch', outcome: 'passing' })
    expect(linesOf(await metrics.text(), 'flow_vault_rotations_total')).toEqual([
      'flow_vault_rotations_total{cause="due",outcome="rotated"} 3',
      'flow_vault_rotations_total{cause="fetch",outcome="passing"} 1',
    ])
  })

  test('leaves out what is no number and what would lower a counter, and throws for neither', async () => {
    const metrics = new PrometheusMetrics()
    metrics.count('work_failures', 2, { kind: 'rotate' })
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1])
      metrics.count('work_failures', value, { kind: 'rotate' })
    metrics.gauge('oldest_due', Number.NaN)
    metrics.observe('due_lag', Number.NaN)
    const text = await metrics.text()
    expect(text).toContain('flow_vault_work_failures_total{kind="rotate"} 2\n')
    expect(linesOf(text, 'flow_vault_oldest_due')).toEqual([])
    expect(text).toContain('flow_vault_due_lag_seconds_count 0\n')
  })

  test('shows durations in seconds, and the last value of a gauge', async () => {
    const metrics = new PrometheusMetrics()
    metrics.gauge('oldest_due', 90_000)
    metrics.gauge('oldest_due', 1_500)
    expect(linesOf(await metrics.text(), 'flow_vault_oldest_due')).toEqual([
      'flow_vault_oldest_due_seconds 1.5',
    ])
  })

  test('counts a distribution in buckets that include those below, with sum and count', async () => {
    const metrics = new PrometheusMetrics()
    // On a bound, between two, and beyond the last.
    for (const ms of [25, 60, 75, 70_000]) metrics.observe('token_request_duration', ms, { app: 'SLACK' })
    const lines = linesOf(await metrics.text(), 'flow_vault_token_request_duration_seconds')
    expect(lines.slice(0, 4)).toEqual([
      'flow_vault_token_request_duration_seconds_bucket{le="0.025",app="SLACK"} 1',
      'flow_vault_token_request_duration_seconds_bucket{le="0.05",app="SLACK"} 1',
      'flow_vault_token_request_duration_seconds_bucket{le="0.1",app="SLACK"} 3',
      'flow_vault_token_request_duration_seconds_bucket{le="0.25",app="SLACK"} 3',
    ])
    expect(lines.slice(-4)).toEqual([
      'flow_vault_token_request_duration_seconds_bucket{le="60",app="SLACK"} 3',
      'flow_vault_token_request_duration_seconds_bucket{le="+Inf",app="SLACK"} 4',
      'flow_vault_token_request_duration_seconds_sum{app="SLACK"} 70.16',
      'flow_vault_token_request_duration_seconds_count{app="SLACK"} 4',
    ])
  })

  test('starts what has no dimensions at zero, so that its first rise is seen', async () => {
    expect(await new PrometheusMetrics().text()).toContain('flow_vault_due_lag_seconds_count 0\n')
  })

  test('escapes quotes, backslashes and line breaks in labels', async () => {
    const metrics = new PrometheusMetrics()
    metrics.count('loop_runs', 1, { loop: 'a"b\\c\nd', outcome: 'done' })
    expect(await metrics.text()).toContain(
      'flow_vault_loop_runs_total{loop="a\\"b\\\\c\\nd",outcome="done"} 1\n',
    )
  })

  test('writes nothing but comments and well-formed samples, whatever was measured', async () => {
    const metrics = new PrometheusMetrics()
    for (const name of Object.keys(METRICS) as MetricName[]) {
      const { kind, dimensions } = metricOf(name)
      const values = Object.fromEntries(dimensions.map((dimension) => [dimension, 'x"\\\n{},']))
      const act = { counter: metrics.count, gauge: metrics.gauge, distribution: metrics.observe }[kind]
      for (const value of [0, 1e-7, 1e21, Number.POSITIVE_INFINITY, Number.NaN]) {
        Reflect.apply(act, metrics, [name, value, values])
      }
    }
    const samples = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('# '))
    expect(samples.length).toBeGreaterThan(50)
    for (const line of samples) expect(line).toMatch(SAMPLE)
    for (const line of samples) expect(line.split(' ').at(-1)).toMatch(/^(NaN|[+-]Inf|-?[\d.]+(e[+-]\d+)?)$/)
  })

  test('puts together what goes beyond the limit of series', async () => {
    const metrics = new PrometheusMetrics()
    for (let index = 0; index < 2100; index++) metrics.count('work_failures', 1, { kind: `kind-${index}` })
    const lines = linesOf(await metrics.text(), 'flow_vault_work_failures_total')
    expect(lines).toHaveLength(2001)
    expect(lines.at(-1)).toBe('flow_vault_work_failures_total{kind="other"} 100')
  })
})
