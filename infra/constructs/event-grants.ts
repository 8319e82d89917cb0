import { ENV } from '../../functions/config.ts'
import type { EventGrantName } from '../function-table.ts'
import { allow, type Granted, items, leadingKeys, onTable, type VaultResources } from './grant-statements.ts'

/** Partitions of the table of events: what was committed, in which order it is told, and to whom. */
const COMMITTED = ['TENANT#*#EVENTS']
const FEED = ['TENANT#*#FEED']
const FEED_HEAD = ['TENANT#*#FEED_HEAD']
const DELIVERIES = ['TENANT#*#DELIVERIES']
/** Of the table of rows, these alone are open to who tells of changes. */
const SUBSCRIPTIONS = ['TENANT#*#SUBSCRIPTIONS']
const TURNS = ['TENANT#*#TURNS']

/** What functions may do with events: each part of the table by the beginning and the end of its partition keys. */
export const EVENT_GRANTS: Readonly<Record<EventGrantName, (resources: VaultResources) => Granted>> = {
  // Whether a commit was applied is told by its event, which is read back for that.
  'write-events': (it) => onEvents(it, [events(it, COMMITTED, ['GetItem', 'PutItem'])]),
  'read-events': (it) =>
    onEvents(it, [
      events(it, [...FEED, ...FEED_HEAD], ['GetItem']),
      events(it, [...COMMITTED, ...FEED, ...DELIVERIES], ['Query']),
    ]),
  'number-events': (it) =>
    onEvents(it, [
      events(it, [...COMMITTED, ...FEED_HEAD], ['GetItem', 'UpdateItem']),
      events(it, FEED, ['PutItem']),
    ]),
  'query-outbox': (it) =>
    onEvents(it, [allow(['dynamodb:Query'], it.eventsIndexArn, leadingKeys(['outbox#*']))]),
  'follow-events': (it) =>
    onEvents(it, [
      allow(
        ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((one) => `dynamodb:${one}`),
        it.eventsStreamArn,
      ),
    ]),
  'put-events': (it) => ({
    statements: [allow(['events:PutEvents'], it.busArn)],
    environment: { [ENV.busName]: it.busName },
  }),
  'list-subscriptions': (it) => onTable(it, [items(it, SUBSCRIPTIONS, ['dynamodb:Query'])]),
  'serve-subscriptions': (it) => {
    const actions = ['GetItem', 'PutItem', 'UpdateItem'].map((one) => `dynamodb:${one}`)
    const { statements, environment } = onTable(it, [
      items(it, SUBSCRIPTIONS, actions),
      items(it, TURNS, ['dynamodb:PutItem', 'dynamodb:DeleteItem']),
    ])
    // Where people look at what they are told of.
    return { statements, environment: { ...environment, [ENV.publicUrl]: it.http[ENV.publicUrl] } }
  },
  'keep-deliveries': (it) => onEvents(it, [events(it, DELIVERIES, ['GetItem', 'PutItem'])]),
  // Each is stored before the queue has it, so that the list of deliveries has it while it waits.
  'send-deliveries': (it) => {
    const { statements, environment } = onEvents(it, [events(it, DELIVERIES, ['PutItem'])])
    return {
      statements: [...statements, allow(['sqs:SendMessage'], it.deliveryQueueArn)],
      environment: { ...environment, [ENV.deliveryQueueUrl]: it.deliveryQueueUrl },
    }
  },
  'receive-deliveries': (it) => ({
    statements: [
      allow(
        ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'ChangeMessageVisibility'].map(
          (one) => `sqs:${one}`,
        ),
        it.deliveryQueueArn,
      ),
    ],
    environment: { [ENV.deliveryQueueUrl]: it.deliveryQueueUrl },
  }),
}

function events(it: VaultResources, keys: readonly string[], actions: readonly string[]) {
  return allow(
    actions.map((one) => `dynamodb:${one}`),
    it.eventsTableArn,
    leadingKeys(keys),
  )
}

function onEvents(it: VaultResources, statements: Granted['statements']): Granted {
  return { statements, environment: { [ENV.eventsTableName]: it.eventsTableName } }
}
