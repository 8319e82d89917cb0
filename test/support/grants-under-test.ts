import { join } from 'node:path'
import { createLocalGrantRunner } from '../../functions/grants/local-grant-runner.ts'
import { LocalBreaker } from '../../shared/adapters/memory/local-breaker.ts'
import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { createGuardedFetch } from '../../shared/adapters/oauth/outgoing-guard.ts'
import { createUrlCheck } from '../../shared/adapters/oauth/outgoing-target.ts'
import { OAuth4WebApiClient } from '../../shared/adapters/oauth/provider-oauth-client.ts'
import { createKeyFile, openKeyFile } from '../../shared/adapters/sealed/key-file.ts'
import { LocalDigester } from '../../shared/adapters/sealed/local-digester.ts'
import { LocalKeyWrapper } from '../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedGrants } from '../../shared/adapters/sealed/sealed-grants.ts'
import { SealedSecretStore } from '../../shared/adapters/sealed/sealed-secret-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { renderTemplate } from '../../shared/connectors/template.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { JsonObject } from '../../shared/domain/json.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { KeyWrapper } from '../../shared/ports/key-wrapper.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import { SingleFlight } from '../../shared/ports/single-flight.ts'
import type { WorkItem } from '../../shared/ports/work-queue.ts'
import { continueAuthorization } from '../../shared/use-cases/authorize/continue-authorization.ts'
import { type Finished, finishAuthorization } from '../../shared/use-cases/authorize/finish-authorization.ts'
import { startAuthorization } from '../../shared/use-cases/authorize/start-authorization.ts'
import { getConnection } from '../../shared/use-cases/commit/connection-rows.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { fetchCredential } from '../../shared/use-cases/fetch/fetch-credential.ts'
import { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../../shared/use-cases/grants/attempt-watch.ts'
import { RestoredMark } from '../../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../../shared/use-cases/memory/opened-secrets.ts'

import { createOauthApplication } from '../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { reconcileWork } from '../../shared/use-cases/reconcile/reconcile-work.ts'
import { sweepDue } from '../../shared/use-cases/rotation/sweep-due.ts'
import { doWorkItem } from '../../shared/use-cases/rotation/work-item.ts'
import { makeKeyFolder } from './key-folder.ts'
import { ManualClock } from './manual-clock.ts'
import { CODE_SETUP } from './oauth2-setups.ts'
import { reroutedTo, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

const TENANT = 'acme'
const SWEEP_CAPACITY = { capacity: 1000, perTenant: 1000 }
const PUBLIC_URL = 'https://vault.example.test'
const BROWSER = new SecretText('browser-of-the-test')

/** The use cases over stores in memory, a clock that the test moves, and a provider that answers by script. */
export type GrantsUnderTest = Awaited<ReturnType<typeof startGrantsUnderTest>>

/**
 * Starts it; `close` ends the provider. Every named provider's host leads to the scripted one. `deployment` is what
 * the vault calls itself in the names of its secrets, and `keys` may stand before those that it seals by.
 */
export async function startGrantsUnderTest({
  deployment = 'local',
  keys: before = (real) => real,
}: {
  deployment?: string
  keys?: (real: KeyWrapper) => KeyWrapper
} = {}) {
  const provider: ScriptedProvider = await startScriptedProvider()
  const folder = await makeKeyFolder()
  const keyPath = join(folder.path, 'keys.json')
  const random = new SystemRandom()
  await createKeyFile(keyPath, random)
  const keys = before(await LocalKeyWrapper.open(keyPath, random))
  const digester = new LocalDigester((await openKeyFile(keyPath)).digestKey)
  const clock = new ManualClock()
  const items = new MemoryItemStore()
  const secrets = new SealedSecretStore({ deployment, items, keys, clock, random })
  const sealer = new SealedGrants({ items, keys, random })
  const lines: string[] = []
  const note = (message: string, members?: object) => lines.push(`${message} ${JSON.stringify(members)}`)
  const log = { debug: note, info: note, warn: note, error: note, access: () => undefined }
  const guarded = createGuardedFetch({ allowHosts: [provider.host], clock: new SystemClock() })
  const oauth: OAuthClient = new OAuth4WebApiClient({
    fetch: reroutedTo(provider, guarded),
    render: renderTemplate,
    clock,
    random,
  })
  const opened = new OpenedSecrets(secrets, sealer)
  const freezes = new FreezeWatch(items, clock)
  const checkUrl = createUrlCheck([provider.host])
  const charged: { tenant: string; units: number }[] = []
  const base = {
    charge: (tenant: string, units: number) => void charged.push({ tenant, units }),
    items,
    secrets,
    sealer,
    digester,
    clock,
    random,
    log,
    oauth,
    checkUrl,
    outgoing: guarded,
    opened,
    freezes,
  }
  const attempts = new AttemptWatch(clock)
  const breaker = new LocalBreaker(base)
  const restored = new RestoredMark(base.items, clock)
  const grants = createLocalGrantRunner({ ...base, attempts, breaker, restored, owner: 'test' })
  const queued: WorkItem[] = []
  const work = {
    enqueue: async (more: readonly WorkItem[]) => {
      queued.push(...more)
    },
  }
  const ports = {
    ...base,
    attempts,
    breaker,
    restored,
    owner: 'test',
    grants,
    work,
    flights: new SingleFlight<ConnectionRow | undefined>(),
    publicUrl: PUBLIC_URL,
    returnTo: ['https://vault.example.test', 'https://console.example.test'],
  }

  /** Where the provider sends the browser of each state. */
  const callbackUrls = new Map<string | null, string>()

  async function workQueue(): Promise<void> {
    while (queued.length > 0) await doWorkItem(ports, queued.shift()!)
  }

  const world = {
    provider,
    clock,
    ports,
    lines,
    charged,
    tenant: TENANT,
    create: async (appId: string, setup?: JsonObject): Promise<ConnectionRow> => {
      const input = { tenant: TENANT, clientId: 'test', name: 'Orders', appId }
      return (await createConnection(ports, setup === undefined ? input : { ...input, setup })).row
    },
    addApplication: (appId: string, clientSecret = 'application-secret-000') =>
      createOauthApplication(ports, {
        tenant: TENANT,
        appId,
        name: appId,
        clientId: 'application-id-000',
        clientSecret: new SecretText(clientSecret),
      }),
    row: (id: string) => getConnection(ports, TENANT, id),
    /** What a flow gets, parsed. */
    fetch: async (id: string, minTtlSeconds = 60) => {
      const fetched = await fetchCredential(ports, { tenant: TENANT, id, minTtlSeconds })
      if (fetched.kind === 'not-modified') throw new Error('nothing was sent to compare with')
      return JSON.parse(fetched.body.reveal())
    },
    /** Starts an authorization and goes on with it in the browser; answers the provider's URL. */
    authorize: async (id: string, options: { scopes?: string[]; returnTo?: string } = {}): Promise<URL> => {
      const row = await getConnection(ports, TENANT, id)
      const started = await startAuthorization(ports, { tenant: TENANT, row, ...options })
      const ticket = new URL(started.authorizationUrl).searchParams.get('ticket') ?? ''
      const continued = await continueAuthorization(ports, new SecretText(ticket), BROWSER)
      if (continued.kind !== 'provider') throw new Error(`the link led to ${continued.kind}`)
      const url = new URL(continued.url.reveal())
      callbackUrls.set(url.searchParams.get('state'), started.callbackUrl)
      return url
    },
    /** The provider sends the browser back with this state. */
    finish: (
      state: string | null,
      answer: Partial<Record<'code' | 'error' | 'issuer', string>> & {
        callback?: Readonly<Record<string, string>>
      } = { code: 'code-000' },
    ): Promise<Finished> =>
      finishAuthorization(ports, {
        callbackUrl: callbackUrls.get(state) ?? '',
        browser: BROWSER,
        state: state === null ? undefined : new SecretText(state),
        code: answer.code === undefined ? undefined : new SecretText(answer.code),
        error: answer.error,
        issuer: answer.issuer,
        ...(answer.callback === undefined ? {} : { callback: answer.callback }),
      }),
    /** A person goes the whole way: by the link to the provider, which says yes, and back. */
    connect: async (id: string): Promise<Finished> =>
      world.finish((await world.authorize(id)).searchParams.get('state')),
    /** The id of a connection that a person has authorized. */
    authorized: async (appId = 'OAUTH2', setup: JsonObject = CODE_SETUP): Promise<string> => {
      const { id } = await world.create(appId, setup)
      await world.connect(id)
      return id
    },
    /** One sweep, and all the work it finds. */
    sweep: async () => {
      await sweepDue(ports, SWEEP_CAPACITY)
      await workQueue()
    },
    /** One run of reconcile, and all the work it finds. */
    reconcile: async () => {
      await reconcileWork(ports)
      await workQueue()
    },
    async close() {
      await provider.close()
      await folder.remove()
    },
  }
  return world
}
