import type { EventActor, EventType, VaultEvent } from './change-event.ts'

/** What each type of event means, in one line, for the documents of the API. */
export const EVENT_SUMMARIES: Readonly<Record<EventType, string>> = {
  'connection.created': 'A connection was added, or restored after it had been deleted.',
  'connection.updated': 'Name or setup of a connection changed; flows get the new credential from now on.',
  'connection.credentials_rotated': 'A connection has a new credential; the old one may end soon.',
  'connection.degraded': 'A connection still works, and something about it needs attention.',
  'connection.recovered': 'A connection that was in trouble works again.',
  'connection.authorization_expiring': 'A connection stops at a known date unless a person renews it.',
  'connection.reauthorization_required':
    'A connection has stopped: a person has to authorize it, or to enter a new credential.',
  'connection.frozen': 'Somebody stopped a connection; flows are refused until the freeze is lifted.',
  'connection.unfrozen': 'A freeze of a connection was lifted.',
  'connection.deleted': 'A connection was deleted; it can be restored for 7 days unless it was purged.',
  'subscription.paused': 'Events no longer go to a subscription, until somebody resumes it.',
  'subscription.resumed': 'Events go to a subscription again.',
  'subscription.ended': 'The receiver answered 410: nothing is sent to it any more.',
  'subscription.delivery_failed': 'One event could not be delivered for 24 hours and was given up.',
  'subscription.test': 'Somebody tries a subscription; it goes to that one only and is not in the feed.',
}

const FIELD_WORDS: Readonly<Record<string, string>> = {
  name: 'name',
  setup: 'setup',
  credentials: 'credentials',
  authorization: 'authorization',
  account: 'account',
  credential_expires_at: 'end of the credential',
  scopes: 'permissions',
  status: 'state',
}

/** Why a subscription stands still, in words. */
const REASON_WORDS: Readonly<Record<string, string>> = {
  by_person: 'by a person',
  failing: 'its receiver has failed for 24 hours',
  backlog: 'too many events wait for it',
  target_gone: 'the connection it sends to is not there any more',
  gone: 'its receiver answered 410',
  expired: 'it could not be delivered for 24 hours',
}

/** An event as it leaves the vault, by whatever way: with a sentence for people, and null where nobody caused it. */
export type ToldEvent = Omit<VaultEvent, 'actor'> & {
  readonly actor: EventActor | null
  readonly message: string
}

/** The event as the feed, the bus and webhooks tell it: one shape, so that one schema holds for all. */
export function toldEvent(event: VaultEvent): ToldEvent {
  return { ...event, actor: event.actor ?? null, message: eventMessage(event) }
}

/** One sentence about an event for people, made of its codes alone: it names no connection and nobody. */
export function eventMessage(event: VaultEvent): string {
  switch (event.type) {
    case 'connection.created':
      return event.changed.includes('restored') ? 'The connection was restored.' : 'The connection was added.'
    case 'connection.updated':
      return updatedMessage(event.changed)
    case 'connection.credentials_rotated':
      return 'The credentials were renewed.'
    case 'connection.degraded':
      return event.changed.includes('scopes')
        ? 'The connection works with fewer permissions than it needs.'
        : 'The connection works, but its renewal is failing or its end is near.'
    case 'connection.recovered':
      return 'The connection works again.'
    case 'connection.authorization_expiring':
      return 'The connection stops soon unless a person renews it.'
    case 'connection.reauthorization_required':
      return 'The connection has stopped: a person has to authorize it again.'
    case 'connection.frozen':
      return 'The connection was frozen.'
    case 'connection.unfrozen':
      return 'The connection is no longer frozen.'
    case 'connection.deleted':
      return 'The connection was deleted.'
    case 'subscription.paused':
      return `The subscription was paused: ${reasonWords(event.reason)}.`
    case 'subscription.resumed':
      return 'The subscription was resumed.'
    case 'subscription.ended':
      return `The subscription has ended: ${reasonWords(event.reason)}.`
    case 'subscription.delivery_failed':
      return `An event was given up: ${reasonWords(event.reason)}.`
    case 'subscription.test':
      return 'A test: this subscription works.'
  }
}

function updatedMessage(changed: readonly string[]): string {
  const fields = changed.map((field) => FIELD_WORDS[field] ?? field.replaceAll('_', ' '))
  return fields.length === 0 ? 'The connection was changed.' : `Changed: ${fields.join(', ')}.`
}

function reasonWords(reason: string): string {
  return REASON_WORDS[reason] ?? reason.replaceAll('_', ' ')
}
