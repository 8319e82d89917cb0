import type { DatabaseSync } from 'node:sqlite'

/**
 * The schema, one step a version; a step that has been released is never edited. `items` keeps its rowid,
 * so that the primary key's index is a small tree of its own: `skip` walks that, not the rows.
 * The other indexes are sparse; `items_due` holds whole keys, so that a sweep never touches a row, and `items_listed`
 * the attributes that lists of connections are made of: a fifth of what reading the rows takes.
 */
export const MIGRATIONS: readonly string[] = [
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
     WHERE partition GLOB 'TENANT#*#CONNECTIONS';`,
]

/** The database was last opened by a newer release, whose schema this one does not know. Nothing was changed. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError'
}

/**
 * Brings the database to the newest schema, all steps in one transaction; a second process that starts at
 * the same time waits for it. Throws NewerDatabaseError when its version is above the last of `migrations`.
 */
export function migrate(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  if (versionOf(database, migrations) === migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Read again under the lock: another process may have migrated meanwhile.
    for (const step of migrations.slice(versionOf(database, migrations))) database.exec(step)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
    database.exec('COMMIT')
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK')
  }
}

/** The version of the schema, 0 for an empty database. Throws NewerDatabaseError. */
export function versionOf(database: DatabaseSync, migrations: readonly string[] = MIGRATIONS): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > migrations.length) {
    throw new NewerDatabaseError(
      `the database has schema version ${version}, and this release knows ${migrations.length} at most: start the newer release`,
    )
  }
  return version
}
