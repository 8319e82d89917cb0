import { actorOf, eventExpiryS, isChangeType, publishedAtS } from '../../../shared/domain/change-event.ts'

describe('actorOf', () => {
  it('is the id alone, and nothing where nobody is known', () => {
    expect(actorOf({ actor: { id: 'client', name: 'Ada' } as never })).toEqual({ actor: { id: 'client' } })
    expect(actorOf({ actor: undefined })).toEqual({})
    expect(actorOf({})).toEqual({})
  })
})

describe('eventExpiryS', () => {
  it('is thirty days after, in whole seconds, and tells when that was', () => {
    expect(eventExpiryS(1_893_456_000_999)).toBe(1_896_048_000)
    expect(publishedAtS(1_896_048_000)).toBe(1_893_456_000)
  })
})

describe('isChangeType', () => {
  it('tells events about connections from those about subscriptions', () => {
    expect([isChangeType('connection.updated'), isChangeType('subscription.paused')]).toEqual([true, false])
  })
})
