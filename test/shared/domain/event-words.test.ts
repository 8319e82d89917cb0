import type { VaultEvent } from '../../../shared/domain/change-event.ts'
import { eventMessage, toldEvent } from '../../../shared/domain/event-words.ts'

const event = (type: string, more: object = {}) => ({ type, changed: [], ...more }) as unknown as VaultEvent

describe('eventMessage', () => {
  it.each([
    ['connection.created', {}, 'The connection was added.'],
    ['connection.created', { changed: ['restored'] }, 'The connection was restored.'],
    ['connection.updated', {}, 'The connection was changed.'],
    ['connection.updated', { changed: ['setup', 'scopes'] }, 'Changed: setup, permissions.'],
    ['connection.updated', { changed: ['some_new_field'] }, 'Changed: some new field.'],
    ['connection.credentials_rotated', {}, 'The credentials were renewed.'],
    ['connection.degraded', {}, 'The connection works, but its renewal is failing or its end is near.'],
    [
      'connection.degraded',
      { changed: ['scopes'] },
      'The connection works with fewer permissions than it needs.',
    ],
    ['connection.recovered', {}, 'The connection works again.'],
    ['connection.authorization_expiring', {}, 'The connection stops soon unless a person renews it.'],
    [
      'connection.reauthorization_required',
      {},
      'The connection has stopped: a person has to authorize it again.',
    ],
    ['connection.frozen', {}, 'The connection was frozen.'],
    ['connection.unfrozen', {}, 'The connection is no longer frozen.'],
    ['connection.deleted', {}, 'The connection was deleted.'],
    ['subscription.paused', { reason: 'by_person' }, 'The subscription was paused: by a person.'],
    ['subscription.paused', { reason: 'of_a_new_kind' }, 'The subscription was paused: of a new kind.'],
    ['subscription.resumed', {}, 'The subscription was resumed.'],
    ['subscription.ended', { reason: 'gone' }, 'The subscription has ended: its receiver answered 410.'],
    [
      'subscription.delivery_failed',
      { reason: 'expired' },
      'An event was given up: it could not be delivered for 24 hours.',
    ],
    ['subscription.test', {}, 'A test: this subscription works.'],
  ])('of %s with %j', (type, more, message) => {
    expect(eventMessage(event(type, more))).toBe(message)
  })
})

describe('toldEvent', () => {
  it('is the event with its sentence, and null where nobody caused it', () => {
    expect(toldEvent(event('connection.frozen', { actor: { id: 'client' } }))).toEqual({
      type: 'connection.frozen',
      changed: [],
      actor: { id: 'client' },
      message: 'The connection was frozen.',
    })
    expect(toldEvent(event('connection.frozen')).actor).toBeNull()
  })
})
