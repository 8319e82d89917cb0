import { Match, Template } from 'aws-cdk-lib/assertions'
import { routeKeyOf } from '../../functions/route.ts'
import { allRoutes } from '../../functions/route-table.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import type { SecretKind } from '../../shared/domain/secret-id.ts'
import { isAllowed } from '../support/policy-evaluator.ts'
import {
  type Asked,
  FORBIDDEN,
  FORBIDDEN_TO_ALL,
  NEEDED,
  OPENED_SEALED,
  openSealed,
} from '../support/role-requests.ts'
import { policiesOf, resourceOf } from '../support/template-policies.ts'
import { testStacks } from '../support/test-stage.ts'

type Json = Readonly<Record<string, unknown>>
interface Statement {
  readonly actions: readonly string[]
  /** Intrinsics as text: `Work.Arn`, `Data:…Arn`, `*`. */
  readonly resources: readonly string[]
  readonly condition: string
}

const templates = new Map(
  (['secrets-manager', 'sealed'] as const).map((secretStore) => {
    const { vault, data } = testStacks({ secretStore })
    return [secretStore, { vault: Template.fromStack(vault), data: Template.fromStack(data) }] as const
  }),
)

/** What each role may do with Secrets Manager: the design's table, action by action. */
const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents']
const TRACES = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments']
const ROWS = ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((a) => `dynamodb:${a}`)
const WRITE_SECRETS = ['CreateSecret', 'TagResource', 'PutSecretValue', 'DeleteSecret'].map(
  (a) => `secretsmanager:${a}`,
)
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  api: [
    ...LOGS,
    ...TRACES,
    ...ROWS,
    ...WRITE_SECRETS,
    'secretsmanager:DescribeSecret',
    'secretsmanager:RestoreSecret',
    'kms:GenerateDataKey',
    'kms:Decrypt',
    'kms:GenerateMac',
    'lambda:InvokeFunction',
    'sqs:SendMessage',
  ],
  credentials: [
    ...LOGS,
    ...TRACES,
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    'secretsmanager:GetSecretValue',
    'kms:Decrypt',
    'lambda:InvokeFunction',
  ],
  authorize: [
    ...LOGS,
    ...TRACES,
    'dynamodb:GetItem',
    'dynamodb:UpdateItem',
    'kms:GenerateMac',
    'lambda:InvokeFunction',
  ],
  grants: [
    ...LOGS,
    ...TRACES,
    ...ROWS,
    'secretsmanager:GetSecretValue',
    'secretsmanager:PutSecretValue',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'kms:GenerateMac',
  ],
  rotations: [
    ...LOGS,
    ...TRACES,
    ...ROWS,
    'secretsmanager:GetSecretValue',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'kms:GenerateMac',
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
  ],
  sweep: [...LOGS, ...TRACES, 'dynamodb:Query', 'sqs:SendMessage', 'sqs:GetQueueAttributes'],
  publish: [
    ...LOGS,
    ...TRACES,
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:Query',
    ...['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((a) => `dynamodb:${a}`),
    'events:PutEvents',
    'sqs:SendMessage',
  ],
  deliver: [
    ...LOGS,
    ...TRACES,
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'secretsmanager:GetSecretValue',
    'kms:Decrypt',
    'lambda:InvokeFunction',
    ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map(
      (a) => `sqs:${a}`,
    ),
  ],
  reconcile: [
    ...LOGS,
    ...TRACES,
    ...ROWS,
    'dynamodb:Scan',
    'secretsmanager:DescribeSecret',
    'secretsmanager:DeleteSecret',
    'secretsmanager:RestoreSecret',
    'secretsmanager:ListSecrets',
    'secretsmanager:ListSecretVersionIds',
    'lambda:InvokeFunction',
    'sqs:SendMessage',
  ],
}
/** These know no resources in IAM: the only reason for a bare star. */
const STAR_ACTIONS = [...TRACES, 'secretsmanager:ListSecrets']
/** Which kinds of secrets each role may open: the design's table. */
const OPENED: Readonly<Record<string, readonly SecretKind[]>> = {
  credentials: ['s'],
  grants: ['s', 'm', 'a'],
  rotations: ['s', 'm', 'a'],
  deliver: ['w'],
}
const SECRET_ARN = 'arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:'
const DEPLOYMENT = 'FlowVault-test-Data-is-deployment'
const KEY_TRIAL = 'RequestToValidateKeyAccess'

describe('the role of each function, with Secrets Manager', () => {
  const { vault } = templates.get('secrets-manager')!

  it.each(FUNCTION_TABLE.map(({ name }) => name))(
    '%s may do what the table of functions says, and nothing else',
    (name) => {
      const actions = new Set(statementsOf(vault, name).flatMap((statement) => statement.actions))
      expect([...actions].sort()).toEqual([...new Set(ALLOWED[name])].sort())
    },
  )

  it('has a star for a resource only where IAM knows none', () => {
    for (const { name } of FUNCTION_TABLE) {
      for (const { actions, resources } of statementsOf(vault, name)) {
        if (resources.includes('*')) expect(STAR_ACTIONS).toEqual(expect.arrayContaining([...actions]))
        for (const action of actions) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/)
      }
    }
  })

  it('opens the secrets of its kinds and no others, and writes those of its own deployment', () => {
    for (const { name } of FUNCTION_TABLE) {
      for (const { actions, resources } of statementsOf(vault, name)) {
        const onSecrets = actions.filter(
          (action) => action.startsWith('secretsmanager:') && action !== 'secretsmanager:ListSecrets',
        )
        if (onSecrets.length === 0) continue
        const isRead = onSecrets.join() === 'secretsmanager:GetSecretValue'
        // Who stages a part of a setup writes setups, and no client secret or signing key.
        const written = name === 'grants' ? ['s/*', 'm/*'] : ['*']
        const named = isRead ? OPENED[name]!.map((kind) => `${kind}/*`) : written
        expect(resources).toEqual(named.map((rest) => `${SECRET_ARN}flow-vault/${DEPLOYMENT}/${rest}`))
      }
    }
  })

  it('lets api use the key to write, and to decrypt only what Secrets Manager tries a key out with', () => {
    const decrypts = statementsOf(vault, 'api').filter(({ actions }) => actions.includes('kms:Decrypt'))
    // Under the key that is shared, and under those of tenants.
    expect(decrypts).toHaveLength(2)
    for (const { condition } of decrypts) {
      expect(condition).toContain(`"kms:EncryptionContext:SecretVersionId":"${KEY_TRIAL}"`)
      expect(condition).toContain('kms:ViaService')
    }
  })

  it('lets credentials decrypt its own secrets through Secrets Manager, access tokens, and nothing else', () => {
    const [decrypts, ofTenants] = byTenantKeys(
      statementsOf(vault, 'credentials').filter(({ actions }) => actions.includes('kms:Decrypt')),
    )
    const [decrypt, tokens, ...more] = decrypts
    expect(more).toEqual([])
    expect(ofTenants.map(withoutTag)).toEqual(decrypts.map(({ condition }) => JSON.parse(condition)))
    expect(tokens!.condition).toBe('{"StringEquals":{"kms:EncryptionContext:part":["access"]}}')
    expect(decrypt!.condition).toContain('kms:ViaService')
    expect(secretNames(decrypt!.condition)).toEqual(['s'])
    expect(decrypt!.condition.match(/:secret:/g)).toHaveLength(1)
  })
})

describe.each(['secrets-manager', 'sealed'] as const)('rows, with %s', (secretStore) => {
  const { vault } = templates.get(secretStore)!

  it('binds every permission on the tables but the scan of reconcile to the beginning of the partition key', () => {
    const keys: Record<string, string[]> = {}
    for (const { name } of FUNCTION_TABLE) {
      for (const { actions, condition } of statementsOf(vault, name)) {
        if (!actions.some((action) => action.startsWith('dynamodb:'))) continue
        const named = /"dynamodb:LeadingKeys":(\[[^\]]+\])/.exec(condition)?.[1]
        // Without it the condition would hold for a call that names no key at all.
        if (named !== undefined) expect(condition).toContain('"Null":{"dynamodb:LeadingKeys":"false"}')
        const unbound = actions.includes('dynamodb:GetRecords') ? 'stream' : actions.join()
        const leading = named === undefined ? [`any: ${unbound}`] : (JSON.parse(named) as string[])
        keys[name] = [...new Set([...(keys[name] ?? []), ...leading])].sort()
      }
    }
    const sealed = (...kinds: string[]) =>
      secretStore === 'sealed' ? kinds.map((kind) => `SECRET#flow-vault/${DEPLOYMENT}/${kind}*`) : []
    const committed = ['TENANT#*#EVENTS']
    const writes = secretStore === 'sealed' ? [] : ['VAULT#WRITES']
    const minted = ['ACCESS#*', 'REFRESH#*', ...sealed('a/', 'm/', 's/')]
    const callers = [...minted, 'TENANT#*', ...committed, 'VAULT', 'VAULT#BREAKERS']
    const told = ['DELIVERIES', 'FEED', 'FEED_HEAD'].map((kind) => `TENANT#*#${kind}`)
    expect(keys).toEqual({
      api: [
        'ACCESS#*',
        'REFRESH#*',
        ...sealed(''),
        'STATE#*',
        'TENANT#*',
        ...committed,
        ...told,
        'VAULT',
        ...writes,
      ].sort(),
      credentials: ['ACCESS#*', ...sealed('s/'), 'TENANT#*', 'TENANT#*#BUDGETS', 'TENANT#*#USAGE', 'VAULT'],
      authorize: ['STATE#*'],
      grants: callers,
      rotations: callers,
      sweep: ['rotation#*'],
      publish: [
        'TENANT#*#DELIVERIES',
        ...committed,
        'TENANT#*#FEED',
        'TENANT#*#FEED_HEAD',
        'TENANT#*#SUBSCRIPTIONS',
        'any: stream',
        'outbox#*',
      ],
      deliver: [
        ...sealed('w/'),
        'TENANT#*#DELIVERIES',
        ...committed,
        'TENANT#*#SUBSCRIPTIONS',
        'TENANT#*#TURNS',
        'VAULT',
      ],
      reconcile: [
        'ACCESS#*',
        'REFRESH#*',
        ...sealed(''),
        'TENANT#*',
        ...committed,
        'VAULT',
        'VAULT#COMPARISON',
        ...writes,
        'any: dynamodb:Scan',
        'work#*',
      ].sort(),
    })
  })

  it('lets who has to do with secrets read which store they are in, and only api say so', () => {
    const actions = Object.fromEntries(
      FUNCTION_TABLE.map(({ name }) => {
        const own = statementsOf(vault, name).filter(({ condition }) => condition.includes('["VAULT"]'))
        return [name, [...new Set(own.flatMap((statement) => statement.actions))].sort()]
      }),
    )
    expect(actions).toEqual({
      api: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      credentials: ['dynamodb:GetItem'],
      authorize: [],
      grants: ['dynamodb:GetItem'],
      rotations: ['dynamodb:GetItem'],
      sweep: [],
      publish: [],
      deliver: ['dynamodb:GetItem'],
      reconcile: ['dynamodb:GetItem'],
    })
  })

  it('lets credentials count fetches, take of budgets, note a fetch or a complaint, and touch no other attribute', () => {
    const updates = statementsOf(vault, 'credentials').filter(({ actions }) =>
      actions.includes('dynamodb:UpdateItem'),
    )
    const [notes, ...counts] = updates
    const on = (kind: string) => ({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`TENANT#*#${kind}`] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    })
    expect(counts.map(({ condition }) => JSON.parse(condition))).toEqual([on('USAGE'), on('BUDGETS')])
    expect(notes!.condition).toContain('"dynamodb:Attributes":["pk","sk","lastFetchedHour","rejectedAtMs"]')
  })
})

describe('the role of each function, with sealed secrets', () => {
  const { vault } = templates.get('sealed')!

  it('never touches Secrets Manager', () => {
    const all = FUNCTION_TABLE.flatMap(({ name }) => statementsOf(vault, name)).flatMap(
      ({ actions }) => actions,
    )
    expect(all.filter((action) => action.startsWith('secretsmanager:'))).toEqual([])
  })

  it('lets only credentials, grants and deliver decrypt, and of refresh tokens grants alone', () => {
    const may = FUNCTION_TABLE.filter(({ name }) =>
      statementsOf(vault, name).some(({ actions }) => actions.includes('kms:Decrypt')),
    )
    expect(may.map(({ name }) => name)).toEqual(['credentials', 'grants', 'rotations', 'deliver'])
    const [decrypts, ofTenants] = byTenantKeys(
      may
        .flatMap(({ name }) => statementsOf(vault, name))
        .filter(({ actions }) => actions.includes('kms:Decrypt')),
    )
    expect(ofTenants.map(withoutTag)).toEqual(decrypts.map(({ condition }) => JSON.parse(condition)))
    const secrets = (...kinds: string[]) => {
      const names = kinds.map((kind) => `flow-vault/${DEPLOYMENT}/${kind}/*`)
      return JSON.stringify({ StringLike: { 'kms:EncryptionContext:secretId': names } })
    }
    const tokens = (parts: string) => `{"StringEquals":{"kms:EncryptionContext:part":[${parts}]}}`
    expect(decrypts.map(({ condition }) => condition)).toEqual([
      ...[secrets('s'), tokens('"access"')],
      ...[secrets('s', 'm', 'a'), tokens('"access","refresh"')],
      ...[secrets('s', 'm', 'a'), tokens('"access","refresh"')],
      secrets('w'),
    ])
  })
})

describe('the functions', () => {
  const { vault } = templates.get('secrets-manager')!
  const functions = Object.entries(vault.findResources('AWS::Lambda::Function'))

  it('run on Node 24 on arm64, traced, with logs that end', () => {
    expect(functions).toHaveLength(FUNCTION_TABLE.length)
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      })
    }
    for (const { Properties } of Object.values(vault.findResources('AWS::Logs::LogGroup'))) {
      expect(Properties.RetentionInDays).toBe(90)
    }
  })

  it('have a role each', () => {
    const roles = functions.map(([, { Properties }]) => Properties.Role['Fn::GetAtt'][0])
    expect(new Set(roles).size).toBe(functions.length)
  })

  it('log at the level of the stage file, which Lambda puts before their own', () => {
    for (const [, { Properties }] of functions)
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON', ApplicationLogLevel: 'INFO' })
  })

  it('touch the secrets of their own deployment, and of no other stage of the account', () => {
    for (const { name } of FUNCTION_TABLE) {
      for (const { actions, condition } of statementsOf(vault, name)) {
        const onSecrets = actions.filter((action) => action.startsWith('secretsmanager:'))
        if (onSecrets.length === 0 || onSecrets.includes('secretsmanager:ListSecrets')) continue
        expect(condition).toMatch(/"aws:(?:Request|Resource)Tag\/flow-vault:deployment":/)
        expect(condition).toContain('Data')
      }
    }
  })

  it('may do without the tag, as it is of what is not there, only where nothing is read or written', () => {
    const lenient = FUNCTION_TABLE.flatMap(({ name }) => statementsOf(vault, name)).filter(({ condition }) =>
      condition.includes('IfExists'),
    )
    expect([...new Set(lenient.flatMap(({ actions }) => actions))].sort()).toEqual([
      'secretsmanager:DeleteSecret',
      'secretsmanager:DescribeSecret',
      'secretsmanager:RestoreSecret',
    ])
  })
})

describe('the queues', () => {
  const { vault } = templates.get('secrets-manager')!
  const mappings = Object.values(vault.findResources('AWS::Lambda::EventSourceMapping'))
  const [stream, ...others] = mappings.filter(({ Properties }) => Properties.ScalingConfig === undefined)
  const sources = mappings
    .filter(({ Properties }) => Properties.ScalingConfig !== undefined)
    .map(({ Properties }) => ({
      queue: String(Properties.EventSourceArn['Fn::GetAtt'][0]),
      batch: Properties.BatchSize,
      instances: Properties.ScalingConfig.MaximumConcurrency,
    }))
  const queuesOf = (name: string, action: string): string[] =>
    statementsOf(vault, name)
      .filter(({ actions }) => actions.includes(action))
      .flatMap(({ resources }) => resources)
      .map((resource) => (JSON.parse(resource) as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0]!)
      .map((id) => /Deliveries|Freezes|DeadLetters/.exec(id)?.[0] ?? 'Work')
      .sort()

  it('are two for work, so that the job of a freeze does not wait behind rotations, and one to subscribers', () => {
    expect(sources).toHaveLength(3)
    const [freezes] = sources.filter(({ queue }) => queue.includes('Freezes'))
    expect(freezes).toMatchObject({ batch: 1, instances: 2 })
  })

  it('hands subscribers one message at a time, in the order of its group, and never counts it out', () => {
    const deliveries = sources.find(({ queue }) => queue.includes('Deliveries'))
    expect(deliveries).toMatchObject({ batch: 1, instances: 20 })
    const [queue] = Object.values(vault.findResources('AWS::SQS::Queue')).filter(
      ({ Properties }) => Properties.FifoThroughputLimit !== undefined,
    )
    const deliver = FUNCTION_TABLE.find(({ follows }) => follows === 'deliveries')
    expect(queue!.Properties).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      MessageRetentionPeriod: 14 * 86_400,
      VisibilityTimeout: 6 * deliver!.timeoutSeconds,
      RedrivePolicy: { maxReceiveCount: 1000 },
    })
  })

  it('follow the stream of the events alone, what is new in it, to no end but a dead letter', () => {
    expect(others).toEqual([])
    expect(JSON.stringify(stream!.Properties.EventSourceArn)).toContain('EventsTable')
    expect(stream!.Properties).toMatchObject({
      BatchSize: 100,
      BisectBatchOnFunctionError: true,
      StartingPosition: 'TRIM_HORIZON',
      FilterCriteria: {
        Filters: [{ Pattern: '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["outbox"]}}}}' }],
      },
    })
  })

  it('give back what a function did not live to end, six times its timeout later, and to the dead letters after five tries', () => {
    const grants = FUNCTION_TABLE.find(({ worksQueue }) => worksQueue === true)
    const queues = Object.entries(vault.findResources('AWS::SQS::Queue'))
    const working = queues.filter(
      ([, { Properties }]) => Properties.RedrivePolicy !== undefined && Properties.FifoQueue === undefined,
    )
    expect(working).toHaveLength(2)
    for (const [, { Properties }] of working) {
      expect(Properties.VisibilityTimeout).toBe(6 * grants!.timeoutSeconds)
      expect(Properties.RedrivePolicy.maxReceiveCount).toBe(5)
      expect(Properties.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0]).toContain('DeadLetters')
    }
    // Dead letters are kept as long as SQS keeps anything.
    for (const [id, { Properties }] of queues)
      if (id.includes('DeadLetters')) expect(Properties.MessageRetentionPeriod).toBe(14 * 86_400)
    // Work that failed is in the index; what goes to subscribers is in the queue alone.
    for (const { Properties } of mappings) {
      const isDelivery = JSON.stringify(Properties.EventSourceArn).includes('Deliveries')
      expect(Properties.FunctionResponseTypes).toEqual(isDelivery ? ['ReportBatchItemFailures'] : undefined)
    }
  })

  it('are worked by a function of their own, so that no caller of grants waits for them', () => {
    const mapped = mappings.filter(({ Properties }) =>
      JSON.stringify(Properties.EventSourceArn).includes('Work'),
    )
    expect(mapped).toHaveLength(2)
    const functions = vault.findResources('AWS::Lambda::Function')
    for (const { Properties } of mapped) {
      expect(functions[Properties.FunctionName.Ref]!.Properties.FunctionName).toBe(
        'flow-vault-test-rotations',
      )
    }
    for (const { Properties } of Object.values(functions)) {
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined()
    }
  })

  it('take from each function what it has to hand over, and nothing else', () => {
    expect(queuesOf('api', 'sqs:SendMessage')).toEqual(['Deliveries', 'Freezes'])
    expect(queuesOf('sweep', 'sqs:SendMessage')).toEqual(['DeadLetters', 'Work'])
    expect(queuesOf('reconcile', 'sqs:SendMessage')).toEqual(['DeadLetters', 'Freezes', 'Work'])
    expect(queuesOf('publish', 'sqs:SendMessage')).toEqual(['DeadLetters', 'Deliveries'])
    expect(queuesOf('rotations', 'sqs:ReceiveMessage')).toEqual(['Freezes', 'Work'])
    expect(queuesOf('deliver', 'sqs:ReceiveMessage')).toEqual(['Deliveries'])
  })
})

describe('the schedules', () => {
  const { vault } = templates.get('secrets-manager')!

  it('wake their functions, keep what cannot be delivered, and try nothing that a later one repeats', () => {
    const schedules = Object.values(vault.findResources('AWS::Scheduler::Schedule'))
    expect(schedules.map(({ Properties }) => Properties.ScheduleExpression).sort()).toEqual([
      'rate(1 minute)',
      'rate(1 minute)',
      'rate(1 minute)',
      'rate(5 minutes)',
    ])
    for (const { Properties } of schedules) {
      expect(Properties.Target.DeadLetterConfig.Arn['Fn::GetAtt'][0]).toContain('DeadLetters')
      expect(Properties.Target.RetryPolicy).toEqual({
        MaximumEventAgeInSeconds: 300,
        MaximumRetryAttempts: 3,
      })
    }
    const invoked = Object.values(vault.findResources('AWS::Lambda::EventInvokeConfig'))
    expect(invoked).toHaveLength(3)
    for (const { Properties } of invoked) {
      expect(Properties.MaximumRetryAttempts).toBe(0)
      expect(Properties.DestinationConfig.OnFailure.Destination['Fn::GetAtt'][0]).toContain('DeadLetters')
    }
  })
})

describe('the HTTP API', () => {
  const vault = Template.fromStack(testStacks({ tokenUrl: 'https://tenant.example.com/oauth/token' }).vault)
  const routes = Object.values(vault.findResources('AWS::ApiGatewayV2::Route'))
  const functionOf = (routeKey: string): string => {
    const route = routes.find(({ Properties }) => Properties.RouteKey === routeKey)
    const integrationId: string = route?.Properties.Target['Fn::Join'][1][1].Ref
    const uri = vault.findResources('AWS::ApiGatewayV2::Integration')[integrationId]?.Properties
      .IntegrationUri
    const logicalId: string = uri['Fn::GetAtt'][0]
    return vault.findResources('AWS::Lambda::Function')[logicalId]?.Properties.FunctionName
  }

  it('sends every route of the tables to its function', () => {
    expect(allRoutes().length).toBeGreaterThan(20)
    for (const route of allRoutes()) {
      expect(`${routeKeyOf(route)} ${functionOf(routeKeyOf(route))}`).toBe(
        `${routeKeyOf(route)} flow-vault-test-${route.function}`,
      )
    }
  })

  it('sends what no route names to api, and token requests to the issuer', () => {
    expect(functionOf('$default')).toBe('flow-vault-test-api')
    vault.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'POST',
      IntegrationUri: 'https://tenant.example.com/oauth/token',
    })
    expect(routes.map(({ Properties }) => Properties.RouteKey)).toContain('POST /oauth/token')
    const heads = allRoutes().filter(({ method }) => method === 'GET')
    expect(routes).toHaveLength(allRoutes().length + heads.length + 2)
  })

  it('answers at the root of its host, throttled, and logs no query', () => {
    const [stage] = Object.values(vault.findResources('AWS::ApiGatewayV2::Stage'))
    expect(stage!.Properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: {
        ThrottlingRateLimit: 2000,
        ThrottlingBurstLimit: 1000,
        DetailedMetricsEnabled: false,
      },
    })
    const [api] = Object.values(vault.findResources('AWS::ApiGatewayV2::Api'))
    expect(api!.Properties).not.toHaveProperty('CorsConfiguration')
    const format: string = stage!.Properties.AccessLogSettings.Format
    expect(format).toContain('$context.requestId')
    expect(format).toContain('$context.integrationErrorMessage')
    expect(format).not.toMatch(/query|header|path/i)
  })
})

describe('the data stack', () => {
  const { data } = templates.get('secrets-manager')!

  it.each([
    ['rows', Match.absent()],
    ['events', { StreamViewType: 'NEW_IMAGE' }],
  ])(
    'keeps the table of %s: not deleted, restorable, with its index and its time to live',
    (_what, stream) => {
      data.hasResource('AWS::DynamoDB::GlobalTable', {
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          TimeToLiveSpecification: { AttributeName: 'expires_at_s', Enabled: true },
          StreamSpecification: stream,
          GlobalSecondaryIndexes: [{ IndexName: 'due', Projection: { ProjectionType: 'KEYS_ONLY' } }],
          Replicas: [
            {
              DeletionProtectionEnabled: true,
              PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
            },
          ],
        },
      })
    },
  )

  it('keeps a key of each tenant that has one, as the shared one is kept, and says whose it is', () => {
    const { data: stack, vault, alarms } = testStacks({ tenantKeys: ['acme', 'a_b', 'a-b', 'constructor'] })
    const template = Template.fromStack(stack)
    template.allResources('AWS::KMS::Key', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
    for (const tenant of ['acme', 'a_b', 'a-b', 'constructor']) {
      const keys = template.findResources('AWS::KMS::Key', {
        Properties: {
          EnableKeyRotation: true,
          MultiRegion: true,
          Tags: Match.arrayWith([
            Match.objectLike({ Key: 'flow-vault:deployment' }),
            { Key: 'flow-vault:tenant', Value: tenant },
          ]),
        },
      })
      expect(Object.keys(keys)).toHaveLength(1)
      template.hasResourceProperties('AWS::KMS::Alias', {
        AliasName: `alias/flow-vault-test/${tenant}`,
        TargetKeyId: { 'Fn::GetAtt': [Object.keys(keys)[0], 'Arn'] },
      })
    }
    const functions = Object.values(Template.fromStack(vault).findResources('AWS::Lambda::Function'))
    const told = functions.map(({ Properties }) => Properties.Environment.Variables)
    for (const variables of told) {
      const wraps = variables.FLOW_VAULT_WRAPPING_KEY !== undefined
      expect(variables.FLOW_VAULT_TENANT_KEYS).toBe(wraps ? 'acme,a_b,a-b,constructor' : undefined)
    }
    // Which key an alias leads to: whoever makes secrets has to know, of this deployment's keys alone.
    const describing = FUNCTION_TABLE.filter(({ name }) =>
      statementsOf(Template.fromStack(vault), name).some(({ actions, condition }) => {
        return (
          actions.includes('kms:DescribeKey') && condition.includes('aws:ResourceTag/flow-vault:deployment')
        )
      }),
    )
    expect(describing.map(({ name }) => name)).toEqual(['api'])
    // Nothing imports a tenant's key: it may leave the stage file at any time.
    for (const other of [vault, alarms])
      expect(JSON.stringify(Template.fromStack(other).toJSON())).not.toMatch(
        /Fn::ImportValue":"[^"]*TenantKeys/,
      )
  })

  it('keeps both keys, and rotates the one that can be', () => {
    data.allResources('AWS::KMS::Key', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
    data.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true })
    data.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  })
})

describe('what IAM says to a request of each role, with Secrets Manager', () => {
  const both = templates.get('secrets-manager')!
  const places = {
    table: resourceOf(policiesOf(both, 'api'), 'dynamodb:PutItem'),
    wrappingKey: resourceOf(policiesOf(both, 'grants'), 'kms:GenerateDataKey'),
  }
  const answers = (name: string, asked: readonly Asked[]) =>
    asked.map(([what, request]) => [what, isAllowed(policiesOf(both, name), request(places))])

  it.each(FUNCTION_TABLE.map(({ name }) => name))('refuses to %s what it has no use for', (name) => {
    const asked = [...FORBIDDEN_TO_ALL, ...(FORBIDDEN[name] ?? [])]
    expect(answers(name, asked)).toEqual(asked.map(([what]) => [what, false]))
    expect(FORBIDDEN[name]?.length).toBeGreaterThan(0)
  })

  it.each(Object.entries(NEEDED))('lets %s do its work', (name, asked) => {
    expect(answers(name, asked)).toEqual(asked.map(([what]) => [what, true]))
  })
})

describe('what IAM says to a request of each role, with sealed secrets', () => {
  const both = templates.get('sealed')!
  const wrappingKey = resourceOf(policiesOf(both, 'grants'), 'kms:GenerateDataKey')

  it.each(FUNCTION_TABLE.map(({ name }) => name))('opens to %s its own kinds under any key', (name) => {
    for (const kind of ['s', 'm', 'a', 'w']) {
      for (const [what, request] of openSealed(kind)) {
        const answer = isAllowed(policiesOf(both, name), request({ table: 'none', wrappingKey }))
        expect([what, answer]).toEqual([what, OPENED_SEALED[name]?.includes(kind) === true])
      }
    }
  })
})

/** Statements about the key that is shared, and those about keys with the tag of the deployment. */
function byTenantKeys(statements: readonly Statement[]): [Statement[], Statement[]] {
  const isOfTenants = ({ resources }: Statement) => resources.join().endsWith(':key/*')
  return [statements.filter((one) => !isOfTenants(one)), statements.filter(isOfTenants)]
}

/** A condition less the tag of the deployment, which has to be in it. */
function withoutTag({ condition }: Statement): unknown {
  const { StringEquals, ...others } = JSON.parse(condition) as Record<string, Json>
  const { 'aws:ResourceTag/flow-vault:deployment': deployment, ...rest } = StringEquals!
  expect(JSON.stringify(deployment)).toContain(DEPLOYMENT)
  return Object.keys(rest).length === 0 ? others : { StringEquals: rest, ...others }
}

function statementsOf(vault: Template, name: string): Statement[] {
  const functions = Object.values(vault.findResources('AWS::Lambda::Function'))
  const found = functions.find(({ Properties }) => Properties.FunctionName === `flow-vault-test-${name}`)
  const role: string = found?.Properties.Role['Fn::GetAtt'][0]
  const policies = Object.values(vault.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles.some((one: { Ref: string }) => one.Ref === role),
  )
  expect(vault.findResources('AWS::IAM::Role')[role]?.Properties.ManagedPolicyArns).toBeUndefined()
  return policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .map((statement: Json) => ({
      actions: [statement['Action']].flat().map(String),
      resources: [statement['Resource']].flat().map(flatten),
      condition: JSON.stringify(flattened(statement['Condition'] ?? {})),
    }))
}

/** The same value, with each joined text as one. */
function flattened(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(flattened)
  if ('Fn::Join' in value) return flatten(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, flattened(member)]))
}

/** The kinds that the names in a condition are of, and `*` for all of a deployment's. */
function secretNames(condition: string): string[] {
  const names = condition.matchAll(/flow-vault\/[^/]+-is-deployment\/(?:([smaw])\/)?\*/g)
  return [...names].map(([, kind]) => kind ?? '*')
}

/** An ARN with its intrinsics as text. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value
  const object = value as Record<string, unknown>
  const join = object['Fn::Join'] as [string, unknown[]] | undefined
  if (join !== undefined) return join[1].map(flatten).join(join[0])
  if (object['Ref'] !== undefined) return String(object['Ref'])
  if (object['Fn::ImportValue'] === DEPLOYMENT) return DEPLOYMENT
  return JSON.stringify(value)
}
