import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS, migrate, NewerDatabaseError } from '../../../../shared/adapters/sqlite/migrations.ts'

const STEPS = ['CREATE TABLE one (id INTEGER)', 'CREATE TABLE two (id INTEGER)', 'INSERT INTO one VALUES (1)']

describe('migrate', () => {
  let database: DatabaseSync
  beforeEach(() => {
    database = new DatabaseSync(':memory:')
  })
  afterEach(() => database.close())

  const version = () => database.prepare('PRAGMA user_version').get()?.['user_version']
  const tables = () =>
    database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .all()
      .map((row) => row['name'])

  it('brings an empty database to the newest schema', () => {
    migrate(database)
    expect(version()).toBe(MIGRATIONS.length)
    expect(tables()).toEqual(['items'])
  })

  it('runs the steps that are missing, once each', () => {
    migrate(database, STEPS.slice(0, 1))
    expect(tables()).toEqual(['one'])
    migrate(database, STEPS)
    migrate(database, STEPS)
    expect(tables()).toEqual(['one', 'two'])
    expect(database.prepare('SELECT id FROM one').all()).toHaveLength(1)
    expect(version()).toBe(3)
  })

  it('changes nothing when a step fails', () => {
    migrate(database, STEPS.slice(0, 1))
    expect(() => migrate(database, [...STEPS, 'nonsense'])).toThrow('syntax error')
    expect(tables()).toEqual(['one'])
    expect(version()).toBe(1)
    expect(database.isTransaction).toBe(false)
  })

  it('refuses a database of a newer release, and leaves it alone', () => {
    migrate(database, STEPS)
    expect(() => migrate(database, STEPS.slice(0, 2))).toThrow(NewerDatabaseError)
    expect(() => migrate(database, STEPS.slice(0, 2))).toThrow(
      'has schema version 3, and this release knows 2',
    )
    expect(version()).toBe(3)
  })

  it('uses an index for each query of the store, and reads no row for what is due', () => {
    migrate(database)
    const planOf = (sql: string) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => row['detail'])
        .join('; ')
    expect(
      planOf(`SELECT sort FROM items WHERE partition = 'p' AND sort >= 'a' ORDER BY sort LIMIT 1 OFFSET 9`),
    ).toBe('SEARCH items USING COVERING INDEX sqlite_autoindex_items_1 (partition=? AND sort>?)')
    expect(
      planOf(`SELECT due_at, partition, sort FROM items WHERE due_shard = 's' AND due_at <= 5
      AND (due_at, partition, sort) > (1, 'p', 's') ORDER BY due_at, partition, sort`),
    ).toContain('SEARCH items USING COVERING INDEX items_due (due_shard=?')
    expect(planOf('SELECT rowid FROM items WHERE expires_at_s < 5 ORDER BY expires_at_s LIMIT 9')).toBe(
      'SEARCH items USING COVERING INDEX items_expiry (expires_at_s<?)',
    )
  })
})
