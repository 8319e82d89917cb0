import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { errorsOf, type VaultError } from '../../../../shared/domain/errors.ts'
import type { JsonObject } from '../../../../shared/domain/json.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import type { SecretStore } from '../../../../shared/ports/secret-store.ts'
import { MAX_VERSIONS_OF_A_GENERATION } from '../../../../shared/use-cases/commit/secret-place.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { previewCreate, previewUpdate } from '../../../../shared/use-cases/connections/preview-change.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { MACHINE_SETUP } from '../../../support/oauth2-setups.ts'

const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  scope: 'read write',
}
const CUSTOM_SETUP = {
  type: 'CUSTOM',
  values: [
    { name: 'API_KEY', value: 'key-000', in: 'HEADER', as: 'X-Api-Key' },
    { name: 'OLD', value: 'old-000' },
  ],
}

const BEARER = { type: 'BEARER', token: 'token-000' }
const OF_HTTP = {
  type: 'OAUTH_CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_endpoint: 'https://idp.example.test/token',
}

describe('a part of a setup that is changed', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(({ path }) => {
      const tokens = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 }
      return { body: path === '/token' ? { ...tokens, scope: 'read write' } : {} }
    })
  })
  afterEach(() => world.close())

  const change = (id: string, changes: JsonObject) =>
    updateConnection(world.ports, { tenant: world.tenant, id, changes })
  const stored = async (id: string) => {
    const { secretId, versionId } = (await world.row(id)).secret!
    return JSON.parse((await world.ports.secrets.get(secretId, versionId)).reveal()).setup
  }

  it('leaves the rest of it, and the grant', async () => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    const { grant } = await world.row(id)
    const asked = world.provider.requests.length
    const after = await change(id, { client_secret: 'secret-001', base_url: 'https://api.example.test' })
    expect(after).toMatchObject({ status: 'ready', grant })
    const wanted = { ...CODE_SETUP, client_secret: 'secret-001', base_url: 'https://api.example.test' }
    expect(await stored(id)).toEqual(wanted)
    expect(world.provider.requests).toHaveLength(asked)
    // The row knows the setup as if all of it had been sent.
    expect(await updateConnection(world.ports, { tenant: world.tenant, id, setup: wanted })).toEqual(after)
  })

  it('goes with null', async () => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    await change(id, { scope: null, audience: null })
    const { scope: _, ...rest } = CODE_SETUP
    expect(await stored(id)).toEqual(rest)
  })

  it('names what has to be taken out with it', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await expect(change(id, { provider: 'github' })).rejects.toMatchObject({
      detail: {
        allowed: expect.stringMatching(
          /^null for authorization_url, token_url.*, to take out what is stored$/,
        ),
      },
    })
    await expect(change(id, { provider: 'github', colour: 'red' })).rejects.toMatchObject({
      detail: { allowed: expect.not.stringContaining('colour') },
    })
  })

  it('changes nothing where it is what is stored', async () => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    const before = await world.row(id)
    expect(await change(id, { client_secret: 'secret-000', scope: 'read write' })).toEqual(before)
    expect(await change(id, { code: 'code-000' })).toEqual(before)
    expect(await change(id, {})).toEqual(before)
  })

  it('ends the grant with its client', async () => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    expect(await change(id, { client_id: 'client-001' })).toMatchObject({
      status: 'pending',
      grant: undefined,
    })
  })

  it('is minted anew where nobody is needed', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await change(id, { client_secret: 'secret-001' })
    const last = world.provider.requests.at(-1)
    expect(last?.authorization).toBe(`Basic ${btoa('client-000:secret-001')}`)
  })

  it('is one of several named values, by its name', async () => {
    const { id } = await world.create('CUSTOM', CUSTOM_SETUP)
    await change(id, {
      values: [
        { name: 'API_KEY', value: 'key-001' },
        { name: 'OLD', value: null },
        { name: 'NEW', value: 'new-000' },
      ],
    })
    expect((await world.fetch(id)).request.headers).toEqual({ 'X-Api-Key': 'key-001' })
    expect((await world.fetch(id)).fields).toEqual({ API_KEY: 'key-001', NEW: 'new-000' })
  })

  it('is all there is of an empty connection', async () => {
    const { id } = await world.create('SENDGRID')
    await change(id, { type: 'API_KEY', api_key: 'SG.first-key-000' })
    expect((await world.fetch(id)).fields).toEqual({ api_key: 'SG.first-key-000' })
  })

  it('comes together with another that is changed at the same time', async () => {
    const { id } = await world.create('TWILIO', {
      type: 'API_KEY',
      account_id: 'AC00000000000000000000000000000000',
      api_key: 'key-000',
    })
    let isDone = false
    const all = Promise.all([
      change(id, { api_key: 'key-001' }),
      change(id, { account_id: 'AC11111111111111111111111111111111' }),
      updateConnection(world.ports, { tenant: world.tenant, id, name: 'renamed' }),
    ]).finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      await world.clock.advance(10)
    }
    await all
    expect(await stored(id)).toMatchObject({
      account_id: 'AC11111111111111111111111111111111',
      api_key: 'key-001',
    })
    expect((await world.row(id)).name).toBe('renamed')
  })

  it.each<[JsonObject, string]>([
    [{ client_id: '' }, 'setup_changes.client_id'],
    [{ token_url: null }, 'setup_changes.token_url'],
    [{ nonsense: 'x' }, 'setup_changes.nonsense'],
    [{ scope: 7 }, 'setup_changes.scope'],
    [{ type: 'API_KEY' }, 'setup_changes.type'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'setup_changes.private_key'],
  ])('is refused as %j by the name of the field, and changes nothing', async (changes, field) => {
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    const before = await world.row(id)
    const refusal = await change(id, changes).catch((error: VaultError) => error)
    expect(refusal).toMatchObject({ code: 'invalid-body', detail: { field } })
    expect(errorsOf(refusal as VaultError)).toMatchObject([{ path: field }])
    expect(await world.row(id)).toEqual(before)
  })

  describe.each(['among the rows', 'beside them'])('in a store %s', (where) => {
    /** The vault with its setups there, and the names of all secrets in it. */
    function stage() {
      const secrets =
        where === 'beside them' ? new MemorySecretStore(world.clock) : (world.ports.secrets as SecretStore)
      const ports = { ...world.ports, secrets, opened: new OpenedSecrets(secrets, world.ports.sealer) }
      const names = async () => {
        const { items } = await secrets.list({ limit: 100 })
        return items
          .map(({ secretId, deletedAtMs }) => [secretId.split('/')[5], deletedAtMs === undefined])
          .sort()
      }
      return { ports: { ...ports, grants: createLocalGrantRunner(ports) }, names }
    }
    type Ports = ReturnType<typeof stage>['ports']

    async function create(ports: Ports, appId: string, setup: JsonObject) {
      const input = { tenant: world.tenant, clientId: 'test', name: 'Orders', appId, setup }
      const { row } = await createConnection(ports, input)
      const key = connectionKey(world.tenant, row.id)
      const full = { ...row.secret!, staged: MAX_VERSIONS_OF_A_GENERATION }
      await ports.items.transact([{ op: 'update', key, set: { secret: full } }])
      return row
    }

    it.each<[string, string, JsonObject, JsonObject]>([
      ['a person entered', 'TELEGRAM', { type: 'TOKEN', token: 'token-000' }, { token: 'token-001' }],
      ['mints, and keeps the grant', 'OAUTH2', { ...CODE_SETUP, code: 'c' }, { client_secret: 'secret-001' }],
    ])(
      'takes the next name when the generation is full, of what %s',
      async (_what, appId, setup, changes) => {
        const { ports, names } = stage()
        const { id, grant } = await create(ports, appId, setup)
        const { secret, ...row } = await updateConnection(ports, { tenant: world.tenant, id, changes })
        expect(secret).toMatchObject({ generation: 2, staged: 1 })
        expect(row).toMatchObject({ status: 'ready', generations: 2, ...(grant && { grant }) })
        const { code: _, ...rest } = { code: undefined, ...setup }
        expect((await ports.opened.open(secret!)).setup).toEqual({ ...rest, ...changes })
        expect(await names()).toEqual([
          ['g1', false],
          ['g2', true],
        ])
      },
    )

    it.each<[string, JsonObject, JsonObject]>([
      ['static to minted', BEARER, { ...OF_HTTP, token: null }],
      [
        'minted to static',
        OF_HTTP,
        { ...BEARER, client_id: null, client_secret: null, token_endpoint: null },
      ],
    ])('makes no secret for a setup that would become another kind: %s', async (_what, setup, changes) => {
      const { ports, names } = stage()
      const { id } = await create(ports, 'HTTP', setup)
      const before = await world.row(id)
      await expect(updateConnection(ports, { tenant: world.tenant, id, changes })).rejects.toMatchObject({
        code: 'invalid-body',
        detail: { field: 'setup_changes.type' },
      })
      expect(await world.row(id)).toEqual(before)
      expect(await names()).toEqual([['g1', true]])
      // Sent whole, it takes a name of the other kind.
      const whole = setup === BEARER ? OF_HTTP : BEARER
      const { secret } = await updateConnection(ports, { tenant: world.tenant, id, setup: whole })
      expect(secret).toMatchObject({
        secretId: expect.stringContaining(setup === BEARER ? '/m/' : '/s/'),
        generation: 2,
      })
      expect(await names()).toEqual([
        ['g1', false],
        ['g2', true],
      ])
    })

    it('leaves no secret of a change that is undone', async () => {
      const { ports, names } = stage()
      const { id } = await create(ports, 'TELEGRAM', { type: 'TOKEN', token: 'token-000' })
      const failing: Ports = {
        ...ports,
        grants: {
          ...ports.grants,
          change: async (request) => {
            const result = await ports.grants.change(request)
            if (request.stageAs !== undefined)
              throw new StoreUnavailableError('the answer is lost', 'unknown')
            return result
          },
        },
      }
      const changes = { token: 'token-001' }
      let ended = false
      const changed = updateConnection(failing, { tenant: world.tenant, id, changes }).finally(() => {
        ended = true
      })
      const refused = expect(changed).rejects.toMatchObject({ code: 'store-unavailable' })
      for (let step = 0; step < 100 && !ended; step++) await world.clock.advance(100)
      await refused
      expect(await names()).toEqual([['g1', true]])
      expect((await world.row(id)).secret).toMatchObject({ generation: 1 })
    })
  })

  it('is not sent with the whole', async () => {
    const { id } = await world.create('SENDGRID')
    const setup = { type: 'API_KEY', api_key: 'SG.first-key-000' }
    const both = { tenant: world.tenant, id, setup, changes: { api_key: 'SG.other-key-000' } }
    await expect(updateConnection(world.ports, both)).rejects.toMatchObject({
      detail: { field: 'setup_changes' },
    })
  })

  describe('tried out', () => {
    const preview = (id: string, input: { name?: string; setup?: JsonObject; changes?: JsonObject }) =>
      previewUpdate(world.ports, { tenant: world.tenant, id, ...input })

    it.each<[object, JsonObject]>([
      [
        { changes: ['client_secret'], heldGrant: 'kept', newGrant: 'none', missingScopes: [] },
        { client_secret: 'secret-001' },
      ],
      [
        { changes: ['scope'], heldGrant: 'kept', newGrant: 'none', missingScopes: ['admin'] },
        { scope: 'read admin' },
      ],
      [
        { changes: ['client_id'], heldGrant: 'ended', newGrant: 'authorized', missingScopes: [] },
        { client_id: 'client-001' },
      ],
      [
        { changes: ['code'], heldGrant: 'replaced', newGrant: 'exchanged', missingScopes: [] },
        { code: 'code-001' },
      ],
      [{ changes: [], heldGrant: 'kept', newGrant: 'none', missingScopes: [] }, { scope: 'read write' }],
    ])('tells %j, and changes nothing', async (told, changes) => {
      const { id } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
      const before = await world.row(id)
      const asked = world.provider.requests.length
      expect(await preview(id, { changes })).toEqual(told)
      expect(await world.row(id)).toEqual(before)
      expect(world.provider.requests).toHaveLength(asked)
    })

    it('tells of a whole setup that it is one', async () => {
      const { id } = await world.create('OAUTH2', MACHINE_SETUP)
      const setup = { ...MACHINE_SETUP, scope: 'read' }
      expect(await preview(id, { name: 'renamed', setup })).toMatchObject({
        changes: ['name', 'setup'],
        heldGrant: 'replaced',
        newGrant: 'minted',
      })
    })

    it('tells of a create what it would make', async () => {
      const create = (appId: string, setup?: JsonObject) =>
        previewCreate(world.ports, {
          ...{ tenant: world.tenant, clientId: 'test', name: 'Orders', appId },
          ...(setup && { setup }),
        })
      expect(await create('OAUTH2', MACHINE_SETUP)).toMatchObject({ heldGrant: 'none', newGrant: 'minted' })
      expect(await create('OAUTH2', CODE_SETUP)).toMatchObject({ newGrant: 'authorized' })
      expect(await create('SENDGRID')).toMatchObject({ changes: ['name'], newGrant: 'none' })
      await expect(create('SENDGRID', { type: 'API_KEY' })).rejects.toMatchObject({ code: 'invalid-body' })
      expect(world.provider.requests).toEqual([])
    })
  })
})
