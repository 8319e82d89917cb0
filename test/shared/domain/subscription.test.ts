import type { VaultEvent } from '../../../shared/domain/change-event.ts'
import { laneOf, type SubscriptionFilter, wants } from '../../../shared/domain/subscription.ts'

const updated = {
  type: 'connection.updated',
  connection_id: 'ac_1',
  app_id: 'SLACK',
} as unknown as VaultEvent
const paused = { type: 'subscription.paused', subscription_id: 'su_1' } as unknown as VaultEvent
const gaveUp = {
  type: 'subscription.delivery_failed',
  subscription_id: 'su_1',
  connection_id: 'ac_1',
} as unknown as VaultEvent

describe('wants', () => {
  it.each<[string, SubscriptionFilter, VaultEvent, boolean]>([
    ['anything without a filter', {}, updated, true],
    ['an event of a subscription without a filter', {}, paused, true],
    ['a type that is named', { types: ['connection.updated'] }, updated, true],
    ['no type that is not named', { types: ['connection.deleted'] }, updated, false],
    ['no type where the list is empty', { types: [] }, updated, false],
    ['an app that is named', { appIds: ['SLACK'] }, updated, true],
    ['no other app', { appIds: ['STRIPE'] }, updated, false],
    ['nothing without an app where apps are named', { appIds: ['SLACK'] }, paused, false],
    ['nothing about deliveries where apps are named', { appIds: ['SLACK'] }, gaveUp, false],
    ['a connection that is named', { connectionIds: ['ac_1'] }, updated, true],
    ['no other connection', { connectionIds: ['ac_2'] }, updated, false],
    ['a delivery about a connection that is named', { connectionIds: ['ac_1'] }, gaveUp, true],
    ['nothing without a connection where some are named', { connectionIds: ['ac_1'] }, paused, false],
    [
      'what fits in one way and not in another',
      { types: ['connection.updated'], connectionIds: ['ac_2'] },
      updated,
      false,
    ],
    [
      'what fits in all',
      { types: ['connection.updated'], appIds: ['SLACK'], connectionIds: ['ac_1'] },
      updated,
      true,
    ],
  ])('lets through %s', (_, filter, event, isWanted) => {
    expect(wants({ filter }, event)).toBe(isWanted)
  })
})

describe('laneOf', () => {
  it('keeps what is about one connection in order, and what is about none', () => {
    expect(laneOf('su_1', updated)).toBe('su_1#ac_1')
    expect(laneOf('su_1', gaveUp)).toBe('su_1#ac_1')
    expect(laneOf('su_1', paused)).toBe('su_1#su_1')
  })
})
