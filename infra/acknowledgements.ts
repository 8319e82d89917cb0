import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import { SECRET_KINDS, secretIdPrefix } from '../shared/domain/secret-id.ts'
import type { AlarmsStack } from './stacks/alarms-stack.ts'
import type { DataStack } from './stacks/data-stack.ts'
import type { EdgeStack } from './stacks/edge-stack.ts'
import type { VaultStack } from './stacks/vault-stack.ts'
import type { WebStack } from './stacks/web-stack.ts'

interface Acknowledgement {
  readonly id: string
  readonly reason: string
}

const FUNCTION_FINDINGS: readonly Acknowledgement[] = [
  {
    id: 'Serverless::Serverless-LambdaDLQ',
    reason:
      'A function is invoked and waited for, or woken by the queue, which has dead letters of its own, or by a schedule, and then it has a failure destination.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason:
      'X-Ray (PutTraceSegments, PutTelemetryRecords) and ListSecrets know no resources; test/infra/roles.test.ts holds the bare star to those three actions.',
  },
]

const TENANT_KEYS_FINDING: Acknowledgement = {
  id: 'AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]',
  reason:
    'The keys of single tenants come and go with the stage file, and one that left it still opens what it wrapped: a condition holds the role to keys with the tag of this very deployment.',
}

/** One for each beginning of a name that a role may have: those of the deployment, and of each kind of its secrets. */
function secretsFindings(data: DataStack): Acknowledgement[] {
  return [undefined, ...SECRET_KINDS].map((kind) => ({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${secretIdPrefix(data.deploymentIdExport, kind)}*]`,
    reason:
      'A secret is made for each connection while the vault runs: only the beginning of its name is known here.',
  }))
}

const DEAD_LETTERS_FINDINGS: readonly Acknowledgement[] = [
  { id: 'Serverless::Serverless-SQSRedrivePolicy', reason: 'It is a dead-letter queue itself.' },
  {
    id: 'AwsSolutions::AwsSolutions-SQS3',
    reason: 'It is a dead-letter queue itself, of schedules and of the functions they wake.',
  },
]

const QUEUE_FINDING: Acknowledgement = {
  id: 'Serverless::Serverless-LambdaEventSourceMappingDestination',
  reason:
    'For SQS the failed messages go to the dead letters of the queue; a destination is for streams only.',
}

const ROUTE_FINDING: Acknowledgement = {
  id: 'AwsSolutions::AwsSolutions-APIG4',
  reason:
    'The functions verify the token themselves, so that both ways to run the vault answer alike; a test calls every route without a token.',
}

const TOPIC_FINDING: Acknowledgement = {
  id: 'AwsSolutions::AwsSolutions-SNS2',
  reason:
    'An alarm tells a name and a figure, never a secret; CloudWatch cannot publish to a topic under the key of AWS, and a key of ours for it would be one more to lose.',
}

const MAIL_FINDING: Acknowledgement = {
  id: 'Serverless::Serverless-SNSRedrivePolicy',
  reason: 'It is mail to a person: SNS tries for six hours, and CloudWatch keeps the state of the alarm.',
}

const PAGE_FINDINGS: readonly Acknowledgement[] = [
  { id: 'AwsSolutions::AwsSolutions-CFR1', reason: 'People work from anywhere; the token decides.' },
  {
    id: 'AwsSolutions::AwsSolutions-CFR2',
    reason: 'The files are public, and the API behind it counts and refuses by tenant and address itself.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-CFR3',
    reason:
      "A log of requests would hold a callback's query, and in it a code; the API logs without queries.",
  },
  {
    id: 'AwsSolutions::AwsSolutions-CFR4',
    reason:
      'Without a name of its own the distribution has the certificate of CloudFront, and no say in its protocols.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-S1',
    reason: 'The bucket holds what every visitor gets, and CloudFront alone reads it.',
  },
]

/** Of the function of CDK that unpacks the files into the bucket while a stack is deployed, and does nothing else. */
const UNPACKER_FINDINGS: readonly Acknowledgement[] = [
  'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
  ...['GetBucket*', 'GetObject*', 'List*', 'DeleteObject*', 'Abort*'].map(
    (action) => `AwsSolutions::AwsSolutions-IAM5[Action::s3:${action}]`,
  ),
  'AwsSolutions::AwsSolutions-IAM5[Resource::<Files8E6940B8.Arn>/*]',
  'AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]',
  'AwsSolutions::AwsSolutions-L1',
  ...['DLQ', 'LatestVersion', 'Tracing'].map((rule) => `Serverless::Serverless-Lambda${rule}`),
].map((id) => ({
  id,
  reason: "It is CDK's own, runs during a deployment, and knows this one bucket and its assets.",
}))

const BACKUP_FINDING: Acknowledgement = {
  id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup]',
  reason: 'The role is of AWS Backup, and this is the policy that AWS keeps for it.',
}

const CODE_DEPLOY_FINDING: Acknowledgement = {
  id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
  reason: 'The role is of CodeDeploy, and this is the policy that AWS keeps for it.',
}

const EDGE_FINDINGS: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions::AwsSolutions-CFR1',
    reason: 'Flows run wherever their owners run them; the firewall may be given such a rule.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-CFR3',
    reason: 'The API writes the access log; a second one at the edge would hold the query of callbacks.',
  },
]

/** The findings of cdk-nag that this design means, each where it arises and with its reason. */
export function acknowledgeFindings({
  data,
  vault,
  alarms,
  web,
  edge,
}: {
  data: DataStack
  vault: VaultStack
  alarms: AlarmsStack
  web: WebStack | undefined
  edge: EdgeStack | undefined
}): void {
  if (web !== undefined) acknowledge(web, ...PAGE_FINDINGS, ...UNPACKER_FINDINGS)
  acknowledge(data, BACKUP_FINDING)
  acknowledge(vault, CODE_DEPLOY_FINDING)
  if (edge !== undefined) acknowledge(edge, ...EDGE_FINDINGS)
  acknowledge(alarms, TOPIC_FINDING, MAIL_FINDING)
  acknowledge(alarms.keyDeadLetters, ...DEAD_LETTERS_FINDINGS)
  acknowledge(vault.http, ROUTE_FINDING)
  acknowledge(vault.deadLetters, ...DEAD_LETTERS_FINDINGS)
  acknowledge(vault.work.deadLetters, ...DEAD_LETTERS_FINDINGS)
  for (const vaultFunction of vault.functions.values()) {
    acknowledge(vaultFunction, ...FUNCTION_FINDINGS, TENANT_KEYS_FINDING, ...secretsFindings(data))
  }
  acknowledge(vault.events.deadLetters, ...DEAD_LETTERS_FINDINGS)
  for (const child of [...vault.node.children, ...vault.events.node.children]) {
    if (child.node.id.endsWith('-queue')) acknowledge(child, QUEUE_FINDING)
  }
}

function acknowledge(scope: IConstruct, ...findings: readonly Acknowledgement[]): void {
  Validations.of(scope).acknowledge(...findings)
}
