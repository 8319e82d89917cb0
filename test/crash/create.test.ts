import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { createHubspotApplication } from './hubspot.ts'
import { connectionIds, crashSuite, type Scenario, TENANT } from './scenario.ts'
import type { Process, World } from './world.ts'

const API_KEY = 'SG.planted-by-create'
const BASE = { tenant: TENANT, clientId: 'c1', name: 'mail' } as const
const KEYED = { idempotencyKey: 'once-only' } as const

async function observeOne(world: World, serves: string | undefined, field = 'api_key'): Promise<string> {
  const ids = await connectionIds(world)
  if (ids.length === 0) return 'before'
  if (ids.length > 1) return `${ids.length} connections`
  if (serves === undefined) return 'after'
  const fields = await world.fetch(TENANT, ids[0]!)
  return String(fields[field]).startsWith(serves) ? 'after' : `it serves ${JSON.stringify(fields)}`
}

/** A repeat with the same Idempotency-Key must make or find the one connection, whatever became of the first. */
async function repeatKeyed(world: World, act: (process: Process) => Promise<unknown>, serves?: string) {
  const process = world.start()
  const outcome = await world.run(process, () => act(process))
  if (outcome.kind !== 'answered') return ['the repeat with the same Idempotency-Key failed']
  const state = await observeOne(world, serves)
  return state === 'after' ? [] : [`after the repeat with the same Idempotency-Key: ${state}`]
}

const empty = (process: Process) => createConnection(process, { ...BASE, appId: 'SENDGRID' })
const withSetup = (process: Process) =>
  createConnection(process, { ...BASE, appId: 'SENDGRID', setup: { type: 'API_KEY', api_key: API_KEY } })
const keyedEmpty = (process: Process) => createConnection(process, { ...BASE, ...KEYED, appId: 'SENDGRID' })
const keyedWithSetup = (process: Process) =>
  createConnection(process, {
    ...BASE,
    ...KEYED,
    appId: 'SENDGRID',
    setup: { type: 'API_KEY', api_key: API_KEY },
  })

const nothing = async () => undefined

const scenarios: Scenario<undefined>[] = [
  {
    name: 'create an empty connection',
    arrange: nothing,
    act: empty,
    observe: (world) => observeOne(world, undefined),
  },
  {
    name: 'create with a setup',
    arrange: nothing,
    act: withSetup,
    observe: (world) => observeOne(world, API_KEY),
  },
  {
    name: 'create an empty connection with an Idempotency-Key',
    arrange: nothing,
    act: keyedEmpty,
    observe: (world) => observeOne(world, undefined),
    afterwards: (world) => repeatKeyed(world, keyedEmpty),
  },
  {
    name: 'create with a setup and an Idempotency-Key',
    arrange: nothing,
    act: keyedWithSetup,
    observe: (world) => observeOne(world, API_KEY),
    afterwards: (world) => repeatKeyed(world, keyedWithSetup, API_KEY),
  },
  {
    name: 'create with a code that is exchanged',
    arrange: createHubspotApplication,
    act: (process) =>
      createConnection(process, {
        ...BASE,
        appId: 'HUBSPOT',
        setup: { type: 'OAUTH_CODE', code: 'one-time' },
      }),
    observe: (world) => observeOne(world, 'access-', 'access_token'),
    // A grant that nobody will use must not stay alive at the provider. Revoking is best effort, so one fault that
    // takes the process, the store or the write away is excused, and so are two.
    async afterwards(world, _context, { faults }) {
      const serving = (await connectionIds(world)).length
      const { granted, revoked } = world.provider
      const isExcused = faults.length > 1 || /death|outage|lost/.test(faults.join())
      return isExcused || granted.length - new Set(revoked).size === serving
        ? []
        : [`${granted.length} grants, ${revoked.length} revoked, ${serving} serving`]
    },
  },
]

for (const scenario of scenarios) crashSuite(scenario, { pairs: 120, seed: 1 })
