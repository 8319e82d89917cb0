import { DatabaseSync } from 'node:sqlite'
import { ItemStatements } from '../../../../shared/adapters/sqlite/item-statements.ts'
import { MIGRATIONS, migrate, NewerDatabaseError } from '../../../../shared/adapters/sqlite/migrations.ts'

const STEPS = ['CREATE TABLE one (id INTEGER)', 'CREATE TABLE two (id INTEGER)', 'INSERT INTO one VALUES (1)']

/**
 * The databases that releases have made, each with a row: never edited, for they are out there. A new migration adds
 * the schema that it leaves.
 */
const RELEASED_SCHEMAS = [
  `CREATE TABLE items (
     partition TEXT NOT NULL,
     sort TEXT NOT NULL,
     attributes TEXT NOT NULL,
     due_shard TEXT,
     due_at REAL,
     expires_at_s REAL,
     PRIMARY KEY (partition, sort)
   ) STRICT;
   CREATE INDEX items_due ON items (due_shard, due_at, partition, sort) WHERE due_shard IS NOT NULL;
   CREATE INDEX items_expiry ON items (expires_at_s) WHERE expires_at_s IS NOT NULL;
   CREATE TABLE mark (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     vault TEXT NOT NULL,
     opened INTEGER NOT NULL,
     in_use INTEGER NOT NULL,
     parts TEXT NOT NULL
   ) STRICT;
   CREATE INDEX items_listed ON items (partition, sort, json_extract(attributes, '$.v', '$.id', '$.name',
     '$.appId', '$.setupType', '$.account', '$.accountName', '$.status', '$.oauthAppId', '$.requiredScopes',
     '$.grants', '$.failure', '$.createdAtMs', '$.refreshedAtMs', '$.credentialExpiresAtMs',
     '$.lastFetchedHour', '$.due_at'))
     WHERE partition GLOB 'TENANT#*#CONNECTIONS';
   INSERT INTO items VALUES ('p', 's', '{}', 'work#0', 1.5, 2);`,
]

function newest(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  migrate(database)
  return database
}

function schemaOf(database: DatabaseSync): unknown[] {
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
  return rows.map(({ type, name, sql }) => [type, name, String(sql).replaceAll(/\s+/g, ' ')])
}

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
    expect(tables()).toEqual(['items', 'mark'])
  })

  it('brings a database of each older release to the newest schema, and keeps what is in it', () => {
    for (const [index, sql] of RELEASED_SCHEMAS.entries()) {
      const old = new DatabaseSync(':memory:')
      old.exec(sql)
      old.exec(`PRAGMA user_version = ${index + 1}`)
      migrate(old)
      expect(schemaOf(old)).toEqual(schemaOf(newest()))
      const row = old.prepare('SELECT partition, sort, attributes, due_at, expires_at_s FROM items').get()
      expect(row).toMatchObject({ partition: 'p', sort: 's', attributes: '{}', due_at: 1.5, expires_at_s: 2 })
      old.close()
    }
    expect(RELEASED_SCHEMAS).toHaveLength(MIGRATIONS.length)
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
    const walked: string[] = []
    const noted = {
      prepare: (sql: string, options: Parameters<DatabaseSync['prepare']>[1]) => {
        walked.push(sql)
        return database.prepare(sql, options)
      },
    }
    new ItemStatements(noted as DatabaseSync)
    const listed = walked.filter((sql) => sql.includes('json_extract'))
    expect(listed).toHaveLength(4)
    for (const sql of listed)
      expect(planOf(sql)).toContain('SEARCH items USING COVERING INDEX items_listed (partition=? AND sort>?')
    expect(planOf('SELECT rowid FROM items WHERE expires_at_s < 5 ORDER BY expires_at_s LIMIT 9')).toBe(
      'SEARCH items USING COVERING INDEX items_expiry (expires_at_s<?)',
    )
  })
})
