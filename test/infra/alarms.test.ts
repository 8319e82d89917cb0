import { readFileSync } from 'node:fs'
import { Template } from 'aws-cdk-lib/assertions'
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch'
import { articleOf } from '../../infra/constructs/alarms.ts'
import { tenantKeyRuleName } from '../../infra/constructs/key-watch.ts'
import { cloudWatchNameOf, METRICS, type MetricName, metricOf } from '../../shared/domain/metric-names.ts'
import { ALARM_METRICS } from '../../tools/capacity/idle-cost.ts'
import { testStacks } from '../support/test-stage.ts'

interface CloudWatchMetric {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[]
}

interface AlarmProperties {
  readonly Threshold: number
  readonly DatapointsToAlarm: number
  readonly EvaluationPeriods: number
  readonly TreatMissingData: string
  readonly AlarmActions: readonly unknown[]
  readonly OKActions: readonly unknown[]
  readonly AlarmDescription: string
  readonly Namespace?: string
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: CloudWatchMetric } }[]
}

const { alarms: stack } = testStacks()
const alarms = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).map(
  ([id, { Properties }]) => ({ id, properties: Properties as AlarmProperties }),
)

const page = readFileSync('docs/operations.md', 'utf8')
const alarmIds = stack.node
  .findAll()
  .filter((construct) => construct instanceof Alarm)
  .map(({ node }) => node.id)

/** The words in code type of the first column of the table under a heading, and the rest of each row. */
function rowsUnder(
  heading: string,
): { readonly names: readonly string[]; readonly cells: readonly string[] }[] {
  const section = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!
  return section.split('\n').flatMap((line) => {
    const [first, ...cells] = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
    return first?.startsWith('`') ? [{ names: codeIn(first), cells }] : []
  })
}

function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
}

describe('docs/operations.md', () => {
  it('lists every metric, with its kind and its dimensions', () => {
    const listed = rowsUnder('Metrics').map(({ names, cells: [kind, dimensions] }) => [
      names[0],
      kind,
      codeIn(dimensions!),
    ])
    const defined = (Object.keys(METRICS) as MetricName[]).map((name) => {
      const { kind, dimensions } = metricOf(name)
      return [name, kind, [...dimensions]]
    })
    expect(listed.sort()).toEqual(defined.sort())
  })

  it('lists every command that operates the embedded vault', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const operating = Object.entries(scripts).filter(([, command]) =>
      /infra\/(?:embedded|package)\/(?:embedded-command|flow-vault|main)\b/.test(command),
    )
    const listed = rowsUnder('Commands, embedded').map(
      ({ names: [command] }) => /npm (?:run -s )?(\S+)/.exec(command!)?.[1],
    )
    expect(listed.sort()).toEqual(operating.map(([name]) => name).sort())
  })
})

describe('docs/runbook.md', () => {
  const articles = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)$/gm)].map(
    ([, title]) => title!,
  )

  it('has an article for every alarm and for the state of the keys, and no other', () => {
    const wanted = new Set([...alarmIds.map(articleOf), 'key-state'])
    expect([...articles].sort()).toEqual([...wanted].sort())
  })

  it('is where the description of each alarm leads to', () => {
    const linked = alarms.map(
      ({ properties }) => /docs\/runbook\.md#(\S+)$/.exec(properties.AlarmDescription)?.[1],
    )
    expect(linked).toHaveLength(alarmIds.length)
    for (const anchor of linked) expect(articles).toContain(anchor)
  })
})

describe('the watch over the keys', () => {
  it('tells the topic what takes a key away or lets others use it', () => {
    const [rule, ...more] = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'))
    expect(more).toEqual([])
    const { EventPattern, Targets } = rule!['Properties'] as {
      EventPattern: { detail: { eventName: string[]; requestParameters: { keyId: unknown[] } } }
      Targets: unknown[]
    }
    expect(EventPattern.detail.eventName).toEqual(
      expect.arrayContaining(['DisableKey', 'ScheduleKeyDeletion']),
    )
    // Both keys, by id and by ARN, as callers may name them.
    expect(EventPattern.detail.requestParameters.keyId).toHaveLength(4)
    expect(JSON.stringify(Targets)).toContain('docs/runbook.md#key-state')
  })

  it('has a rule of its own for the key of a tenant, by whose name it can be switched off', () => {
    const { alarms: watching } = testStacks({ tenantKeys: ['acme', 'globex'] })
    const rules = Template.fromStack(watching).findResources('AWS::Events::Rule')
    const named = Object.values(rules).map(({ Properties }) => Properties)
    for (const tenant of ['acme', 'globex']) {
      const [rule, ...more] = named.filter(({ Name }) => Name === tenantKeyRuleName('test', tenant))
      expect(more).toEqual([])
      const [changes, ...ofName] = rule!.EventPattern.detail.$or
      expect(changes.eventName).toContain('ScheduleKeyDeletion')
      const { keyId } = changes.requestParameters
      expect(JSON.stringify(keyId)).toContain(`Key${tenant}`)
      // By which functions and their roles find it; what `tenant -- key` notes on it is none of these.
      const tags = ['flow-vault:deployment', 'flow-vault:stage', 'flow-vault:tenant']
      const aliasName = [`alias/flow-vault-test/${tenant}`]
      expect(ofName).toEqual([
        { eventName: ['DeleteAlias', 'UpdateAlias'], requestParameters: { aliasName } },
        { eventName: ['TagResource'], requestParameters: { keyId, tags: { tagKey: tags } } },
        { eventName: ['UntagResource'], requestParameters: { keyId, tagKeys: tags } },
      ])
      expect(JSON.stringify(rule!.Targets)).toContain(`tenant ${tenant}`)
    }
    expect(named).toHaveLength(3)
    expect(tenantKeyRuleName('a'.repeat(24), 't'.repeat(64)).length).toBeLessThanOrEqual(64)
    // A queue's policy takes 20 statements, so that the rules of all tenants share one.
    const queues = Object.values(Template.fromStack(watching).findResources('AWS::SQS::QueuePolicy'))
    const sending = queues.flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow'),
    )
    expect(sending).toHaveLength(2)
    expect(JSON.stringify(sending)).toContain(':rule/flow-vault-test-key-*')
    expect(named.every(({ Targets }) => Targets[0].DeadLetterConfig !== undefined)).toBe(true)
  })

  it('keeps what the topic does not take, where an alarm looks', () => {
    const [[, rule]] = Object.entries(Template.fromStack(stack).findResources('AWS::Events::Rule')) as [
      [string, { Properties: { Targets: { DeadLetterConfig: { Arn: { 'Fn::GetAtt': [string] } } }[] } }],
    ]
    const [queue] = rule.Properties.Targets[0]!.DeadLetterConfig.Arn['Fn::GetAtt']
    const watched = alarms.find(({ id }) => /dead-?letters/i.test(id))!
    expect(JSON.stringify(watched.properties.Metrics)).toContain(`"${queue}"`)
  })
})

describe('the topic', () => {
  it('lets the alarms of the account publish, and the watch over the keys', () => {
    const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::SNS::TopicPolicy'))
    const { Statement } = policy!['Properties'].PolicyDocument as {
      Statement: { Effect: string; Principal: { Service?: string }; Condition?: object }[]
    }
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow')
    expect(allowed.map(({ Principal }) => Principal.Service).sort()).toEqual([
      'cloudwatch.amazonaws.com',
      'events.amazonaws.com',
    ])
    const { Condition } = allowed.find(({ Principal }) => /cloudwatch/.test(Principal.Service!))!
    expect(JSON.stringify(Condition)).toMatch(/"ArnLike":\{"aws:SourceArn":.*:cloudwatch:.*:alarm:\*"/)
  })
})

describe('the cost of a stage without use', () => {
  it('counts every metric that an alarm looks at', () => {
    const looked = alarms.map(
      ({ properties: { Metrics } }) =>
        Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1,
    )
    expect(looked.reduce((sum, one) => sum + one, 0)).toBe(ALARM_METRICS)
  })
})

describe('the stack of alarms', () => {
  it('imports nothing, so that what it watches can be changed and removed', () => {
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toContain('Fn::ImportValue')
  })
})

function metricsOf({ properties }: (typeof alarms)[number]): CloudWatchMetric[] {
  if (properties.Namespace !== undefined) return [properties as unknown as CloudWatchMetric]
  return (properties.Metrics ?? []).flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []))
}

describe('the alarms', () => {
  it.each([
    ['requests that fail', /server-?errors/i],
    ['fetches that fail, whoever asks', /fetch-?failures/i],
    ['a dead letter', /dead-?letters/i],
    ['a connection that is due and not rotated', /oldest-?due/i],
    ['a sweep that does not run', /sweep-?silent/i],
    ['a reconcile that does not run', /reconcile-?silent/i],
    ['a pointer to nothing', /dangling-?pointers/i],
    ['a quota that is nearly used up', /secret-?writes/i],
  ])('ring for %s', (_what, name) => {
    expect(alarms.filter(({ id }) => name.test(id))).toHaveLength(1)
  })

  it('read figures that the functions publish, with all of their dimensions', () => {
    const own = alarms.flatMap(metricsOf).filter(({ Namespace }) => Namespace === 'FlowVault/test')
    const byName = new Map(
      (Object.keys(METRICS) as MetricName[]).map((name) => [cloudWatchNameOf(name), name]),
    )
    expect(own.length).toBeGreaterThan(5)
    for (const { MetricName, Dimensions = [] } of own) {
      const name = byName.get(MetricName)
      expect([MetricName, name]).toEqual([MetricName, expect.any(String)])
      const dimensions = ['service', ...metricOf(name!).dimensions]
      expect(Dimensions.map(({ Name }) => Name).sort()).toEqual(dimensions.sort())
    }
  })
})

describe('the thresholds', () => {
  const thresholds = Object.fromEntries(
    stack.node
      .findAll()
      .filter((construct) => construct instanceof Alarm)
      .map(({ node }) => {
        const logicalId = stack.getLogicalId(node.defaultChild as never)
        const { properties } = alarms.find(({ id }) => id === logicalId)!
        const { Threshold, DatapointsToAlarm, EvaluationPeriods, TreatMissingData } = properties
        return [node.id, [Threshold, DatapointsToAlarm, EvaluationPeriods, TreatMissingData]]
      }),
  )

  it('are those of the runbook: how much, so many of so many periods, and what no figure means', () => {
    const usual = [1, 3, 5, 'notBreaching']
    expect(thresholds).toEqual({
      'api-errors': usual,
      'credentials-errors': usual,
      'authorize-errors': usual,
      'grants-errors': usual,
      'rotations-errors': usual,
      'sweep-errors': usual,
      'publish-errors': usual,
      'deliver-errors': usual,
      'reconcile-errors': usual,
      throttles: [0, 3, 5, 'notBreaching'],
      'dead-letters': [0, 1, 1, 'notBreaching'],
      'sweep-silent': [0, 5, 5, 'breaching'],
      'publish-silent': [0, 5, 5, 'breaching'],
      'events-waiting': [180_000, 2, 3, 'breaching'],
      'events-failing': [0, 3, 5, 'notBreaching'],
      'reconcile-silent': [0, 5, 5, 'breaching'],
      'server-errors': usual,
      'table-throttles': [0, 3, 5, 'notBreaching'],
      'freezes-waiting': [300, 2, 3, 'notBreaching'],
      'slow-fetches': [2000, 5, 10, 'notBreaching'],
      // Three minutes, in ms.
      'oldest-due': [180_000, 3, 3, 'breaching'],
      'reconcile-failures': [0, 10, 15, 'notBreaching'],
      'dangling-pointers': [0, 1, 1, 'notBreaching'],
      'unreadable-items': [0, 1, 1, 'notBreaching'],
      'answers-lost': [3, 2, 5, 'notBreaching'],
      'grants-lost': [5, 2, 5, 'notBreaching'],
      orphans: [10, 1, 1, 'notBreaching'],
      'comparison-missing': [0, 2, 2, 'breaching'],
      // Nine tenths of the 35 a second that all writers keep to.
      'secret-writes': [31.5, 5, 10, 'notBreaching'],
      'fetch-failures': usual,
    })
  })

  it('are told to somebody, and so is their end', () => {
    for (const { properties } of alarms) {
      expect(properties.AlarmActions).toHaveLength(1)
      expect(properties.OKActions).toEqual(properties.AlarmActions)
    }
  })

  it('see what the due index throttles, which the figures of its table leave out', () => {
    const dimensions = alarms
      .find(({ id }) => id.includes('tablethrottles'))!
      .properties.Metrics!.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [])
    expect(dimensions).toContainEqual({ Name: 'GlobalSecondaryIndexName', Value: 'due' })
  })
})
