import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { connectionKey } from '../../shared/domain/keys.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { authorize, createHubspotApplication } from './hubspot.ts'
import { crashSuite, type Scenario, TENANT } from './scenario.ts'
import type { Process, World } from './world.ts'

const OLD_KEY = 'SG.planted-old'
const NEW_KEY = 'SG.planted-new'

async function rowNow(world: World, id: string): Promise<ConnectionRow> {
  return CONNECTION_ROWS.find(await world.items.get(connectionKey(TENANT, id)))!
}

/** `before` and `after` as what is served and named; versions must agree with it. */
async function observe(
  world: World,
  seen: ConnectionRow,
  expected: { before: readonly unknown[]; after: readonly unknown[]; field?: string },
): Promise<string> {
  const row = await rowNow(world, seen.id)
  const field = expected.field ?? 'api_key'
  const served = row.status === 'empty' ? undefined : (await world.fetch(TENANT, seen.id))[field]
  const state = JSON.stringify([row.name, served])
  if (row.version === seen.version && state === JSON.stringify(expected.before)) return 'before'
  if (row.version === seen.version + 1 && state === JSON.stringify(expected.after)) return 'after'
  return `version ${row.version} is ${state}`
}

async function servesNothingRevoked(world: World, { id }: ConnectionRow): Promise<string[]> {
  const serves = (await world.fetch(TENANT, id))['access_token']
  return world.provider.revoked.includes(String(serves)) ? [`it serves the revoked ${serves}`] : []
}

const withKey = async (process: Process): Promise<ConnectionRow> => {
  const setup = { type: 'API_KEY', api_key: OLD_KEY }
  const input = { tenant: TENANT, clientId: 'c1', name: 'old', appId: 'SENDGRID', setup }
  return (await createConnection(process, input)).row
}
const empty = async (process: Process): Promise<ConnectionRow> => {
  const input = { tenant: TENANT, clientId: 'c1', name: 'old', appId: 'SENDGRID' }
  return (await createConnection(process, input)).row
}
const unauthorized = async (process: Process): Promise<ConnectionRow> => {
  await createHubspotApplication(process)
  const input = { tenant: TENANT, clientId: 'c1', name: 'old', appId: 'HUBSPOT' }
  return (await createConnection(process, input)).row
}
const authorized = async (process: Process): Promise<ConnectionRow> => {
  await createHubspotApplication(process)
  const setup = { type: 'OAUTH_CODE', code: 'one-time' }
  const input = { tenant: TENANT, clientId: 'c1', name: 'old', appId: 'HUBSPOT', setup }
  return (await createConnection(process, input)).row
}
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client',
  client_secret: 'planted-secret-old',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}
const withClient = async (process: Process): Promise<ConnectionRow> => {
  const setup = { ...CODE_SETUP, code: 'one-time' }
  const input = { tenant: TENANT, clientId: 'c1', name: 'old', appId: 'OAUTH2', setup }
  return (await createConnection(process, input)).row
}
const newSetup = (process: Process, { id }: ConnectionRow) =>
  updateConnection(process, { tenant: TENANT, id, setup: { type: 'API_KEY', api_key: NEW_KEY } })

const scenarios: Scenario<ConnectionRow>[] = [
  {
    name: 'rename',
    arrange: withKey,
    act: (process, { id }) => updateConnection(process, { tenant: TENANT, id, name: 'new' }),
    observe: (world, row) => observe(world, row, { before: ['old', OLD_KEY], after: ['new', OLD_KEY] }),
  },
  {
    name: 'replace the setup',
    arrange: withKey,
    act: newSetup,
    observe: (world, row) => observe(world, row, { before: ['old', OLD_KEY], after: ['old', NEW_KEY] }),
  },
  {
    name: 'give an empty connection its first setup',
    arrange: empty,
    act: newSetup,
    observe: (world, row) => observe(world, row, { before: ['old', null], after: ['old', NEW_KEY] }),
  },
  {
    name: 'authorize an empty connection',
    arrange: unauthorized,
    async act(process, { id }) {
      const result = await authorize(process, id)
      if (result.kind !== 'connected') throw new Error(`the exchange ended as ${result.kind}`)
    },
    observe: (world, row) =>
      observe(world, row, {
        before: ['old', null],
        after: ['old', 'access-1'],
        field: 'access_token',
      }),
  },
  {
    name: 'replace the setup by a new code',
    arrange: authorized,
    act: (process, { id }) =>
      updateConnection(process, { tenant: TENANT, id, setup: { type: 'OAUTH_CODE', code: 'another' } }),
    observe: (world, row) =>
      observe(world, row, {
        before: ['old', 'access-1'],
        after: ['old', 'access-2'],
        field: 'access_token',
      }),
    afterwards: servesNothingRevoked,
  },
  {
    name: 'give the client of a grant another secret',
    arrange: withClient,
    act: (process, { id }) => {
      const setup = { ...CODE_SETUP, client_secret: 'planted-secret-new' }
      return updateConnection(process, { tenant: TENANT, id, setup })
    },
    observe: (world, row) => {
      const state = ['old', 'access-1']
      return observe(world, row, { before: state, after: state, field: 'access_token' })
    },
    afterwards: async (world) => (world.provider.revoked.length > 0 ? ['it revoked the grant'] : []),
  },
  {
    name: 'give the connection another client',
    arrange: withClient,
    act: (process, { id }) => {
      const setup = { ...CODE_SETUP, client_id: 'another-client', code: 'another' }
      return updateConnection(process, { tenant: TENANT, id, setup })
    },
    observe: (world, row) =>
      observe(world, row, {
        before: ['old', 'access-1'],
        after: ['old', 'access-2'],
        field: 'access_token',
      }),
    afterwards: servesNothingRevoked,
  },
]

for (const scenario of scenarios) crashSuite(scenario, { pairs: 120, seed: 2 })
