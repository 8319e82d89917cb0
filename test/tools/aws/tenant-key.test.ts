import type { KMSClient } from '@aws-sdk/client-kms'
import {
  scheduleDeletion,
  type TenantKey,
  waitingDays,
  wordsOfDeletion,
  wordsOfFormerKey,
} from '../../../tools/aws/tenant-key.ts'

const NOW_MS = Date.parse('2026-11-29T12:00:00Z')
const arn = (region: string) => `arn:aws:kms:${region}:111122223333:key/mrk-0123`
const KEY: TenantKey = { arn: arn('eu-west-1'), state: 'Enabled', replicas: ['us-east-1', 'eu-north-1'] }

/** KMS in several Regions: a primary key has no day while it has replicas (API reference, ScheduleKeyDeletion). */
function kmsWorld(stateOf: (region: string) => object = () => ({ KeyState: 'Enabled' })) {
  const scheduled: [region: string, days: number][] = []
  const kmsOf = (region: string) =>
    ({
      send: async (command: { constructor: { name: string }; input: { PendingWindowInDays: number } }) => {
        if (command.constructor.name === 'DescribeKeyCommand')
          return { KeyMetadata: { KeyId: 'mrk-0123', ...stateOf(region) } }
        const days = command.input.PendingWindowInDays
        scheduled.push([region, days])
        return region === 'eu-west-1' ? {} : { DeletionDate: new Date(NOW_MS + days * 24 * 3600_000) }
      },
    }) as unknown as Pick<KMSClient, 'send'>
  return { scheduled, kmsOf }
}

describe('scheduleDeletion', () => {
  it('has replicas deleted first, and counts the days of the key itself from theirs', async () => {
    const { scheduled, kmsOf } = kmsWorld()
    const goneAtMs = await scheduleDeletion(kmsOf, KEY, { days: 7, nowMs: NOW_MS })
    expect(scheduled.map(([region]) => region)).toEqual(['us-east-1', 'eu-north-1', 'eu-west-1'])
    expect(new Date(goneAtMs).toISOString()).toBe('2026-12-13T12:00:00.000Z')
  })

  it('goes on with what an earlier run left, and changes no day', async () => {
    const { scheduled, kmsOf } = kmsWorld((region) =>
      region === 'eu-west-1'
        ? { KeyState: 'PendingReplicaDeletion', PendingDeletionWindowInDays: 30 }
        : { KeyState: 'PendingDeletion', DeletionDate: new Date('2026-12-01T00:00:00Z') },
    )
    const goneAtMs = await scheduleDeletion(kmsOf, KEY, { days: 7, nowMs: NOW_MS })
    expect(scheduled).toEqual([])
    expect(new Date(goneAtMs).toISOString()).toBe('2026-12-31T00:00:00.000Z')
  })
})

describe('waitingDays', () => {
  it('is what KMS takes, thirty unless told otherwise', () => {
    expect([undefined, '7', '30'].map(waitingDays)).toEqual([30, 7, 30])
    for (const given of ['6', '31', '7.5', '', 'seven', '007'])
      expect(() => waitingDays(given)).toThrow('Allowed: 7 to 30')
  })
})

describe('wordsOfDeletion', () => {
  const words = (key: TenantKey) =>
    wordsOfDeletion(key, { goneAtMs: Date.parse('2026-12-29T12:00:00Z'), ruleName: 'rule' }).join('\n')

  it('says the day, the way back, and since when nothing of the tenant is elsewhere', () => {
    const told = words({ ...KEY, wrapsAllSince: '2026-10-01T00:00:00.000Z' })
    expect(told).toContain(`${KEY.arn} on 2026-12-29, after its replicas in us-east-1, eu-north-1`)
    expect(told).toContain(`aws kms cancel-key-deletion --key-id ${KEY.arn}`)
    expect(told).toContain('aws events enable-rule --name rule')
    expect(told).toContain('since 2026-10-01T00:00:00.000Z')
  })

  it('promises nothing of copies from before where nobody made sure', () => {
    expect(words({ ...KEY, replicas: [] })).toContain('hold the rest under the shared key')
  })
})

describe('wordsOfFormerKey', () => {
  it('advises no deletion where secrets may still be under it', () => {
    expect(wordsOfFormerKey(KEY.arn, 'sealed')).toContain(`aws kms schedule-key-deletion --key-id ${KEY.arn}`)
    const kept = wordsOfFormerKey(KEY.arn, 'secrets-manager')
    expect(kept).toContain(`${KEY.arn} wraps no item of it any more. Keep it`)
    expect(kept).not.toContain('schedule-key-deletion')
  })
})
