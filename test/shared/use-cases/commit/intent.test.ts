import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import type { JsonObject } from '../../../../shared/domain/json.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const MACHINE = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}
const KEY = { type: 'API_KEY', api_key: 'SG.planted' }

describe('an operation', () => {
  let world: GrantsUnderTest
  let leftMs: number[]
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    leftMs = []
    world.provider.answerWith(async () => {
      leftMs.push(...(await deadlines()))
      return { body: { access_token: 'access-1', expires_in: 3600 } }
    })
  })
  afterEach(() => world.close())

  /** What is left of each intent that stands, and of each Idempotency-Key that an operation holds. */
  async function deadlines(): Promise<number[]> {
    const { items } = await world.ports.items.scan({ limit: 1000 })
    const at = (part: string, name: string) =>
      items
        .filter(({ key }) => key.partition.endsWith(part))
        .map(({ attributes }) => Number(attributes[name]) - world.clock.nowMs())
    return [...at('#INTENTS', 'deadlineAtMs'), ...at('#IDEMPOTENCY', 'replaceableAtMs')]
  }
  /** Ports with a store beside the rows, in which an intent stands while a version is staged. */
  function beside() {
    class WatchedStore extends MemorySecretStore {
      override async stage(...version: Parameters<MemorySecretStore['stage']>) {
        leftMs.push(...(await deadlines()))
        return super.stage(...version)
      }
    }
    const secrets = new WatchedStore(world.clock)
    const ports = { ...world.ports, secrets, opened: new OpenedSecrets(secrets, world.ports.sealer) }
    return { ...ports, grants: createLocalGrantRunner(ports) }
  }
  const inputOf = (appId: string, setup: JsonObject) => ({
    ...{ tenant: world.tenant, clientId: 'test', name: 'Orders', appId, setup },
    idempotencyKey: 'once',
  })

  it('that asks a provider has three minutes, and holds its Idempotency-Key for as long', async () => {
    const { row } = await createConnection(world.ports, inputOf('OAUTH2', MACHINE))
    expect(leftMs).toEqual([180_000, 180_000])
    leftMs = []
    const setup = { ...MACHINE, client_id: 'client-001' }
    await updateConnection(world.ports, { tenant: world.tenant, id: row.id, setup })
    expect(leftMs[0]).toBe(180_000)
  })

  it('that asks nobody has one minute', async () => {
    const ports = beside()
    const { row } = await createConnection(ports, inputOf('SENDGRID', KEY))
    expect(leftMs).toEqual([60_000, 60_000])
    leftMs = []
    const setup = { ...KEY, api_key: 'SG.another' }
    await updateConnection(ports, { tenant: world.tenant, id: row.id, setup })
    expect(leftMs[0]).toBe(60_000)
  })

  it('that brings a grant along asks nobody either', async () => {
    const ports = beside()
    const setup = {
      ...MACHINE,
      type: 'AUTHORIZATION_CODE',
      authorization_url: 'https://idp.example.test/authorize',
    }
    const grant = { refreshToken: new SecretText('brought-along') }
    await createConnection(ports, { ...inputOf('OAUTH2', setup), grant })
    expect(leftMs).toEqual([60_000, 60_000])
  })
})
