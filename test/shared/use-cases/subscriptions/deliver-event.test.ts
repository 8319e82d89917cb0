import type { VaultEvent } from '../../../../shared/domain/change-event.ts'
import { deliverEvent } from '../../../../shared/use-cases/subscriptions/deliver-event.ts'
import { createSubscription } from '../../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { findSubscription } from '../../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { startGrantsUnderTest } from '../../../support/grants-under-test.ts'

describe('deliverEvent', () => {
  it.each([
    ['target_gone', 'target_gone'],
    ['target_frozen', 'failing'],
    ['timeout', 'failing'],
  ])('tries for a day where sending ends in %s, and pauses the subscription as %s', async (code, reason) => {
    const world = await startGrantsUnderTest()
    const { tenant, clock, ports } = world
    const slack = { type: 'WEBHOOK', url: 'https://hooks.slack.com/services/T000/B000/x' }
    const target = { kind: 'connection', connectionId: (await world.create('SLACK', slack)).id } as const
    const { subscription } = await createSubscription(
      { ...ports, checkUrl: () => undefined },
      { tenant, clientId: 'me', target, filter: {} },
    )
    const startedAtMs = clock.nowMs()
    const event = { type: 'connection.created', id: 'ev_1', connection_id: 'ac_1' } as VaultEvent
    const delivering = {
      ...ports,
      fetch: () => Promise.reject(new Error('nothing is posted here')),
      grants: { send: async () => ({ kind: 'failed' as const, code }) },
      metrics: { count: () => undefined, observe: () => undefined },
      deployment: 'here',
      publicUrl: 'https://vault.example.test',
    }
    for (;;) {
      const message = { tenant, subscriptionId: subscription.id, place: 1, event }
      const result = await deliverEvent(delivering, message)
      if (result.kind === 'done') break
      await clock.advance(result.untilMs - clock.nowMs())
    }
    const hours = (clock.nowMs() - startedAtMs) / 3_600_000
    expect(hours).toBeGreaterThan(15)
    expect(hours).toBeLessThanOrEqual(24)
    expect(await findSubscription(ports, tenant, subscription.id)).toMatchObject({ status: 'paused', reason })
    await world.close()
  })
})
