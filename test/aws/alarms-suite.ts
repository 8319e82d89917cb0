import { askEmulator, textsOf } from '../support/emulator-query.ts'
import type { DeployedVault } from './deploy.ts'

/** The alarms of a deployed vault as its operator meets them. */
export function alarmsSuite(place: () => DeployedVault): void {
  it('has its alarms and their topic', async () => {
    const { stage, outputs } = place()
    expect(outputs['AlarmTopicArn']).toMatch(/^arn:aws:sns:/)
    const described = await askEmulator('ministack', 'monitoring', {
      Action: 'DescribeAlarms',
      Version: '2010-08-01',
      AlarmNamePrefix: `FlowVault-${stage}-Alarms`,
      MaxRecords: '100',
    })
    const names = textsOf(described, 'AlarmName')
    expect(names.length).toBeGreaterThan(20)
  })
}
