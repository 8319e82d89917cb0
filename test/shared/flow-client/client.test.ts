import { inspect } from 'node:util'
import { FLOW_ID as VAULT_FLOW_ID } from '../../../shared/domain/ids.ts'
import { createFlowVault, FlowVaultError } from '../../../shared/flow-client/client.ts'
import { FLOW_ID } from '../../../shared/flow-client/client-options.ts'
import { credentialBody, settle, stageClient } from '../../support/flow-client-stage.ts'

/** Answers the first request of a connection, so that the client holds the credential. */
async function held(stage: ReturnType<typeof stageClient>, body = credentialBody()): Promise<void> {
  const first = stage.vault.credentials('ac_1')
  await settle()
  await stage.wire.last.answer(200, body, { etag: '"c1"' })
  await first
}

describe('createFlowVault', () => {
  const getToken = async (): Promise<string> => 'token'

  test.each<[object, RegExp]>([
    [undefined as never, /pass an object with options of these: url, clientId, [^.]*\.$/],
    [{ url: 'vault' }, /url is the vault's address/],
    [{ url: 'ftp://vault' }, /url is the vault's address/],
    [{ url: 'https://v' }, /clientId and clientSecret, or getToken/],
    [{ url: 'https://v', clientId: 'a' }, /clientId and clientSecret, or getToken/],
    [{ url: 'https://v', clientId: 'a', clientSecret: 'b', getToken }, /or getToken/],
    [{ url: 'https://v', getToken, revalidateAfter: 1 }, /did you mean "revalidateAfterMs"\?|Allowed/],
    [{ url: 'https://v', getToken, clientID: 'x' }, /did you mean "clientId"\?$/],
    [{ url: 'https://v', getToken, revalidateAfterMs: -1 }, /revalidateAfterMs is a number/],
    [{ url: 'https://v?tenant=a', getToken }, /nothing behind it/],
    [{ url: 'https://me:secret@v', getToken }, /nothing behind it/],
    [{ url: 'https://v', getToken: 'token' }, /getToken is a function/],
    [{ url: 'https://v', getToken, onEvent: {} }, /onEvent is a function/],
    [{ url: 'https://v', clientId: 7, clientSecret: 'b' }, /clientId is text/],
    [
      { url: 'https://v', clientId: 'a', clientSecret: 'b', tokenUrl: 'oauth/token' },
      /tokenUrl is an address/,
    ],
    [{ url: 'https://v', getToken, timeoutMs: 1e10 }, /timeoutMs is at most 2147483647/],
    [{ url: 'https://v', getToken, timeoutMs: 0 }, /timeoutMs is a number/],
    [{ url: 'https://v', getToken, flowId: 'a flow' }, /flowId is up to 100 letters/],
    [{ url: 'https://v', getToken, flowId: '' }, /flowId is up to 100 letters/],
    [{ url: 'https://v', getToken, flowId: 'f'.repeat(101) }, /flowId is up to 100 letters/],
  ])('refuses options that cannot work: %j', (options, sentence) => {
    expect(() => createFlowVault(options as never)).toThrow(sentence)
  })

  test('asks nobody before it is used', async () => {
    const { wire } = stageClient()
    await settle()
    expect(wire.requests).toHaveLength(0)
  })
})

describe('credentials', () => {
  test('asks with the own token and min_ttl, and answers from memory afterwards', async () => {
    const stage = stageClient()
    const first = stage.vault.credentials('ac_1', { minTtl: 90 })
    await settle()
    const [request] = stage.wire.requests
    expect(request!.url).toBe(
      'https://vault.example.com/api/v2/flows/vault/connections/ac_1/credentials?min_ttl=90',
    )
    expect(request!.headers.get('authorization')).toBe('Bearer own-token')
    expect(request!.redirect).toBe('manual')
    await request!.answer(200, credentialBody())
    expect((await first).fields).toEqual({ token: 'secret-one' })
    expect(await stage.vault.credentials('ac_1')).toBe(await first)
    expect(stage.wire.requests).toHaveLength(1)
  })

  test('says which flow is asking, where it was told, with each call', async () => {
    const stage = stageClient({ flowId: 'orders:nightly' })
    await held(stage)
    const held1 = await stage.vault.credentials('ac_1')
    const report = stage.vault.rejected(held1)
    await settle()
    await stage.wire.last.answer(200, { renewed: false })
    await report
    const named = stage.wire.requests.map(({ method, headers }) => [method, headers.get('x-flow-id')])
    expect(named).toEqual([
      ['GET', 'orders:nightly'],
      ['POST', 'orders:nightly'],
    ])
    const silent = stageClient()
    await held(silent)
    expect(silent.wire.last.headers.has('x-flow-id')).toBe(false)
  })

  test('takes the flow ids that the vault takes', () => {
    expect(FLOW_ID.source).toBe(VAULT_FLOW_ID.source)
  })

  test('shows neither headers nor fields when printed', async () => {
    const stage = stageClient()
    await held(stage)
    const credential = await stage.vault.credentials('ac_1')
    expect(JSON.stringify(credential) + inspect(credential)).not.toContain('secret-one')
    expect(JSON.stringify(credential)).toContain('ac_1')
  })

  test.each([
    [[undefined], /id, is that of a connection, such as "ac_…", and not undefined/],
    [[null], /not null/],
    [[7], /not number/],
    [[''], /not ""/],
    [['  '], /not " {2}"/],
    [['..'], /not "\.\."/],
    [['ac_1', { minTTL: 5 }], /did you mean "minTtl"\?/],
    [['ac_1', { minTtl: Number.NaN }], /minTtl is a number/],
    [['ac_1', { minTtl: -1 }], /minTtl is a number/],
  ])('refuses what names no connection or cannot be asked: %j', async (given, sentence) => {
    const { vault, wire } = stageClient()
    const wrong = given as unknown as Parameters<typeof vault.credentials>
    await expect(vault.credentials(...wrong)).rejects.toMatchObject({ code: 'invalid_options' })
    await expect(vault.credentials(...wrong)).rejects.toThrow(sentence)
    expect(wire.requests).toHaveLength(0)
  })

  test.each([
    [200, '<html>'],
    [200, '{"connection_id":"ac_1"}'],
    [404, '<html>'],
    [403, '{"message":"Forbidden"}'],
    [302, ''],
  ])(
    'takes a %i that is not the vault’s own for a fault that passes, and keeps what it holds',
    async (status, text) => {
      const answers = [JSON.stringify(credentialBody()), text]
      const answer = async () =>
        new Response(answers.shift(), { status: answers.length === 1 ? 200 : status })
      const { vault } = stageClient({ fetch: answer as typeof fetch })
      await vault.credentials('ac_1')
      expect((await vault.credentials('ac_1', { fresh: true })).credentialVersion).toBe(1)
      answers.push(text)
      await expect(vault.credentials('ac_2')).rejects.toMatchObject({
        code: 'vault_unavailable',
        status,
        message: expect.stringContaining('https://vault.example.com answered'),
      })
    },
  )

  test.each<[string, () => unknown, string, RegExp]>([
    ['fails', () => Promise.reject(new Error('no login')), 'vault_unavailable', /getToken failed/],
    ['has nothing', () => undefined, 'unauthenticated', /gave no text/],
    [
      'throws',
      () => {
        throw new Error('no login')
      },
      'vault_unavailable',
      /getToken failed/,
    ],
  ])('says so when getToken %s, and asks the vault nothing', async (_, getToken, code, message) => {
    const { vault, wire, system } = stageClient({ getToken: getToken as never })
    const asked = vault.credentials('ac_1').catch((error: unknown) => error)
    for (let tries = 0; tries < 3; tries += 1) {
      await settle()
      await system.advance(2_000)
    }
    expect(await asked).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(wire.requests).toHaveLength(0)
  })

  test('waits no longer than its timeout for a token that never comes', async () => {
    const { vault, system } = stageClient({ getToken: () => new Promise(() => {}), timeoutMs: 1 })
    let refused: unknown
    vault.credentials('ac_1').catch((error: unknown) => {
      refused = error
    })
    while (refused === undefined) await system.advance(2_000)
    expect(refused).toMatchObject({ message: expect.stringContaining('did not come in time') })
  })

  test('shares one request for its own token, which outlives who asked for it first', async () => {
    const own = { getToken: undefined, clientId: 'a', clientSecret: 'b' } as never
    const { vault, wire } = stageClient(own)
    const first = new AbortController()
    const gone = vault.credentials('ac_1', { signal: first.signal }).catch((error: unknown) => error)
    const other = vault.credentials('ac_2')
    await settle()
    first.abort(new Error('enough'))
    await settle()
    expect(wire.requests).toHaveLength(1)
    await wire.last.answer(200, { access_token: 'own', expires_in: 3600 })
    await wire.last.answer(200, credentialBody({ connection_id: 'ac_2' }))
    expect((await other).connectionId).toBe('ac_2')
    expect(await gone).toMatchObject({ message: 'enough' })
  })

  test('hands a credential out although the listener fails', async () => {
    const stage = stageClient({
      onEvent: () => {
        throw new Error('no metrics today')
      },
    })
    await held(stage)
    expect((await stage.vault.credentials('ac_1')).credentialVersion).toBe(1)
  })

  test('makes one request for all who ask at once', async () => {
    const stage = stageClient()
    const asked = Array.from({ length: 50 }, () => stage.vault.credentials('ac_1'))
    await settle()
    expect(stage.wire.requests).toHaveLength(1)
    await stage.wire.last.answer(200, credentialBody())
    expect(new Set(await Promise.all(asked)).size).toBe(1)
  })

  test('ends the wait of one caller by its signal, and the request when nobody waits', async () => {
    const stage = stageClient()
    const one = new AbortController()
    const other = new AbortController()
    const asked = [one, other].map(({ signal }) => stage.vault.credentials('ac_1', { signal }))
    const ends = Promise.allSettled(asked)
    await settle()
    one.abort(new Error('enough'))
    await settle()
    expect(stage.wire.last.signal!.aborted).toBe(false)
    other.abort(new Error('enough'))
    await settle()
    expect(stage.wire.last.signal!.aborted).toBe(true)
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const third = stage.vault.credentials('ac_1')
    await settle()
    await stage.wire.last.answer(200, credentialBody())
    expect((await third).credentialVersion).toBe(1)
  })

  test('compares in the background before the bound, and waits after it', async () => {
    const stage = stageClient()
    await held(stage)
    await stage.system.advance(3_900)
    await stage.vault.credentials('ac_1')
    expect(stage.wire.requests).toHaveLength(1)
    await stage.system.advance(200)
    expect((await stage.vault.credentials('ac_1')).credentialVersion).toBe(1)
    await settle()
    expect(stage.wire.requests).toHaveLength(2)
    expect(stage.wire.last.headers.get('if-none-match')).toBe('"c1"')
    await stage.wire.last.answer(304)
    await stage.system.advance(6_000)
    const waits = stage.vault.credentials('ac_1')
    await settle()
    await stage.wire.last.answer(200, credentialBody({ credential_version: 2 }))
    expect((await waits).credentialVersion).toBe(2)
  })

  test('serves the old one for a vault that does not answer, after a second and then at once, until its end', async () => {
    const stage = stageClient({ timeoutMs: 1e9 })
    await held(stage)
    await stage.system.advance(10_000)
    const patient = stage.vault.credentials('ac_1')
    await settle()
    await stage.system.advance(1_000)
    expect((await patient).credentialVersion).toBe(1)
    expect((await stage.vault.credentials('ac_1')).credentialVersion).toBe(1)
    await stage.system.advance(588_500)
    const ended = stage.vault.credentials('ac_1').catch((error: unknown) => error)
    await settle()
    await stage.system.advance(1_000)
    await stage.wire.last.answer(
      503,
      { errorCode: 'store_unavailable', message: 'away' },
      { 'retry-after': '60' },
    )
    expect(await ended).toMatchObject({ code: 'vault_unavailable', retryable: true, retryAfterMs: 60_000 })
  })

  test('waits for the vault again after it confirmed what is held', async () => {
    const stage = stageClient()
    await held(stage)
    for (let turn = 2; turn < 5; turn += 1) {
      await stage.system.advance(6_000)
      const asked = stage.vault.credentials('ac_1')
      await settle()
      expect(stage.wire.requests).toHaveLength(turn)
      await stage.wire.last.answer(304)
      expect((await asked).credentialVersion).toBe(1)
    }
  })

  test('tells of a stale credential when the vault fails, with no secret in it', async () => {
    const events: unknown[] = []
    const stage = stageClient({ onEvent: (event) => events.push(event) })
    await held(stage)
    await stage.system.advance(10_000)
    const asked = stage.vault.credentials('ac_1')
    await settle()
    await stage.wire.last.answer(503, {}, { 'retry-after': '60' })
    expect((await asked).credentialVersion).toBe(1)
    expect(events).toMatchObject([{ type: 'fetched' }, { type: 'stale', connectionId: 'ac_1' }])
    expect(inspect(events, { depth: 9 })).not.toContain('secret-one')
  })

  test.each([
    ['the monotonic clock stands still', { wall: 601_000, monotonic: 0 }],
    ['the wall clock was set back', { wall: -3_600_000, monotonic: 601_000 }],
  ])('never hands out an ended credential when %s', async (_, by) => {
    const stage = stageClient()
    await held(stage)
    stage.system.wall += by.wall
    stage.system.monotonic += by.monotonic
    const asked = stage.vault.credentials('ac_1').catch((error: unknown) => error)
    await settle()
    await stage.wire.last.answer(503, {}, { 'retry-after': '60' })
    expect(await asked).toMatchObject({ code: 'vault_unavailable' })
  })

  test('counts the life from before the request, however late the answer', async () => {
    const stage = stageClient()
    const asked = stage.vault.credentials('ac_1')
    await settle()
    await stage.system.advance(100_000)
    await stage.wire.last.answer(200, credentialBody())
    expect((await asked).usableForSeconds()).toBe(500)
  })

  test('asks again when the flow needs it longer than it lasts, and takes the best there is', async () => {
    const stage = stageClient()
    await held(stage, credentialBody({ usable_for_seconds: 30 }))
    const longer = stage.vault.credentials('ac_1', { minTtl: 120 })
    await settle()
    expect(stage.wire.last.url).toMatch(/min_ttl=120$/)
    await stage.wire.last.answer(200, credentialBody({ usable_for_seconds: 40 }))
    expect((await longer).usableForSeconds()).toBe(40)
    await stage.vault.credentials('ac_1', { minTtl: 120 })
    expect(stage.wire.requests).toHaveLength(2)
  })

  test.each([
    [409, 'reauthorization_required', { personNeeded: true, retryable: false }],
    [409, 'connection_frozen', { personNeeded: true, retryable: false }],
    [409, 'connection_empty', { personNeeded: true, retryable: false }],
    [404, undefined, { code: 'connection_not_found', personNeeded: false, retryable: false }],
    [403, 'insufficient_scope', { code: 'insufficient_scope', retryable: false }],
    [500, undefined, { code: 'vault_unavailable', personNeeded: false, retryable: true }],
  ])('tells a %s %s as what it is, and forgets what a refusal ended', async (status, errorCode, expected) => {
    const stage = stageClient()
    await held(stage)
    stage.vault.invalidate('ac_1')
    const asked = stage.vault.credentials('ac_1', { fresh: true }).catch((error: unknown) => error)
    await settle()
    await stage.wire.last.answer(status, { errorCode, message: 'No.' }, { 'x-request-id': 'r1' })
    if (status === 500) {
      expect(await asked).toMatchObject({ credentialVersion: 1 })
      return
    }
    const error = await asked
    expect(FlowVaultError.is(error)).toBe(true)
    expect(error).toMatchObject({ connectionId: 'ac_1', requestId: 'r1', message: 'ac_1: No.', ...expected })
    const again = stage.vault.credentials('ac_1')
    await settle()
    expect(stage.wire.requests).toHaveLength(3)
    await stage.wire.last.answer(200, credentialBody({ credential_version: 3 }))
    expect((await again).credentialVersion).toBe(3)
  })

  test('tries what passes by itself three times in all, and renews its own token once', async () => {
    const tokens: (string | undefined)[] = []
    const stage = stageClient({
      getToken: async ({ rejected }) => {
        tokens.push(rejected)
        return rejected === undefined ? 'old' : 'new'
      },
    })
    const asked = stage.vault.credentials('ac_1')
    await settle()
    await stage.wire.last.answer(401, {})
    expect(stage.wire.last.headers.get('authorization')).toBe('Bearer new')
    await stage.wire.last.fail('socket hang up')
    await stage.system.advance(2_000)
    await stage.wire.last.answer(502)
    await stage.system.advance(2_000)
    await stage.wire.last.answer(200, credentialBody())
    await asked
    expect(stage.wire.requests).toHaveLength(4)
    expect(tokens).toEqual([undefined, 'old', 'old', 'old'])
  })

  test('keeps no more than its cap, and drops first what nobody used', async () => {
    const stage = stageClient({ maxCacheBytes: 6_000 })
    const ask = async (id: string): Promise<number> => {
      const before = stage.wire.requests.length
      const asked = stage.vault.credentials(id)
      await settle()
      const sent = stage.wire.requests.length - before
      if (sent > 0) await stage.wire.last.answer(200, credentialBody({ connection_id: id }))
      await asked
      return sent
    }
    for (let index = 0; index < 20; index += 1) {
      await ask(`ac_${index}`)
      expect(await ask('ac_0')).toBe(0)
    }
    expect(await ask('ac_1')).toBe(1)
  })

  test('drops nothing for one that is larger than its cap', async () => {
    const stage = stageClient({ maxCacheBytes: 6_000 })
    const ask = async (id: string, fields: object): Promise<number> => {
      const before = stage.wire.requests.length
      const asked = stage.vault.credentials(id)
      await settle()
      const sent = stage.wire.requests.length - before
      if (sent > 0) await stage.wire.last.answer(200, credentialBody({ connection_id: id, fields }))
      await asked
      return sent
    }
    await ask('ac_small', {})
    await ask('ac_large', { token: 'x'.repeat(6_000) })
    expect([await ask('ac_small', {}), await ask('ac_large', {})]).toEqual([0, 1])
  })
})

describe('follow', () => {
  test('says that it takes a signal', async () => {
    const { vault } = stageClient()
    await expect(vault.follow(undefined as never)).rejects.toThrow(/^follow: pass \{ signal \}/)
    await expect(vault.follow({} as never)).rejects.toThrow(/^follow: pass \{ signal \}/)
  })
})

describe('invalidate', () => {
  const event = { type: 'connection.updated', connection_id: 'ac_1' }

  test.each([
    ['the feed', event],
    ['a webhook', { specversion: '1.0', type: 'connection.updated', data: event }],
    ['the text of a webhook', JSON.stringify({ type: 'connection.updated', data: event })],
    ['EventBridge', { 'detail-type': 'connection.updated', source: 'flow-vault', detail: event }],
    ['an id', 'ac_1'],
  ])('makes the next call ask when %s tells of a change', async (_, message) => {
    const stage = stageClient()
    await held(stage)
    stage.vault.invalidate(message)
    const asked = stage.vault.credentials('ac_1')
    await settle()
    await stage.wire.last.answer(200, credentialBody({ credential_version: 2 }))
    expect((await asked).credentialVersion).toBe(2)
  })

  test.each([undefined, null, 7, 'not json', '"text"', '[]', {}, { data: {} }])(
    'ignores %p',
    async (message) => {
      const stage = stageClient()
      await held(stage)
      stage.vault.invalidate(message)
      await stage.vault.credentials('ac_1')
      expect(stage.wire.requests).toHaveLength(1)
    },
  )

  test('does not take the answer of a request that began before the news', async () => {
    const stage = stageClient()
    const asked = stage.vault.credentials('ac_1')
    await settle()
    stage.vault.invalidate('ac_1')
    const later = stage.vault.credentials('ac_1')
    await stage.wire.requests[0]!.answer(200, credentialBody())
    await settle()
    expect(stage.wire.requests).toHaveLength(2)
    await stage.wire.last.answer(200, credentialBody({ credential_version: 2 }))
    expect((await asked).credentialVersion).toBe(1)
    expect((await later).credentialVersion).toBe(2)
  })

  test.each(['connection.deleted', 'connection.frozen', 'connection.reauthorization_required'])(
    'forgets the credential at %s, whatever the vault does',
    async (type) => {
      const stage = stageClient()
      await held(stage)
      stage.vault.invalidate({ type, connection_id: 'ac_1' })
      const asked = stage.vault.credentials('ac_1').catch((error: unknown) => error)
      await settle()
      await stage.wire.last.answer(503, {}, { 'retry-after': '60' })
      expect(await asked).toMatchObject({ code: 'vault_unavailable' })
    },
  )
})
