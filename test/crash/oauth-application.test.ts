import { oauthAppKey } from '../../shared/domain/keys.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { OauthApplication } from '../../shared/rows/application-row.ts'
import { parseSetup } from '../../shared/use-cases/memory/opened-secrets.ts'
import {
  createOauthApplication,
  deleteOauthApplication,
  listOauthApplications,
  updateOauthApplication,
} from '../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { crashSuite, type Scenario, TENANT } from './scenario.ts'
import type { Process, World } from './world.ts'

const OLD_SECRET = 'client-secret-old'
const NEW_SECRET = 'client-secret-new'
const THIRD_SECRET = 'client-secret-newest'

const create = (process: Process, options: { name?: string; isDefault?: boolean } = {}) =>
  createOauthApplication(process, {
    tenant: TENANT,
    appId: 'HUBSPOT',
    name: 'first',
    clientId: 'client',
    clientSecret: new SecretText(OLD_SECRET),
    ...options,
  })

/** With a secret and the one before it. */
async function withPrevious(process: Process): Promise<OauthApplication> {
  const { id } = await create(process)
  const change = { tenant: TENANT, id, clientSecret: new SecretText(NEW_SECRET) }
  return updateOauthApplication(process, change)
}

async function find(world: World, id: string): Promise<OauthApplication | undefined> {
  return (await world.items.get(oauthAppKey(TENANT, id))) as unknown as OauthApplication | undefined
}

async function secretOf(world: World, { secret }: Pick<OauthApplication, 'secret'>): Promise<unknown> {
  return parseSetup(await world.start().secrets.get(secret!.secretId, secret!.versionId))['client_secret']
}

async function observeUpdate(
  world: World,
  seen: OauthApplication,
  after: { name: string; secret: string },
): Promise<string> {
  const now = (await find(world, seen.id))!
  const state = { name: now.name, secret: await secretOf(world, now) }
  if (now.version === seen.version && state.name === 'first' && state.secret === OLD_SECRET) return 'before'
  if (now.version === seen.version + 1 && state.name === after.name && state.secret === after.secret)
    return 'after'
  return `version ${now.version} is ${JSON.stringify(state)}`
}

const createScenario: Scenario<undefined> = {
  name: 'create an OAuth application',
  arrange: async () => undefined,
  act: (process) => create(process),
  async observe(world) {
    const [only, ...others] = await listOauthApplications(world, TENANT)
    if (only === undefined) return 'before'
    if (others.length > 0) return `${others.length + 1} applications`
    return (await secretOf(world, only)) === OLD_SECRET ? 'after' : 'another secret'
  },
}

const scenarios: Scenario<OauthApplication>[] = [
  {
    name: 'create a second OAuth application as the default',
    arrange: (process) => create(process),
    act: (process) => create(process, { name: 'second', isDefault: true }),
    async observe(world, first) {
      const all = await listOauthApplications(world, TENANT)
      const isDefault = (await find(world, first.id))!.isDefault
      if (all.length === 1) return isDefault ? 'before' : 'no default'
      return all.length === 2 && !isDefault ? 'after' : `${all.length} applications`
    },
  },
  {
    name: 'rename an OAuth application',
    arrange: (process) => create(process),
    act: (process, { id }) => updateOauthApplication(process, { tenant: TENANT, id, name: 'renamed' }),
    observe: (world, seen) => observeUpdate(world, seen, { name: 'renamed', secret: OLD_SECRET }),
  },
  {
    name: 'replace the client secret of an OAuth application that has one before it',
    arrange: withPrevious,
    act: (process, { id }) =>
      updateOauthApplication(process, { tenant: TENANT, id, clientSecret: new SecretText(THIRD_SECRET) }),
    async observe(world, seen) {
      const now = (await find(world, seen.id))!
      const both = [await secretOf(world, now), await secretOf(world, now.previous!)].join(' before it ')
      if (both === `${NEW_SECRET} before it ${OLD_SECRET}`) return 'before'
      return both === `${THIRD_SECRET} before it ${NEW_SECRET}` ? 'after' : both
    },
  },
  {
    name: 'delete an OAuth application',
    arrange: withPrevious,
    act: (process, { id }) => deleteOauthApplication(process, TENANT, id),
    async observe(world, seen) {
      const now = await find(world, seen.id)
      if (now === undefined) return 'after'
      const both = [await secretOf(world, now), await secretOf(world, now.previous!)].join(' before it ')
      return both === `${NEW_SECRET} before it ${OLD_SECRET}` ? 'before' : both
    },
  },
]

crashSuite(createScenario, { pairs: 120, seed: 4 })
for (const scenario of scenarios) crashSuite(scenario, { pairs: 120, seed: 4 })
