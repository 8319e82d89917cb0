import { findSetupOf } from '../../../../shared/connectors/catalogue.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { Clock } from '../../../../shared/ports/clock.ts'
import type { OAuthClient, TokenOutcome } from '../../../../shared/ports/oauth-client.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import { rotateNow } from '../../../../shared/use-cases/connections/rotate-now.ts'
import { askProvider, NOTHING_HELD } from '../../../../shared/use-cases/grants/ask-provider.ts'
import {
  createOauthApplication,
  getOauthApplication,
  updateOauthApplication,
} from '../../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import type { ScriptedAnswer } from '../../../support/scripted-provider.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OLD = 'application-secret-000'
const NEW = 'application-secret-001'
const URLS = {
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
}

describe('the client secret before the newest', () => {
  let world: GrantsUnderTest
  let answers: number
  /** What the provider takes, and what it says to who comes with the one or the other. */
  let taken: string
  let says: (secret: string) => ScriptedAnswer
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    answers = 0
    taken = OLD
    says = (secret) => (secret === taken ? good() : { status: 401, body: { error: 'invalid_client' } })
    world.provider.answerWith((request) => says(secretIn(request)))
  })
  afterEach(() => world.close())

  const good = (): ScriptedAnswer => ({
    body: {
      access_token: `access-${++answers}`,
      refresh_token: `refresh-${answers}`,
      token_type: 'bearer',
      expires_in: 3600,
    },
  })
  function secretIn({ parameters, authorization = '' }: GrantsUnderTest['provider']['requests'][number]) {
    const basic = atob(authorization.replace('Basic ', '')).split(':')[1]
    return parameters['client_secret'] ?? decodeURIComponent(basic ?? '')
  }
  const sent = () => world.provider.requests.map(secretIn)
  const change = (id: string, members: { clientSecret?: string; clientId?: string; name?: string }) =>
    updateOauthApplication(world.ports, {
      tenant: world.tenant,
      id,
      ...(members.name === undefined ? {} : { name: members.name }),
      ...(members.clientId === undefined ? {} : { clientId: members.clientId }),
      ...(members.clientSecret === undefined ? {} : { clientSecret: new SecretText(members.clientSecret) }),
    })
  const show = (id: string) => getOauthApplication(world.ports, world.tenant, id)

  /** An authorized connection whose application has just got another secret. */
  async function changed() {
    const application = await world.addApplication('HUBSPOT', OLD)
    const { id } = await world.create('HUBSPOT')
    await world.connect(id)
    await change(application.id, { clientSecret: NEW })
    return { id, application: application.id, before: sent().length }
  }

  it('renews where the provider does not know the newest yet', async () => {
    const { id, before } = await changed()
    await world.clock.advance(HOUR_MS)
    expect(await world.fetch(id)).toMatchObject({ fields: { access_token: 'access-2' } })
    expect(sent().slice(before)).toEqual([NEW, OLD])
    expect(await world.row(id)).toMatchObject({ status: 'ready' })
    expect((await world.row(id)).failure).toBeUndefined()
  })

  it('is left alone where the newest works', async () => {
    const { id, before } = await changed()
    taken = NEW
    await world.clock.advance(HOUR_MS)
    await world.fetch(id)
    expect(sent().slice(before)).toEqual([NEW])
  })

  it('exchanges the code of a browser and mints what the API brings', async () => {
    const { before } = await changed()
    const { id } = await world.create('HUBSPOT')
    await world.connect(id)
    const { id: byCode } = await world.create('HUBSPOT', { type: 'OAUTH_CODE', code: 'code-of-the-api' })
    expect(sent().slice(before)).toEqual([NEW, OLD, NEW, OLD])
    expect([(await world.row(id)).status, (await world.row(byCode)).status]).toEqual(['ready', 'ready'])
  })

  it('is tried with all that an application of any provider keeps beside it', async () => {
    const setup = { type: 'CLIENT_CREDENTIALS', token_url: URLS.token_url, token_parameters: { key: 'old' } }
    const input = { tenant: world.tenant, name: 'ours', appId: 'OAUTH2', clientId: 'shared-000' }
    const application = await createOauthApplication(world.ports, {
      ...input,
      clientSecret: new SecretText(OLD),
      setup,
    })
    const { id } = await world.create('OAUTH2', { oauth_app_id: application.id })
    await updateOauthApplication(world.ports, {
      tenant: world.tenant,
      id: application.id,
      clientSecret: new SecretText(NEW),
      setup: { ...setup, token_parameters: { key: 'new' } },
    })
    await world.clock.advance(HOUR_MS)
    await world.fetch(id)
    expect(world.provider.requests.slice(1).map(({ parameters }) => parameters['key'])).toEqual([
      'new',
      'old',
    ])
  })

  it('is over after seven days, and shown until when it works', async () => {
    const { id, application } = await changed()
    const { previous } = await show(application)
    expect(previous?.untilMs).toBe(world.clock.nowMs() + 604_800_000)
    await world.clock.advance(604_800_000 - 1)
    await rotateNow(world.ports, { tenant: world.tenant, id })
    expect(sent().at(-1)).toBe(OLD)
    await world.clock.advance(1)
    await rotateNow(world.ports, { tenant: world.tenant, id })
    expect(sent().slice(-2)).toEqual([OLD, NEW])
    expect((await world.row(id)).failure).toMatchObject({ class: 'app-broken' })
  })

  it.each([
    ['another refusal of the client', { status: 400, body: { error: 'unauthorized_client' } }, 'app-broken'],
    ['a dead grant', { status: 400, body: { error: 'invalid_grant' } }, 'grant-dead'],
    ['an error that may have used the token up', { status: 500 }, 'unknown'],
    ['too many requests', { status: 429 }, 'passing'],
  ])('counts for what the provider says to it: %s', async (_what, answer, failure) => {
    const { id, before } = await changed()
    says = (secret) => (secret === NEW ? { status: 401, body: { error: 'invalid_client' } } : answer)
    await rotateNow(world.ports, { tenant: world.tenant, id })
    expect(sent().slice(before)).toEqual([NEW, OLD])
    const row = await world.row(id)
    expect(row.failure).toMatchObject({
      class: failure,
      ...(failure === 'app-broken' ? { code: 'invalid_client' } : {}),
    })
    expect(row.status).toBe(failure === 'grant-dead' ? 'reauthorization_required' : 'degraded')
  })

  it('is not pushed out by the same secret sent again, nor by a new name', async () => {
    const { application } = await changed()
    const { previous, secret } = await show(application)
    await change(application, { clientSecret: NEW, name: 'run again' })
    await change(application, { name: 'renamed' })
    expect(await show(application)).toMatchObject({ previous, secret, name: 'renamed' })
  })

  it('gives way to the next one, and is gone with another client', async () => {
    const { application, id } = await changed()
    const first = (await show(application)).previous!.secret
    await change(application, { clientSecret: 'application-secret-002' })
    const { previous } = await show(application)
    expect((await world.ports.opened.open(previous!.secret)).setup).toEqual({ client_secret: NEW })
    const { secretId, versionId } = first
    await expect(world.ports.secrets.get(secretId, versionId)).rejects.toThrow()
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: true })
    await change(application, { clientId: 'another-client-000' })
    expect(await show(application)).not.toHaveProperty('previous')
    const gone = previous!.secret
    await expect(world.ports.secrets.get(gone.secretId, gone.versionId)).rejects.toThrow()
  })
})

describe('askProvider', () => {
  const REFUSED: TokenOutcome = { kind: 'app-broken', code: 'invalid_client', message: 'No.' }
  const GRANTED: TokenOutcome = {
    kind: 'granted',
    grants: { main: { accessToken: new SecretText('a'), expiryBasis: 'stated', lifeMs: 60_000, extra: {} } },
  }

  /** Asks with a provider that takes so long to refuse, and a store that takes so long to open the secret before. */
  async function asked(tookMs: number, openMs = 0, wallOnlyMs = 0) {
    const manual = new ManualClock()
    let jumpedMs = 0
    const clock: Clock = {
      nowMs: () => manual.nowMs() + jumpedMs,
      monotonicMs: () => manual.monotonicMs(),
      sleep: (ms) => manual.sleep(ms),
    }
    const timeouts: number[] = []
    const oauth = {
      requestToken: async ({ timeoutMs }) => {
        timeouts.push(timeoutMs)
        if (timeouts.length > 1) return GRANTED
        await manual.advance(tookMs)
        jumpedMs = wallOnlyMs
        return REFUSED
      },
    } as Pick<OAuthClient, 'requestToken'> as OAuthClient
    const open = async () => {
      await manual.advance(openMs)
      if (openMs > 70_000) throw new Error('the store is away')
      return { client: { id: 'client' }, values: {} }
    }
    const log = { debug() {}, info() {}, warn() {}, error() {}, access() {} }
    const answer = await askProvider(
      { oauth, clock, log },
      {
        tenant: 'acme',
        profile: findSetupOf('HUBSPOT', 'OAUTH_CODE')!.grant!,
        setup: {},
        application: {
          client: { id: 'client' },
          stateName: 'application oa_1 2',
          previous: { untilMs: clock.nowMs() + DAY_MS, open },
        },
        way: { kind: 'client-credentials' },
        askedScopes: [],
        seals: {
          mark: 'mark0000',
          seal: () => {
            throw new Error('the answer is not kept here')
          },
        },
        old: NOTHING_HELD,
      },
    )
    return { timeouts, kind: answer.kind }
  }

  it.each([
    [0, 0, 0, [60_000, 60_000]],
    [12_000, 3_000, 0, [60_000, 45_000]],
    [1_000, 0, 30_000, [60_000, 29_000]],
    [1_000, 0, -30_000, [60_000, 59_000]],
  ])(
    'has one budget for both requests of a permission: %i, %i and %i ms',
    async (took, open, wall, expected) => {
      expect(await asked(took, open, wall)).toEqual({ timeouts: expected, kind: 'granted' })
    },
  )

  it.each([
    ['the budget is used up', 60_000, 0],
    ['the secret before cannot be opened', 0, 80_000],
  ])('does not ask again where %s', async (_what, took, open) => {
    expect(await asked(took, open)).toEqual({ timeouts: [60_000], kind: 'failed' })
  })
})
