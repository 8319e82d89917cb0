import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import {
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { askEmulator, textsOf } from '../support/emulator-query.ts'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'
import { fetchByHost } from '../support/fetch-by-host.ts'
import { until } from '../support/until.ts'

const MADE_WITHIN_MS = 20_000
const CALL_MS = 3_000
const VERSION = '2010-05-15'
const newName = () => `probe-${randomBytes(4).toString('hex')}`

/** Whether CloudFormation makes these resources. */
async function makes(emulator: EmulatorName, Resources: object, StackName = newName()): Promise<boolean> {
  const ask = (Action: string, more: Record<string, string> = {}) =>
    askEmulator(emulator, 'cloudformation', { Action, StackName, Version: VERSION, ...more })
  try {
    await ask('CreateStack', {
      TemplateBody: JSON.stringify({ Resources }),
      'Capabilities.member.1': 'CAPABILITY_IAM',
    })
  } catch {
    return false
  }
  const status = async () => textsOf(await ask('DescribeStacks'), 'StackStatus')[0] ?? ''
  const isThere = (one: string) => !one.endsWith('_IN_PROGRESS')
  return (await until(status, isThere, MADE_WITHIN_MS)) === 'CREATE_COMPLETE'
}

/** Makes a function of this code; answers its name. */
async function makeFunction(code: string, more: object = {}): Promise<string> {
  const FunctionName = newName()
  const Role = 'arn:aws:iam::000000000000:role/probe'
  const Code = { ZipFile: code }
  const Properties = {
    FunctionName,
    Role,
    Code,
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 30,
    ...more,
  }
  if (!(await makes('ministack', { Function: { Type: 'AWS::Lambda::Function', Properties } })))
    throw new Error('no function could be made')
  return FunctionName
}

const lambda = () => new LambdaClient(emulatorClientConfig('ministack'))

/** What the function answers; undefined when the call failed. */
async function answerOf(FunctionName: string): Promise<string | undefined> {
  const { FunctionError, Payload } = await lambda().send(new InvokeCommand({ FunctionName }))
  return FunctionError === undefined ? Buffer.from(Payload ?? []).toString() : undefined
}

/** Whether no alarm can be made that looks at an expression over figures. */
export async function lacksMetricMath(emulator: EmulatorName): Promise<boolean> {
  const Metric = { Namespace: 'N', MetricName: 'M' }
  const Properties = {
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    Threshold: 1,
    Metrics: [
      { Id: 'm', ReturnData: false, MetricStat: { Metric, Period: 60, Stat: 'Sum' } },
      { Id: 'e', Expression: 'm * 2' },
    ],
  }
  return !(await makes(emulator, { Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties } }))
}

/** Whether CloudFormation knows no application of CodeDeploy. */
export async function lacksCodeDeploy(emulator: EmulatorName): Promise<boolean> {
  const Properties = { ComputePlatform: 'Lambda' }
  return !(await makes(emulator, { Application: { Type: 'AWS::CodeDeploy::Application', Properties } }))
}

/** Whether CloudFormation cannot say what a plan of AWS Backup copies. */
export async function lacksBackupSelections(emulator: EmulatorName): Promise<boolean> {
  const BackupPlanRule = [{ RuleName: 'daily', TargetBackupVault: { Ref: 'Vault' } }]
  return !(await makes(emulator, {
    Vault: { Type: 'AWS::Backup::BackupVault', Properties: { BackupVaultName: newName() } },
    Plan: {
      Type: 'AWS::Backup::BackupPlan',
      Properties: { BackupPlan: { BackupPlanName: newName(), BackupPlanRule } },
    },
    Selection: {
      Type: 'AWS::Backup::BackupSelection',
      Properties: {
        BackupPlanId: { Ref: 'Plan' },
        BackupSelection: {
          SelectionName: 'all',
          IamRoleArn: 'arn:aws:iam::000000000000:role/probe',
          Resources: ['*'],
        },
      },
    },
  }))
}

/** Whether a Node function that brings no SDK along finds none. */
export async function hasNoSdkInItsRuntime(): Promise<boolean> {
  const name = await makeFunction(
    "exports.handler = async () => { require('@aws-sdk/client-s3'); return 'there' }",
  )
  return (await answerOf(name)) === undefined
}

/** Whether the files of a layer are not where Lambda has them. */
export async function putsLayersElsewhere(): Promise<boolean> {
  const python = path.join(process.env['FLOW_VAULT_TEST_PYTHON_BIN'] ?? '', 'python')
  const zip =
    "import io, sys, zipfile; b = io.BytesIO(); z = zipfile.ZipFile(b, 'w'); z.writestr('of-the-layer', 'x'); z.close(); sys.stdout.buffer.write(b.getvalue())"
  const ZipFile = execFileSync(python, ['-c', zip])
  const layer = new PublishLayerVersionCommand({ LayerName: newName(), Content: { ZipFile } })
  const { LayerVersionArn } = await lambda().send(layer)
  const name = await makeFunction(
    "exports.handler = async () => require('node:fs').existsSync('/opt/of-the-layer')",
    { Layers: [LayerVersionArn] },
  )
  return (await answerOf(name)) !== 'true'
}

/** Whether a change of a function ends a call that is under way. */
export async function endsCallsOfWhatIsChanged(): Promise<boolean> {
  const FunctionName = await makeFunction(
    `exports.handler = () => new Promise((done) => setTimeout(() => done('answered'), ${CALL_MS}))`,
  )
  const answer = answerOf(FunctionName)
  // Not before the call has begun, of which nothing tells: what comes too early finds that nothing deviates.
  await new Promise((done) => setTimeout(done, CALL_MS / 2))
  await lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 29 }))
  return (await answer.catch(() => undefined)) === undefined
}

/** Whether a bucket that refuses whoever comes without TLS refuses CloudFront, which comes with it. */
export async function hasNoTlsAtItsEdge(): Promise<boolean> {
  const Bucket = newName()
  const { endpoint } = emulatorClientConfig('ministack')
  const files = { 'Fn::Sub': `arn:aws:s3:::${Bucket}/*` }
  const statement = (Effect: string, more: object) => ({ Effect, Resource: files, ...more })
  const Comment = newName()
  const made = await makes('ministack', {
    Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: Bucket } },
    Control: {
      Type: 'AWS::CloudFront::OriginAccessControl',
      Properties: {
        OriginAccessControlConfig: {
          Name: newName(),
          OriginAccessControlOriginType: 's3',
          SigningBehavior: 'always',
          SigningProtocol: 'sigv4',
        },
      },
    },
    Edge: {
      Type: 'AWS::CloudFront::Distribution',
      Properties: {
        DistributionConfig: {
          Comment,
          Enabled: true,
          DefaultCacheBehavior: {
            TargetOriginId: 'files',
            ViewerProtocolPolicy: 'allow-all',
            CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          },
          Origins: [
            {
              Id: 'files',
              DomainName: { 'Fn::GetAtt': ['Files', 'RegionalDomainName'] },
              OriginAccessControlId: { 'Fn::GetAtt': ['Control', 'Id'] },
              S3OriginConfig: { OriginAccessIdentity: '' },
            },
          ],
        },
      },
    },
    Policy: {
      Type: 'AWS::S3::BucketPolicy',
      DependsOn: 'Edge',
      Properties: {
        Bucket,
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            statement('Allow', {
              Principal: { Service: 'cloudfront.amazonaws.com' },
              Action: 's3:GetObject',
            }),
            statement('Deny', {
              Principal: { AWS: '*' },
              Action: 's3:*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
          ],
        },
      },
    },
  })
  if (!made) throw new Error('no distribution could be made')
  await fetch(`${endpoint}/${Bucket}/file`, { method: 'PUT', body: 'x' })
  const listed = await (await fetch(`${endpoint}/2020-05-31/distribution`)).text()
  const [summary = ''] = listed.split('<DistributionSummary>').filter((one) => one.includes(Comment))
  const [domain = ''] = textsOf(summary, 'DomainName')
  const browser = fetchByHost(endpoint, domain)
  const answer = await browser(`${endpoint}/file`, { headers: { 'x-forwarded-proto': 'https' } })
  return answer.status === 403
}
