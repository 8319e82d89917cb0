import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type App, Aspects, CfnResource, type IAspect, Stack } from 'aws-cdk-lib'
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch'
import { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3'
import { CfnQueue } from 'aws-cdk-lib/aws-sqs'
import type { IConstruct } from 'constructs'
import { ENV } from '../../functions/config.ts'
import { buildApp } from '../../infra/build-app.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'

/*
 * What `cdk` runs for the tests that deploy: the project's own app. Its functions are told by two variables of theirs
 * which private authority to trust, and where to find AWS. What MiniStack cannot do is done in another way, each
 * listed among its deviations.
 */

/** As long as the function may take that works the queue; SQS takes no less. */
const DELIVERY_SECONDS = FUNCTION_TABLE.find(({ follows }) => follows === 'deliveries')!.timeoutSeconds
const QUEUES: readonly string[] = [ENV.workQueueUrl, ENV.freezeQueueUrl, ENV.deliveryQueueUrl]
const {
  FUNCTIONS_AUTHORITY: authority,
  FUNCTIONS_ENDPOINT: endpoint,
  AWS_COMMAND_LINE: commandLine,
} = process.env
const BUCKET_DEPLOYMENT = path.resolve(
  import.meta.dirname,
  '../../node_modules/aws-cdk-lib/custom-resource-handlers/dist/aws-s3-deployment/bucket-deployment-handler/index.py',
)
const LAYER_COMMAND = '/opt/awscli/aws'

class ForTheEmulator implements IAspect {
  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node)) return
    if (node.cfnResourceType === CfnAlarm.CFN_RESOURCE_TYPE_NAME) withoutMath(node)
    if (node.cfnResourceType === CfnQueue.CFN_RESOURCE_TYPE_NAME) soonSeenAgain(node as CfnQueue)
    if (node.cfnResourceType === CfnBucketPolicy.CFN_RESOURCE_TYPE_NAME) withoutTls(node as CfnBucketPolicy)
    if (node.cfnResourceType !== CfnFunction.CFN_RESOURCE_TYPE_NAME) return
    if (node.node.path.includes('Custom::')) withOwnCommand(node)
    else toldOfTheTest(node as CfnFunction)
  }
}

/** `metric-math-is-missing`: an alarm looks at the first of its figures alone. */
function withoutMath(alarm: CfnResource): void {
  const { Metrics } = propertiesOf(alarm)
  const [{ MetricStat: first } = { MetricStat: undefined }] = ((Metrics ?? []) as Figure[]).filter(
    ({ MetricStat }) => MetricStat !== undefined,
  )
  if (first === undefined) return
  const { Metric, Period, Stat } = first
  const { Namespace, MetricName, Dimensions = [] } = Metric
  // What another stack has to say is not known here, and no alarm is judged by it.
  const known = Dimensions.filter(({ Value }) => typeof Value === 'string')
  const alone = { Namespace, MetricName, Dimensions: known, Period, ...statistic(Stat) }
  alarm.addPropertyDeletionOverride('Metrics')
  for (const [name, value] of Object.entries(alone)) alarm.addPropertyOverride(name, value)
}

interface Figure {
  readonly MetricStat?: {
    readonly Metric: {
      readonly Namespace: string
      readonly MetricName: string
      readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[]
    }
    readonly Period: number
    readonly Stat: string
  }
}

function statistic(stat: string): object {
  return /^p/.test(stat) ? { ExtendedStatistic: stat } : { Statistic: stat }
}

/** `layers-are-elsewhere`: what puts the files of the page into their bucket runs the AWS command line of the tests. */
function withOwnCommand(target: CfnResource): void {
  if (!target.node.path.includes('CDKBucketDeployment') || commandLine === undefined) return
  const text = readFileSync(BUCKET_DEPLOYMENT, 'utf8')
  target.addPropertyOverride('Code', { ZipFile: text.replace(LAYER_COMMAND, commandLine) })
  target.addPropertyDeletionOverride('Code.S3Bucket')
  target.addPropertyDeletionOverride('Code.S3Key')
}

/** `changes-end-calls`: a message that an ended call had in hand comes again after a minute, and not after six. */
function soonSeenAgain(queue: CfnQueue): void {
  if (queue.fifoQueue === true && queue.visibilityTimeout !== undefined)
    queue.addPropertyOverride('VisibilityTimeout', DELIVERY_SECONDS)
}

/** `an-edge-has-no-tls`: what refuses whoever comes without it refuses CloudFront. */
function withoutTls(policy: CfnBucketPolicy): void {
  const { Statement } = Stack.of(policy).resolve(policy.policyDocument) as {
    readonly Statement: readonly { readonly Effect: string }[]
  }
  const allowing = Statement.filter(({ Effect }) => Effect === 'Allow')
  policy.addPropertyOverride('PolicyDocument.Statement', allowing)
}

function toldOfTheTest(target: CfnFunction): void {
  const set = (name: string, value: unknown) =>
    target.addPropertyOverride(`Environment.Variables.${name}`, value)
  if (authority !== undefined) set('NODE_EXTRA_CA_CERTS', authority)
  if (endpoint === undefined) return
  set('AWS_ENDPOINT_URL', endpoint)
  const stack = Stack.of(target)
  const { variables = {} } = (stack.resolve(target.environment) ?? {}) as {
    readonly variables?: Readonly<Record<string, unknown>>
  }
  // The SQS client takes the address in a queue's URL for the endpoint.
  for (const [name, url] of Object.entries(variables))
    if (QUEUES.includes(name)) set(name, atEndpoint(endpoint, url))
}

/** A queue's URL is `scheme://host/<account>/<name>`. */
function atEndpoint(base: string, url: unknown): object {
  const part = (index: number) => ({ 'Fn::Select': [index, { 'Fn::Split': ['/', url] }] })
  return { 'Fn::Join': ['/', [base, part(3), part(4)]] }
}

/** What the template will say of it. */
function propertiesOf(resource: CfnResource): Readonly<Record<string, unknown>> {
  const { Resources } = Stack.of(resource).resolve(resource._toCloudFormation()) as {
    readonly Resources: Readonly<Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>>
  }
  return Object.values(Resources)[0]!.Properties
}

/** `the-sdk-is-not-in-the-runtime`: nothing empties the bucket of the page when its stack goes. */
function withoutEmptying(app: App): void {
  for (const node of app.node.findAll())
    if (CfnResource.isCfnResource(node) && node.cfnResourceType === 'Custom::S3AutoDeleteObjects')
      node.node.scope?.node.tryRemoveChild(node.node.id)
}

const app = buildApp({}, process.env['AWS_ENDPOINT_URL'])
withoutEmptying(app)
Aspects.of(app).add(new ForTheEmulator())
app.synth()
