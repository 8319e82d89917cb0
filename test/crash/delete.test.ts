import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { connectionKey, tombstoneKey } from '../../shared/domain/keys.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import type { Tombstone } from '../../shared/rows/tombstone-row.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import { restoreConnection } from '../../shared/use-cases/connections/restore-connection.ts'
import { everyItem } from '../support/stored-items.ts'
import { crashSuite, type Scenario, TENANT } from './scenario.ts'
import type { Process, World } from './world.ts'

const KEY = 'SG.planted-for-deletion'

const withKey = async (process: Process): Promise<ConnectionRow> => {
  const setup = { type: 'API_KEY', api_key: KEY }
  const input = { tenant: TENANT, clientId: 'c1', name: 'mail', appId: 'SENDGRID', setup }
  return (await createConnection(process, input)).row
}
const deleted = async (process: Process): Promise<ConnectionRow> => {
  const row = await withKey(process)
  await deleteConnection(process, { tenant: TENANT, id: row.id, purge: false })
  return row
}

async function tombstoneOf(world: World, id: string): Promise<Tombstone | undefined> {
  return (await world.items.get(tombstoneKey(TENANT, id))) as unknown as Tombstone | undefined
}

/** Whether the connection is there and serves its key, or is gone from the first instant on. */
async function isServing(world: World, id: string): Promise<boolean | string> {
  const row = CONNECTION_ROWS.find(await world.items.get(connectionKey(TENANT, id)))
  if (row === undefined) return false
  const served = (await world.fetch(TENANT, id))['api_key']
  return served === KEY ? true : `it serves ${served}`
}

async function secretItems(world: World): Promise<number> {
  return (await everyItem(world.items)).filter(({ key }) => key.partition.startsWith('SECRET#')).length
}

const named = (state: boolean | string, whenServing: string, whenGone: string): string =>
  typeof state === 'string' ? state : state ? whenServing : whenGone

/** After a delete without purge, the connection can be brought back with its key. */
async function restorable(world: World, { id }: ConnectionRow): Promise<string[]> {
  if ((await isServing(world, id)) === true) return []
  const process = world.start()
  const outcome = await world.run(process, () => restoreConnection(process, { tenant: TENANT, id }))
  if (outcome.kind !== 'answered') return ['it cannot be restored']
  return (await isServing(world, id)) === true ? [] : ['restored, it does not serve']
}

const scenarios: Scenario<ConnectionRow>[] = [
  {
    name: 'delete',
    arrange: withKey,
    act: (process, { id }) => deleteConnection(process, { tenant: TENANT, id, purge: false }),
    observe: async (world, { id }) => named(await isServing(world, id), 'before', 'after'),
    afterwards: restorable,
  },
  {
    name: 'purge',
    arrange: withKey,
    act: (process, { id }) => deleteConnection(process, { tenant: TENANT, id, purge: true }),
    observe: async (world, { id }) => named(await isServing(world, id), 'before', 'after'),
    async afterwards(world, { id }) {
      if ((await isServing(world, id)) === true) return []
      const left = await secretItems(world)
      const tombstone = await tombstoneOf(world, id)
      return left === 0 && tombstone === undefined ? [] : [`${left} items of the secret are left`]
    },
  },
  {
    name: 'purge what was deleted before',
    arrange: deleted,
    act: (process, { id }) => deleteConnection(process, { tenant: TENANT, id, purge: true }),
    async observe(world, { id }) {
      const tombstone = await tombstoneOf(world, id)
      return tombstone?.state === 'deleted' ? 'before' : 'after'
    },
  },
  {
    name: 'restore',
    arrange: deleted,
    act: (process, { id }) => restoreConnection(process, { tenant: TENANT, id }),
    observe: async (world, { id }) => named(await isServing(world, id), 'after', 'before'),
    afterwards: restorable,
  },
]

for (const scenario of scenarios) crashSuite(scenario, { pairs: 120, seed: 3 })
