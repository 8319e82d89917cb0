import { Template } from 'aws-cdk-lib/assertions'
import { askEmulator, textsOf } from '../support/emulator-query.ts'
import { testStacks } from '../support/test-stage.ts'

const STACK = 'alarms-under-test'

const ask = (service: string, parameters: Readonly<Record<string, string>>) =>
  askEmulator('moto', service, parameters)

type Properties = Readonly<Record<string, unknown>>
type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties: Properties }>>

/** What the other stacks would answer. */
function withoutOutputs<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === 'object' && member !== null && 'Fn::GetStackOutput' in member ? 'an-output' : member,
    ),
  ) as Value
}

/** Every intrinsic as a text: what it stands for is not in moto, and no alarm is judged by it. */
function withoutIntrinsics<Value>(value: Value): Value {
  return JSON.parse(
    JSON.stringify(value, (_, member: unknown) => {
      const isIntrinsic =
        typeof member === 'object' &&
        member !== null &&
        Object.keys(member).length === 1 &&
        /^(?:Ref|Fn::[A-Za-z]+)$/.test(Object.keys(member)[0]!)
      return isIntrinsic ? 'of-another-stack' : member
    }),
  ) as Value
}

/** The properties of an alarm are the parameters of PutMetricAlarm, as the query protocol spells them. */
function flat(value: unknown, name = ''): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((one, index) => flat(one, `${name}.member.${index + 1}`))
  if (typeof value !== 'object' || value === null) return [[name, String(value)]]
  return Object.entries(value).flatMap(([key, one]) => flat(one, name === '' ? key : `${name}.${key}`))
}

describe('the stack of alarms', () => {
  const { alarms } = testStacks({ alarms: { email: 'on-duty@example.com' } })
  const template = Template.fromStack(alarms)

  const { Resources } = template.toJSON() as { Resources: Resources }

  it('has its topic and its rule made by CloudFormation', async () => {
    // Moto's CloudFormation knows no alarms, and the dashboard shows them; they come by their own API below.
    const made = Object.entries(Resources).filter(([, { Type }]) => !Type.startsWith('AWS::CloudWatch::'))
    const TemplateBody = JSON.stringify(withoutOutputs({ Resources: Object.fromEntries(made) }))
    const cloudFormation = { Version: '2010-05-15', StackName: STACK }
    await ask('cloudformation', { Action: 'CreateStack', ...cloudFormation, TemplateBody })
    const described = await ask('cloudformation', { Action: 'DescribeStacks', ...cloudFormation })
    expect(textsOf(described, 'StackStatus')).toEqual(['CREATE_COMPLETE'])
  })

  it('has alarms that CloudWatch takes, each with its figures, threshold, article and what no figure means', async () => {
    const wanted = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    expect(wanted.length).toBeGreaterThan(20)
    for (const [
      AlarmName,
      {
        Properties: { Tags: _tags, ...properties },
      },
    ] of wanted) {
      const parameters = Object.fromEntries(flat(withoutIntrinsics({ AlarmName, ...properties })))
      await ask('monitoring', { Action: 'PutMetricAlarm', Version: '2010-08-01', ...parameters })
    }
    const made = await ask('monitoring', { Action: 'DescribeAlarms', Version: '2010-08-01' })
    const valuesOf = (name: string) => wanted.map(([, { Properties }]) => String(Properties[name])).sort()
    expect(textsOf(made, 'AlarmName').sort()).toEqual(wanted.map(([id]) => id).sort())
    expect(textsOf(made, 'AlarmDescription').sort()).toEqual(valuesOf('AlarmDescription'))
    expect(textsOf(made, 'TreatMissingData').sort()).toEqual(valuesOf('TreatMissingData'))
    expect(textsOf(made, 'Threshold').map(Number).sort()).toEqual(valuesOf('Threshold').map(Number).sort())
  })
})
