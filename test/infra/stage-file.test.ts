import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Match, Template } from 'aws-cdk-lib/assertions'
import * as z from 'zod'
import { allRoutes } from '../../functions/route-table.ts'
import { readStage, stageNames, stageOf } from '../../infra/stage-file.ts'
import { EVERY_OPTION, STAGE_SCHEMA } from '../../infra/stage-schema.ts'
import { COMPILE_CACHE } from '../support/compile-cache.ts'
import { testSettings, testStacks } from '../support/test-stage.ts'

const LEAST = { issuer: 'https://tenant.example.com/', audience: 'vault', tenantClaim: 'tenant' }
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555'
const OTHER_KEY = KEY.replace('key/1', 'key/2')
const THIRD_KEY = KEY.replace('key/1', 'key/3')
const NAMED = (name: string, region = 'eu-west-1') => ({
  name,
  certificateArn: `arn:aws:acm:${region}:111122223333:certificate/11111111-2222-3333-4444-555555555555`,
})
const problem = (members: object): string => {
  try {
    stageOf('prod', { ...LEAST, ...members }, undefined)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('readStage', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-stages-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('reads the file of that name', () => {
    writeFileSync(path.join(folder, 'prod.json'), JSON.stringify({ $schema: './schema.json', ...LEAST }))
    expect(readStage(folder, 'prod', undefined)).toMatchObject({
      stage: 'prod',
      secretStore: 'secrets-manager',
      workers: 5,
      environment: { FLOW_VAULT_DEPLOYMENT: 'prod', FLOW_VAULT_ISSUER: 'https://tenant.example.com/' },
    })
  })

  it('names the stages that there are when it is asked for another', () => {
    writeFileSync(path.join(folder, 'prod.json'), JSON.stringify(LEAST))
    writeFileSync(path.join(folder, 'schema.json'), '{}')
    expect(stageNames(folder)).toEqual(['prod'])
    expect(() => readStage(folder, 'prd', undefined)).toThrow(
      /There is no file .*prd\.json\. Allowed: prod\./,
    )
    expect(() => readStage(folder, '../prod', undefined)).toThrow('stage="../prod" is not valid')
    writeFileSync(path.join(folder, 'dev.json'), '{')
    expect(() => readStage(folder, 'dev', undefined)).toThrow('dev.json is not JSON')
  })
})

describe('stageOf', () => {
  it.each([
    [{ issuer: undefined }, 'issuer is not set. Allowed: an https URL'],
    [{ isuer: 'https://a.example/' }, 'isuer is not a setting. Allowed: $schema, issuer, audience'],
    [{ alarms: { mail: 'a@b.example' } }, 'alarms.mail is not a setting'],
    [{ secretStore: 'vault' }, 'secretStore="vault" is not valid. Allowed: secrets-manager, sealed.'],
    [{ secretstore: 'sealed' }, 'secretstore is not a setting'],
    [{ tokenUrl: 'notaurl' }, 'tokenUrl="notaurl" is not valid. Allowed: an https URL'],
    [{ workers: 1 }, 'workers=1 is not valid. Allowed: a whole number from 2 to 400.'],
    [{ workers: '5' }, 'workers="5" is not valid. Allowed: a whole number'],
    [{ rateLimit: 1.5 }, 'rateLimit=1.5 is not valid'],
    [{ logLevel: 'info' }, 'logLevel="info" is not valid. Allowed: DEBUG, INFO, WARN, ERROR.'],
    [{ returnTo: ['nowhere'] }, 'returnTo.0="nowhere" is not valid'],
    [{ alarms: { topicArn: 'topic' } }, 'alarms.topicArn="topic" is not valid. Allowed: the ARN of an SNS'],
    [{ domain: { name: 'vault.example.com' } }, 'domain.certificateArn is not set'],
    [
      { allowHosts: ['a:9000'] },
      'allowHosts="a:9000" is not valid. Allowed: nothing, unless AWS_ENDPOINT_URL',
    ],
    [
      { returnTo: 'https://a.example' },
      'returnTo="https://a.example" is not valid. Allowed: a list in square',
    ],
    [
      { corsOrigins: ['https://a.example/x'] },
      'corsOrigins.0="https://a.example/x" is not valid. Allowed: an https',
    ],
    [{ web: { client_id: 'x' } }, 'web.client_id is not a setting. Allowed: clientId, scopes, audienceIn'],
    [
      { reservedInstances: { sweep: 1 } },
      'reservedInstances.sweep is not a setting. Allowed: api, credentials',
    ],
    [{ alarms: [] }, 'alarms=[] is not valid. Allowed: an object in braces.'],
    [{ edge: NAMED('flows.example.com', 'us-east-1') }, 'domain is not set. Allowed: the name by which edge'],
    [
      { domain: NAMED('vault.example.com'), edge: NAMED('flows.example.com', 'eu-west-1') },
      'a certificate of us-east-1, where CloudFront looks',
    ],
    [
      { web: { clientId: 'page', domain: NAMED('page.example.com', 'eu-west-1') } },
      'web.domain.certificateArn="arn:aws:acm:eu-west-1',
    ],
    [
      { domain: NAMED('vault.example.com'), publicUrl: 'https://other.example.com' },
      'publicUrl="https://other.example.com" is not valid. Allowed: nothing, because browsers reach this stage at vault',
    ],
    [
      { domain: NAMED('vault.example.com'), edge: NAMED('vault.example.com', 'us-east-1') },
      'edge.name="vault.example.com" is not valid. Allowed: another name than that of domain.name.',
    ],
    [
      {
        domain: NAMED('vault.example.com'),
        alarms: { topicArn: 'arn:aws:sns:eu-west-3:111122223333:topic' },
      },
      'Allowed: one of eu-west-1, where domain.certificateArn is.',
    ],
    [
      { adopt: { tableName: 'rows', wrappingKeyArn: KEY, digestKeyArn: KEY } },
      'another key than adopt.wrapping',
    ],
    [{ tenantKeys: ['a b'] }, 'tenantKeys.0="a b" is not valid. Allowed: 1 to 64 of A-Z'],
    [{ tenantKeys: 'acme' }, 'tenantKeys="acme" is not valid. Allowed: a list in square'],
    [{ tenantKeys: ['acme', 'acme'] }, 'tenantKeys.1="acme" is not valid. Allowed: each tenant once.'],
    [
      { tenantKeys: Array.from({ length: 81 }, (_, index) => `t${index}`) },
      'Allowed: at most 80 tenants, whose names have 2000 characters together.',
    ],
    [
      { tenantKeys: Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(64, 'x')) },
      'tenantKeys="40 tenants of 2599 characters" is not valid',
    ],
    [
      {
        adopt: {
          tableName: 'rows',
          wrappingKeyArn: KEY,
          digestKeyArn: OTHER_KEY,
          tenantKeyArns: { acme: KEY },
        },
      },
      'adopt.tenantKeyArns.acme="arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555" is not valid. Allowed: tenants that tenantKeys names.',
    ],
    [
      {
        tenantKeys: ['acme'],
        adopt: {
          tableName: 'rows',
          wrappingKeyArn: KEY,
          digestKeyArn: OTHER_KEY,
          tenantKeyArns: { acme: KEY },
        },
      },
      'Allowed: a key that nothing else is wrapped by.',
    ],
    [
      {
        tenantKeys: ['acme'],
        adopt: {
          tableName: 'rows',
          wrappingKeyArn: KEY,
          digestKeyArn: OTHER_KEY,
          tenantKeyArns: { acme: THIRD_KEY.replace('eu-west-1', 'us-east-1') },
        },
      },
      'Allowed: one of eu-west-1, where adopt.wrappingKeyArn is.',
    ],
    [
      {
        tenantKeys: ['__proto__'],
        adopt: {
          tableName: 'rows',
          wrappingKeyArn: KEY,
          digestKeyArn: OTHER_KEY,
          tenantKeyArns: JSON.parse(`{ "__proto__": "${THIRD_KEY}" }`),
        },
      },
      'adopt.tenantKeyArns.__proto__ is not a setting. Allowed: any other name.',
    ],
    [{ tags: JSON.parse('{ "__proto__": "a" }') }, 'tags.__proto__ is not a setting.'],
    [{ tags: { 'aws:team': 'a' } }, 'the name of a tag="aws:team" is not valid. Allowed: 1 to 128 letters'],
    [{ tags: { 'flow-vault:stage': 'a' } }, 'beginning with neither aws: nor flow-vault:'],
    [{ tags: { team: 'a;b' } }, 'tags.team="a;b" is not valid. Allowed: letters, digits'],
    [
      { tags: Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`t${n}`, ''])) },
      'Allowed: at most 48.',
    ],
  ])('refuses %j, naming the file, the member and what is allowed', (members, words) => {
    expect(problem(members)).toMatch(/^stages\/prod\.json: /)
    expect(problem(members)).toContain(words)
  })

  it('says everything that is wrong at once', () => {
    expect(problem({ issuer: undefined, workers: 0, extra: 1 }).split('\n')).toHaveLength(3)
  })

  it('lets hosts be private where the deployment goes to loopback', () => {
    const hosts = { allowHosts: ['localhost:9000'] }
    expect(testSettings(hosts, 'http://127.0.0.1:4566').environment).toMatchObject({
      FLOW_VAULT_ALLOW_HOSTS: 'localhost:9000',
    })
  })
})

describe('stages/', () => {
  it('has the schema of today for editors, and an example that is one', () => {
    // `npm run synth` writes it, to the letter: it leaves no difference behind.
    const schema = JSON.stringify(z.toJSONSchema(STAGE_SCHEMA, { io: 'input' }), undefined, 2)
    expect(readFileSync('stages/schema.json', 'utf8')).toBe(`${schema}\n`)
    const example = JSON.parse(readFileSync('stages/example.json', 'utf8'))
    expect(stageOf('prod', example, undefined).tokenUrl).toBe('https://tenant.eu.auth0.com/oauth/token')
  })

  it.each(Object.keys(STAGE_SCHEMA.shape).filter((member) => member !== '$schema'))(
    'has %s in docs/deploy.md',
    (member) => {
      expect(readFileSync('docs/deploy.md', 'utf8')).toContain(`| \`${member}\``)
    },
  )
})

describe('a stage with every option', () => {
  const { vault, data, alarms, edge } = testStacks({ ...EVERY_OPTION })
  const template = Template.fromStack(vault)

  it('has a name of its own, and closes the one that API Gateway gave it', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', { DomainName: 'vault.example.com' })
    template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1)
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      DisableExecuteApiEndpoint: true,
    })
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'flow-vault-test-api',
      ReservedConcurrentExecutions: 10,
      Environment: {
        Variables: {
          FLOW_VAULT_PUBLIC_URL: 'https://flows.example.com',
          FLOW_VAULT_CORS_ORIGINS: 'https://app.example.com',
        },
      },
    })
  })

  it('lets pages of its origins read what the gateway itself refuses, on the terms of the functions', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://app.example.com'],
        AllowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        AllowHeaders: Match.arrayWith(['authorization', 'if-match']),
        ExposeHeaders: Match.arrayWith(['etag', 'retry-after', 'x-request-id']),
        AllowCredentials: false,
        MaxAge: 3600,
      },
    })
  })

  it('lets a wake-up go that was throttled for minutes, because the next one does the same', () => {
    const asked = Object.values(template.findResources('AWS::Lambda::EventInvokeConfig'))
    expect(asked.map(({ Properties }) => Properties.MaximumEventAgeInSeconds)).toEqual([300, 300, 300])
  })

  it('has tables and indexes ready for what it says, and leaves them as AWS makes them without', () => {
    const tables = (stack: typeof data) =>
      Object.values(Template.fromStack(stack).findResources('AWS::DynamoDB::GlobalTable'))
    const ready = { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 10_000 }
    for (const { Properties } of tables(data))
      expect([Properties.WarmThroughput, Properties.GlobalSecondaryIndexes[0].WarmThroughput]).toEqual([
        ready,
        ready,
      ])
    expect(JSON.stringify(tables(testStacks().data))).not.toContain('WarmThroughput')
  })

  it('moves api and credentials to a new version by a tenth of the calls, and back when they fail', () => {
    const template = Template.fromStack(vault)
    const groups = Object.values(template.findResources('AWS::CodeDeploy::DeploymentGroup'))
    expect(groups).toHaveLength(2)
    for (const { Properties } of groups) {
      expect(Properties).toMatchObject({
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        AutoRollbackConfiguration: { Enabled: true },
        AlarmConfiguration: { Enabled: true, Alarms: [{}] },
      })
    }
    const aliases = Object.values(template.findResources('AWS::Lambda::Alias'))
    expect(
      aliases.map(({ Properties, UpdatePolicy }) => [Properties['Name'], Object.keys(UpdatePolicy)]),
    ).toEqual([0, 1].map(() => ['live', ['CodeDeployLambdaAliasUpdate']]))
    // Whoever comes by HTTP calls the alias, and the versions before stay.
    const called = Object.values(template.findResources('AWS::ApiGatewayV2::Integration')).map(
      ({ Properties }) => JSON.stringify(Properties['IntegrationUri']),
    )
    expect(called.filter((uri) => uri.includes('Live'))).toHaveLength(2)
    for (const version of Object.values(template.findResources('AWS::Lambda::Version')))
      expect(version['DeletionPolicy']).toBe('Retain')
  })

  it('copies both tables each day, and keeps the copies in another account as well', () => {
    const template = Template.fromStack(data)
    template.hasResourceProperties('AWS::Backup::BackupPlan', {
      BackupPlan: {
        BackupPlanRule: [
          Match.objectLike({
            Lifecycle: { DeleteAfterDays: 90 },
            CopyActions: [
              {
                DestinationBackupVaultArn: EVERY_OPTION.backup.copyTo,
                Lifecycle: { DeleteAfterDays: 90 },
              },
            ],
          }),
        ],
      },
    })
    const [selection] = Object.values(template.findResources('AWS::Backup::BackupSelection'))
    expect(selection!['Properties'].BackupSelection.Resources).toHaveLength(2)
    for (const kept of Object.values(template.findResources('AWS::Backup::BackupVault')))
      expect(kept['DeletionPolicy']).toBe('Retain')
  })

  it('stands behind CloudFront and a firewall that counts requests by address', () => {
    const template = Template.fromStack(edge!)
    expect(edge!.region).toBe('us-east-1')
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: ['flows.example.com'],
        WebACLId: Match.anyValue(),
        Origins: [
          Match.objectLike({
            DomainName: 'vault.example.com',
            CustomOriginConfig: Match.objectLike({ OriginProtocolPolicy: 'https-only' }),
          }),
        ],
        DefaultCacheBehavior: Match.objectLike({
          // CloudFront's own names for: no caching, everything but Host is handed on.
          CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
          ViewerProtocolPolicy: 'https-only',
        }),
      }),
    })
    template.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'CLOUDFRONT',
      Rules: Match.arrayWith([
        Match.objectLike({ Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 1000 } } }),
      ]),
    })
    const { environment } = testSettings({ ...EVERY_OPTION })
    expect(environment.FLOW_VAULT_PUBLIC_URL).toBe('https://flows.example.com')
  })

  it('refuses an edge that would not find the API', () => {
    const { edge: asked } = EVERY_OPTION
    expect(() => testSettings({ edge: asked })).toThrow(
      'domain is not set. Allowed: the name by which edge finds the API.',
    )
  })

  it('lets fewer requests in where no token is needed, so that a flood there leaves the rest alone', () => {
    const [stage] = Object.values(Template.fromStack(vault).findResources('AWS::ApiGatewayV2::Stage'))
    const settings = stage!['Properties'].RouteSettings as Record<string, { ThrottlingRateLimit: number }>
    const open = allRoutes().filter(({ scopes }) => scopes === undefined)
    expect(open.length).toBeGreaterThan(4)
    for (const { method, path } of open)
      expect([path, settings[`${method} ${path}`]?.ThrottlingRateLimit]).toEqual([path, 100])
    for (const key of ['POST /oauth/token', '$default'])
      expect([key, settings[key]?.ThrottlingRateLimit]).toEqual([key, 100])
    for (const { method, path } of allRoutes().filter(({ scopes }) => scopes !== undefined))
      expect(settings[`${method} ${path}`]).toBeUndefined()
  })

  it('tells whoever is named', () => {
    Template.fromStack(alarms).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'on-duty@example.com',
    })
  })

  it('leads each alarm to the runbook where the stage file says it is', () => {
    for (const { Properties } of Object.values(
      Template.fromStack(alarms).findResources('AWS::CloudWatch::Alarm'),
    ))
      expect(Properties['AlarmDescription']).toMatch(/https:\/\/wiki\.example\.com\/vault#\S+$/)
  })

  it('cannot change its secret store under running functions', () => {
    const [name] = Object.entries(Template.fromStack(data).findOutputs('SecretStore')).map(
      ([, { Export }]) => Export.Name,
    )
    expect(name).toBe('FlowVault-test-Data-keeps-secrets-in-secrets-manager')
    expect(template.findOutputs('SecretStore')).toMatchObject({
      SecretStore: { Value: { 'Fn::ImportValue': name } },
    })
  })
})

describe('adopted data', () => {
  it('is used as it is, and nothing is made beside it but a table for what happens from now on', () => {
    const key = (id: string) => `arn:aws:kms:eu-west-1:111122223333:key/${id}`
    const adopt = { tableName: 'restored', wrappingKeyArn: key('w'), digestKeyArn: key('d') }
    const { data, vault } = testStacks({ adopt })
    const made = Template.fromStack(data)
    made.resourceCountIs('AWS::DynamoDB::GlobalTable', 1)
    made.resourceCountIs('AWS::KMS::Key', 0)
    Template.fromStack(vault).hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'flow-vault-test-credentials',
      Environment: { Variables: { FLOW_VAULT_TABLE: 'restored', FLOW_VAULT_WRAPPING_KEY: key('w') } },
    })
  })
})

describe('cdk', () => {
  it('lists nothing without a stage, and says in one line what is wrong with one', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-stages-'))
    const run = (...context: string[]) =>
      execFileSync(process.execPath, ['infra/app.ts'], {
        encoding: 'utf8',
        stdio: 'pipe',
        env: {
          ...process.env,
          ...COMPILE_CACHE,
          CDK_OUTDIR: folder,
          CDK_CONTEXT_JSON: JSON.stringify({
            stages: folder,
            ...Object.fromEntries(context.map((each) => each.split('='))),
          }),
        },
      })
    expect(() => run()).not.toThrow()
    expect(() => run('stage=prod')).toThrow(/There is no file .*prod\.json/)
    expect(() => run('stge=prod')).toThrow(/There is no context "stge"/)
    rmSync(folder, { recursive: true })
  })
})
