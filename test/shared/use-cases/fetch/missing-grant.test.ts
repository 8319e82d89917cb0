import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import { fetchCredential } from '../../../../shared/use-cases/fetch/fetch-credential.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { reconcileStores } from '../../../../shared/use-cases/reconcile/reconcile-stores.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const CLIENT = {
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  scope: 'read',
}
const MACHINE_SETUP = { type: 'CLIENT_CREDENTIALS', ...CLIENT }
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  ...CLIENT,
  authorization_url: 'https://idp.example.test/authorize',
}

describe('a grant whose sealed items do not fit its row', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    let issued = 0
    world.provider.answerWith(({ parameters }) => {
      issued++
      const isPerson = parameters['grant_type'] !== 'client_credentials'
      const refresh = isPerson ? { refresh_token: `refresh-${issued}` } : {}
      const body = { access_token: `access-${issued}`, token_type: 'Bearer', expires_in: 3600, ...refresh }
      return { body: { ...body, scope: 'read' } }
    })
  })
  afterEach(() => world.close())

  const machine = async () => (await world.create('OAUTH2', MACHINE_SETUP)).id
  const person = async () => (await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })).id

  const itemOf = async (id: string, part: 'access' | 'refresh') => {
    const mark = (await world.row(id)).grant?.[part]
    return mark === undefined ? undefined : sealedGrantKey({ tenant: world.tenant, ownerId: id, part, mark })
  }
  async function lose(id: string): Promise<void> {
    for (const part of ['access', 'refresh'] as const) {
      const key = await itemOf(id, part)
      if (key !== undefined) await world.ports.items.transact([{ op: 'delete', key }])
    }
  }
  /** Puts what is sealed for one connection, whole, in the place of another's. */
  async function swap(id: string, other: string): Promise<void> {
    const [key, from] = [await itemOf(id, 'access'), await itemOf(other, 'access')]
    const attributes = (await world.ports.items.get(from!))!
    await world.ports.items.transact([{ op: 'put', key: key!, attributes }])
  }
  /** What a flow gets of a process that has opened nothing yet; `meanwhile` happens before each item is opened. */
  async function fetchAfresh(id: string, meanwhile = async () => {}): Promise<unknown> {
    const { sealer } = world.ports
    const late: typeof sealer = Object.assign(Object.create(sealer), {
      open: async (place: Parameters<typeof sealer.open>[0]) => {
        await meanwhile()
        return sealer.open(place)
      },
    })
    const opened = new OpenedSecrets(world.ports.secrets, late)
    // As on AWS: who mints is another process, and remembers for itself alone.
    const grants = createLocalGrantRunner(world.ports)
    const ports = { ...world.ports, opened, grants }
    const fetched = await fetchCredential(ports, { tenant: world.tenant, id, minTtlSeconds: 60 })
    if (fetched.kind === 'not-modified') throw new Error('nothing was sent to compare with')
    return (JSON.parse(fetched.body.reveal()) as { fields: { access_token: string } }).fields.access_token
  }
  const isTold = () => world.lines.some((line) => line.startsWith('a row and its sealed tokens do not fit'))

  it('is followed to the next one, however often it was replaced while it was looked for', async () => {
    const id = await machine()
    let renewals = 0
    const fetched = fetchAfresh(id, async () => {
      if (renewals++ < 3) await rotateConnection(world.ports, { tenant: world.tenant, id, cause: 'manual' })
    })
    expect(await fetched).toBe('access-4')
    expect(isTold()).toBe(false)
  })

  it('is minted anew once, and no more where the new one cannot be opened either', async () => {
    const id = await machine()
    const fetched = fetchAfresh(id, () => lose(id))
    await expect(fetched).rejects.toThrow('there is no access item of that mark')
    expect(await world.row(id)).toMatchObject({ credentialVersion: 2 })
  })

  it('is minted anew where nobody is needed, when they are gone', async () => {
    const id = await machine()
    expect(await fetchAfresh(id)).toBe('access-1')
    await lose(id)
    expect(await fetchAfresh(id)).toBe('access-2')
    expect(isTold()).toBe(true)
    expect(await world.row(id)).toMatchObject({ status: 'ready', credentialVersion: 2 })
  })

  it('is minted anew and never served, when they are of another mark', async () => {
    const [id, other] = [await machine(), await machine()]
    await swap(id, other)
    expect(await fetchAfresh(id)).toBe('access-3')
    expect(await fetchAfresh(other)).toBe('access-2')
    expect(isTold()).toBe(true)
  })

  it('asks for somebody where a person gave it, and says why', async () => {
    const id = await person()
    await lose(id)
    await expect(fetchAfresh(id)).rejects.toMatchObject({ code: 'reauthorization-required' })
    const row = await world.row(id)
    expect(row).toMatchObject({ status: 'reauthorization_required', failure: { code: 'grant_missing' } })
    expect(isTold()).toBe(true)
    await expect(fetchAfresh(id)).rejects.toMatchObject({ code: 'reauthorization-required' })
  })

  it('is found by the daily comparison, once for each item that is not there', async () => {
    const id = await person()
    const { clock } = world
    const hasty = { nowMs: () => clock.nowMs(), monotonicMs: () => 0, sleep: async () => undefined }
    const compare = () => reconcileStores({ ...world.ports, clock: hasty })
    expect(await compare()).toMatchObject({ missingTokens: 0 })
    await lose(id)
    expect(await compare()).toMatchObject({ missingTokens: 2 })
  })
})
