import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { connectionsPartition, subscriptionsPartition } from '../../shared/domain/keys.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Subscription } from '../../shared/domain/subscription.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import { restoreConnection } from '../../shared/use-cases/connections/restore-connection.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import {
  createSubscription,
  deleteSubscription,
  rotateSigningSecret,
} from '../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { itemsOf, secretsOf } from './faulty-promises.ts'
import type { FaultyWorld } from './faulty-world.ts'

/** An operation over several calls, and what there is of it, so that before and after differ. */
export interface Saga {
  readonly name: string
  arrange(world: FaultyWorld, tenant: string): Promise<string>
  /** Throws when it was not done. */
  act(world: FaultyWorld, tenant: string, id: string): Promise<unknown>
  look(world: FaultyWorld, tenant: string, id: string): Promise<string>
}

const setupOf = (token: string) => ({ type: 'BEARER', token: `${token}-token-0123456789` })
const MACHINE = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'machine',
  client_secret: 'machine-secret-0123456789',
  token_url: 'https://idp.example.test/token',
}
const BY_CODE = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'web',
  client_secret: 'web-secret-0123456789',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}

const create = async (
  { ports }: FaultyWorld,
  tenant: string,
  setup: Record<string, string> = setupOf('first'),
) => {
  const appId = setup['type'] === 'BEARER' ? 'HTTP' : 'OAUTH2'
  return (await createConnection(ports, { tenant, clientId: 'c', name: 'one', appId, setup })).row.id
}
const authorized = (world: FaultyWorld, tenant: string) =>
  create(world, tenant, { ...BY_CODE, code: 'one-time' })
const remove = ({ ports }: FaultyWorld, tenant: string, id: string, purge = false) =>
  deleteConnection(ports, { tenant, id, purge })
const subscribe = async ({ ports }: FaultyWorld, tenant: string) => {
  const target = { kind: 'webhook', url: 'https://hooks.example.com/x' } as const
  return (await createSubscription(ports, { tenant, clientId: 'c', target, filter: {} })).subscription.id
}

const rowsOf = (world: FaultyWorld, tenant: string) =>
  itemsOf<ConnectionRow>(world, connectionsPartition(tenant))
const howMany = async (world: FaultyWorld, tenant: string) => `${(await rowsOf(world, tenant)).length}`
const versionOf = async (world: FaultyWorld, tenant: string) =>
  String((await rowsOf(world, tenant))[0]?.credentialVersion)
const subscriptionsOf = (world: FaultyWorld, tenant: string) =>
  itemsOf<Subscription>(world, subscriptionsPartition(tenant))
const nothing = async () => ''

const EXCHANGE = {
  code: new SecretText('one-time'),
  state: new SecretText('state'),
  redirectUri: 'https://vault.example.test/oauth/return/x',
  scopes: [],
  setupType: 'AUTHORIZATION_CODE',
}

/** Every operation that more than one call makes. */
export const SAGAS: readonly Saga[] = [
  { name: 'create', arrange: nothing, act: (world, tenant) => create(world, tenant), look: howMany },
  {
    name: 'change of a setup',
    arrange: (world, tenant) => create(world, tenant),
    act: ({ ports }, tenant, id) => updateConnection(ports, { tenant, id, setup: setupOf('second') }),
    look: versionOf,
  },
  {
    name: 'delete',
    arrange: (world, tenant) => create(world, tenant),
    act: (world, tenant, id) => remove(world, tenant, id),
    look: howMany,
  },
  {
    name: 'purge',
    arrange: authorized,
    act: (world, tenant, id) => remove(world, tenant, id, true),
    look: howMany,
  },
  {
    name: 'purge of what was deleted',
    async arrange(world, tenant) {
      const id = await create(world, tenant)
      await remove(world, tenant, id)
      return id
    },
    act: (world, tenant, id) => remove(world, tenant, id, true),
    look: async (world, tenant) => `${(await secretsOf(world, tenant)).length}`,
  },
  {
    name: 'restore',
    async arrange(world, tenant) {
      const id = await create(world, tenant)
      await remove(world, tenant, id)
      return id
    },
    act: ({ ports }, tenant, id) => restoreConnection(ports, { tenant, id }),
    look: howMany,
  },
  {
    name: 'first grant',
    arrange: nothing,
    act: (world, tenant) => create(world, tenant, MACHINE),
    look: howMany,
  },
  { name: 'first grant by a code', arrange: nothing, act: authorized, look: howMany },
  {
    name: 'exchange of a code',
    arrange: (world, tenant) => create(world, tenant, BY_CODE),
    async act({ ports }, tenant, id) {
      const result = await ports.grants.exchange({ tenant, id, ...EXCHANGE })
      if (result.kind !== 'connected') throw new NotDone(result.kind)
    },
    look: versionOf,
  },
  {
    name: 'renewal',
    arrange: authorized,
    async act({ ports }, tenant, id) {
      const result = await rotateConnection(ports, { tenant, id, cause: 'manual' })
      if (result.kind !== 'rotated') throw new NotDone(result.kind)
    },
    look: versionOf,
  },
  {
    name: 'subscription',
    arrange: nothing,
    act: (world, tenant) => subscribe(world, tenant),
    look: async (world, tenant) => `${(await subscriptionsOf(world, tenant)).length}`,
  },
  {
    name: 'new signing secret',
    arrange: subscribe,
    act: ({ ports }, tenant, id) => rotateSigningSecret(ports, { tenant, id }, { expirePreviousNow: false }),
    look: async (world, tenant) => String((await subscriptionsOf(world, tenant))[0]?.version),
  },
  {
    name: 'end of a subscription',
    arrange: subscribe,
    act: ({ ports }, tenant, id) => deleteSubscription(ports, tenant, id),
    look: async (world, tenant) => `${(await subscriptionsOf(world, tenant)).length}`,
  },
]

/** It answered that it was not done, or that nobody knows. */
export class NotDone extends Error {
  override readonly name = 'NotDone'
}
