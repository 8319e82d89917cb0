import { VaultTables } from '../../../../shared/adapters/dynamodb/vault-tables.ts'
import {
  connectionKey,
  deliveryKey,
  deliveryShard,
  eventKey,
  feedHeadKey,
  feedKey,
  outboxShards,
  rotationShard,
  subscriptionKey,
  workShard,
} from '../../../../shared/domain/keys.ts'

describe('VaultTables', () => {
  const tables = new VaultTables({ rows: 'rows', events: 'events' })

  it.each([
    ['a connection', connectionKey('acme', 'ac_1').partition, 'rows'],
    ['a subscription', subscriptionKey('acme', 'su_1').partition, 'rows'],
    ['a sealed version', 'SECRET#flow-vault/acme/EVENTS', 'rows'],
    ['an event', eventKey('acme', 'ac_1', 1).partition, 'events'],
    ['the feed', feedKey('acme', 1).partition, 'events'],
    ['its head', feedHeadKey('acme').partition, 'events'],
    ['a delivery', deliveryKey('acme', 'su_1', 1).partition, 'events'],
    ['a row of a tenant with such a name', connectionKey('EVENTS', 'ac_1').partition, 'rows'],
  ])('has %s in its table', (_what, partition, table) => expect(tables.ofPartition(partition)).toBe(table))

  it('has what waits in the index of the table that it is in', () => {
    for (const shard of [...outboxShards(), deliveryShard()]) expect(tables.ofShard(shard)).toBe('events')
    for (const shard of [rotationShard('ac_1'), workShard('ac_1')]) expect(tables.ofShard(shard)).toBe('rows')
  })

  it('says so where a role has no events', () => {
    const none = new VaultTables({ rows: 'rows', events: undefined })
    expect(none.ofPartition(connectionKey('acme', 'ac_1').partition)).toBe('rows')
    expect(() => none.ofPartition(eventKey('acme', 'ac_1', 1).partition)).toThrow('no table of events')
  })
})
