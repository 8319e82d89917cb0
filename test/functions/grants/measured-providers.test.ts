import { measureBreakers } from '../../../functions/grants/measured-providers.ts'
import { PrometheusMetrics } from '../../../shared/adapters/metrics/prometheus-metrics.ts'

const breaker = { openCount: (kind: 'application' | 'host') => (kind === 'host' ? 2 : 0) }
const linesOf = async (withZeros: boolean) => {
  const metrics = new PrometheusMetrics()
  measureBreakers(metrics, breaker, { withZeros })
  const lines = (await metrics.text()).split('\n')
  return lines.filter((line) => line.startsWith('flow_vault_breakers_open{'))
}

describe('measureBreakers', () => {
  it('says how many are open of each kind, and of none only where that costs nothing', async () => {
    expect((await linesOf(true)).sort()).toEqual([
      'flow_vault_breakers_open{kind="application"} 0',
      'flow_vault_breakers_open{kind="host"} 2',
    ])
    expect(await linesOf(false)).toEqual(['flow_vault_breakers_open{kind="host"} 2'])
  })
})
