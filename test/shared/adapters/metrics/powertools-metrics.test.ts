import { PowertoolsMetrics } from '../../../../shared/adapters/metrics/powertools-metrics.ts'

interface EmfLine {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string
      readonly Dimensions: readonly (readonly string[])[]
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
    }[]
  }
  readonly [name: string]: unknown
}

/** What `act` prints to standard output, a JSON document a line. */
function printed(act: () => void): EmfLine[] {
  const { write } = process.stdout
  let text = ''
  process.stdout.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof write
  try {
    act()
  } finally {
    process.stdout.write = write
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('PowertoolsMetrics', () => {
  test('prints nothing before it is told to, and nothing when nothing was measured', () => {
    const metrics = new PowertoolsMetrics({ deployment: 'test' })
    expect(printed(() => metrics.gauge('oldest_due', 5))).toEqual([])
    expect(printed(() => metrics.flush())).toHaveLength(1)
    expect(printed(() => metrics.flush())).toEqual([])
  })

  test('prints one line for each set of dimensions, counters added up', () => {
    const metrics = new PowertoolsMetrics({ deployment: 'test' })
    metrics.count('rotations', 1, { cause: 'due', outcome: 'rotated' })
    metrics.count('rotations', 1, { cause: 'due', outcome: 'rotated' })
    metrics.count('rotations', 1, { cause: 'due', outcome: 'passing' })
    metrics.observe('due_lag', 1_000)
    metrics.observe('due_lag', 3_000)
    metrics.gauge('oldest_due', 5)
    metrics.gauge('oldest_due', 7)
    const [rotated, passing, plain, ...rest] = printed(() => metrics.flush())
    expect(rest).toEqual([])
    expect(rotated).toMatchObject({ Rotations: 2, cause: 'due', outcome: 'rotated', service: 'flow-vault' })
    expect(rotated?._aws.CloudWatchMetrics).toEqual([
      {
        Namespace: 'FlowVault/test',
        Dimensions: [['service', 'cause', 'outcome']],
        Metrics: [{ Name: 'Rotations', Unit: 'Count' }],
      },
    ])
    expect(passing).toMatchObject({ Rotations: 1, outcome: 'passing' })
    expect(plain).toMatchObject({ DueLag: [1_000, 3_000], OldestDue: 7 })
    expect(plain?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['service']])
    expect(plain?._aws.CloudWatchMetrics[0]?.Metrics).toContainEqual({ Name: 'DueLag', Unit: 'Milliseconds' })
  })

  test('splits a distribution that is longer than a line may be, and keeps its dimensions', () => {
    const metrics = new PowertoolsMetrics({ deployment: 'test' })
    for (let index = 0; index < 250; index++)
      metrics.observe('token_request_duration', index, { app: 'SLACK' })
    const lines = printed(() => metrics.flush())
    const values = lines.flatMap((line) => line['TokenRequestDuration'] as number[])
    expect(values).toEqual(Array.from({ length: 250 }, (_, index) => index))
    for (const line of lines) {
      expect(line['app']).toBe('SLACK')
      expect((line['TokenRequestDuration'] as number[]).length).toBeLessThanOrEqual(100)
    }
  })

  test('leaves out what is no number: a figure must not end a rotation', () => {
    const metrics = new PowertoolsMetrics({ deployment: 'test' })
    metrics.observe('due_lag', Number.NaN)
    metrics.observe('due_lag', Number.POSITIVE_INFINITY)
    expect(printed(() => metrics.flush())).toEqual([])
  })
})
