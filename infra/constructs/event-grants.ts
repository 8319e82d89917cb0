import { ENV } from '../../functions/config.ts'
import type { EventGrantName } from '../function-table.ts'
import { allow, type Granted, type VaultResources } from './grant-statements.ts'

/** Partitions of the table of events: what was committed, in which order it is told, and to whom. */
const COMMITTED = ['TENANT#*#EVENTS']
const FEED = ['TENANT#*#FEED', 'TENANT#*#FEED_HEAD']
const DELIVERIES = ['TENANT#*#DELIVERIES']

/** What functions may do with events: each part of the table by the beginning and the end of its partition keys. */
export const EVENT_GRANTS: Readonly<Record<EventGrantName, (resources: VaultResources) => Granted>> = {
  // Whether a commit was applied is told by its event, which is read back for that.
  'write-events': (it) => onEvents(it, [events(it, COMMITTED, ['dynamodb:GetItem', 'dynamodb:PutItem'])]),
  'read-events': (it) =>
    onEvents(it, [
      events(it, [...COMMITTED, ...FEED, ...DELIVERIES], ['dynamodb:GetItem', 'dynamodb:Query']),
    ]),
}

function events(it: VaultResources, keys: readonly string[], actions: readonly string[]) {
  return allow(actions, it.eventsTableArn, { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } })
}

function onEvents(it: VaultResources, statements: Granted['statements']): Granted {
  return { statements, environment: { [ENV.eventsTableName]: it.eventsTableName } }
}
