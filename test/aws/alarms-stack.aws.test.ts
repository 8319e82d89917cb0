import { Template } from 'aws-cdk-lib/assertions'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { testStacks } from '../support/test-stage.ts'

/** Moto checks no signature, and tells services apart by its scope. */
const signatureOf = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`
const STACK = 'alarms-under-test'

/** Asks moto's query API; throws with what it refused. */
async function ask(service: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(emulatorClientConfig('moto').endpoint, {
    method: 'POST',
    headers: { authorization: signatureOf(service) },
    body: new URLSearchParams(parameters),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${parameters['Action']}: ${response.status} ${text.slice(0, 2000)}`)
  return text
}

/** What the other stacks would answer: moto has no outputs of stacks that are not there. */
function withOutputs(template: object): string {
  return JSON.stringify(template, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'Fn::GetStackOutput' in value
      ? 'output-of-a-stack'
      : value,
  )
}

const names = (answer: string, tag: string) =>
  [...answer.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map(([, text = '']) => text)

describe('the stack of alarms', () => {
  const { alarms } = testStacks({ alarms: { email: 'on-duty@example.com' } })
  const template = Template.fromStack(alarms)

  it('is deployed by CloudFormation, each alarm with its figures, threshold, article and topic', async () => {
    await ask('cloudformation', {
      Action: 'CreateStack',
      Version: '2010-05-15',
      StackName: STACK,
      TemplateBody: withOutputs(template.toJSON()),
    })
    const described = await ask('cloudformation', {
      Action: 'DescribeStacks',
      Version: '2010-05-15',
      StackName: STACK,
    })
    expect(names(described, 'StackStatus')).toEqual(['CREATE_COMPLETE'])

    const wanted = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties as Readonly<Record<string, unknown>>,
    )
    const made = await ask('monitoring', {
      Action: 'DescribeAlarms',
      Version: '2010-08-01',
      MaxRecords: '100',
    })
    expect(names(made, 'AlarmName')).toHaveLength(wanted.length)
    expect(names(made, 'AlarmDescription').sort()).toEqual(
      wanted.map((one) => one['AlarmDescription']).sort(),
    )
    expect(names(made, 'Threshold').map(Number).sort()).toEqual(wanted.map((one) => one['Threshold']).sort())
    expect(names(made, 'TreatMissingData').sort()).toEqual(
      wanted.map((one) => one['TreatMissingData']).sort(),
    )
    const topics = await ask('sns', { Action: 'ListTopics', Version: '2010-03-31' })
    expect(made).toContain(names(topics, 'TopicArn')[0])
  })
})
