import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { Connector, Setup } from '../../shared/connectors/connector.ts'
import { CANARY, CONNECTIONS, type HostileClient, openHostileClient } from '../support/hostile-client.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const INVALID_BODY = { status: 400, errorCode: 'invalid_body' } as const
const INVALID_QUERY = { status: 400, errorCode: 'invalid_query_string' } as const
const OAUTH_APPS = '/api/v2/flows/vault/oauth-apps'
const FREEZES = '/api/v2/flows/vault/freezes'

let vault: RunningVault
let client: HostileClient
let connectionPath: string

beforeAll(async () => {
  vault = await startRunningVault()
  client = await openHostileClient(vault)
  const { id } = JSON.parse((await client.postJson({ name: 'there', app_id: 'HTTP' })).body)
  connectionPath = `${CONNECTIONS}/${id}`
})

afterAll(async () => {
  await vault.stop()
  expect(vault.log().join('\n')).not.toContain(CANARY)
})

/** CR, LF and NUL split or end a header; U+010A has LF as its low byte; the others have no place in one. */
const BREAKING: readonly [string, string][] = [
  ['CR', '\r'],
  ['LF', '\n'],
  ['CR LF and a header', '\r\nX-Injected: 1'],
  ['NUL', '\0'],
  ['U+010A', '\u010a'],
  ['é', 'é'],
  ['DEL', '\x7f'],
  ['half a surrogate pair', '\ud800'],
]

/** The setups of the catalogue that put a field into a header as it is, and those fields. */
const HEADER_BOUND = CONNECTORS.flatMap((connector) =>
  connector.setups.flatMap((setup) =>
    headerFields(setup).map((field): [string, Connector, Setup, string] => [
      `${connector.appId} ${setup.type} ${field}`,
      connector,
      setup,
      field,
    ]),
  ),
)

function headerFields(setup: Setup): string[] {
  const templates = setup.request.flatMap((part) =>
    part.place === 'header' ? [part.name, part.value].flat() : [],
  )
  const names = templates.flatMap((text) =>
    [...(text ?? '').matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]!),
  )
  return [...new Set(names)].filter((name) => setup.fields.some((field) => field.name === name))
}

describe('a value that travels in a header', () => {
  test('is found in most of the catalogue', () => {
    expect(HEADER_BOUND.length).toBeGreaterThan(10)
  })

  test.each(HEADER_BOUND)(
    'of %s is refused with anything that breaks one',
    async (_what, { appId }, setup, field) => {
      for (const [, breaking] of BREAKING) {
        const { example } = setup
        const value = `${example[field]}${breaking}${CANARY}`
        await client.refused(
          () => client.postJson({ name: 'a', app_id: appId, setup: { ...example, [field]: value } }),
          { ...INVALID_BODY, says: [`setup.${field}`] },
        )
      }
    },
  )

  test.each(BREAKING)('of a custom setup is refused with %s, as its name is', async (_what, breaking) => {
    const named = { name: 'KEY', value: CANARY, in: 'HEADER', as: 'X-Key' }
    for (const changed of [{ value: `${CANARY}${breaking}x` }, { as: `X-${breaking}Key` }]) {
      const body = { name: 'a', app_id: 'CUSTOM', setup: { values: [{ ...named, ...changed }] } }
      await client.refused(() => client.postJson(body), {
        ...INVALID_BODY,
        says: [`setup.values.0.${Object.keys(changed)[0]}`],
      })
    }
  })

  test.each(['Host', 'Content-Length', 'transfer-encoding', 'Connection', 'X Key', 'X:Key', ''])(
    'may not be called %j',
    async (name) => {
      const setup = { type: 'API_KEY', name, value: CANARY, in: 'HEADER' }
      await client.refused(() => client.postJson({ name: 'a', app_id: 'HTTP', setup }), {
        ...INVALID_BODY,
        says: ['setup.name'],
      })
    },
  )

  test.each(BREAKING.slice(0, 4))('of Basic authentication may not hold %s', async (_what, breaking) => {
    for (const field of ['username', 'password']) {
      const setup = { type: 'BASIC_AUTH', username: 'u', password: 'p', [field]: `${breaking}${CANARY}` }
      await client.refused(() => client.postJson({ name: 'a', app_id: 'HTTP', setup }), {
        ...INVALID_BODY,
        says: [`setup.${field}`, 'one line of text'],
      })
    }
  })

  test.each(BREAKING)('of an OAuth client is refused with %s', async (_what, breaking) => {
    const good = { app_id: 'SLACK', name: 'a', client_id: 'id', client_secret: CANARY }
    for (const field of ['client_id', 'client_secret']) {
      const body = { ...good, [field]: `${CANARY}${breaking}` }
      await client.refused(() => client.postJson(body, { path: OAUTH_APPS }), {
        ...INVALID_BODY,
        says: [field],
      })
    }
  })
})

describe('a member that is not known', () => {
  const bearer = { type: 'BEARER', token: CANARY }
  const named = { name: 'A', value: CANARY }
  const app = { app_id: 'SLACK', name: 'a', client_id: 'id', client_secret: CANARY }

  test.each<[string, string, unknown, string]>([
    ['POST', CONNECTIONS, { name: 'a', app_id: 'HTTP', extra: CANARY }, 'extra'],
    ['POST', CONNECTIONS, { name: 'a', app_id: 'HTTP', setup: { ...bearer, extra: CANARY } }, 'setup.extra'],
    [
      'POST',
      CONNECTIONS,
      { name: 'a', app_id: 'CUSTOM', setup: { values: [{ ...named, extra: 1 }] } },
      'setup.values.0.extra',
    ],
    ['POST', OAUTH_APPS, { ...app, extra: CANARY }, 'extra'],
    ['POST', FREEZES, { app_id: 'HTTP', reason: 'r', extra: CANARY }, 'extra'],
    ['PATCH', '{connection}', { name: 'a', extra: CANARY }, 'extra'],
    ['PATCH', '{connection}', { app_id: 'SLACK' }, 'app_id'],
    ['PATCH', '{connection}', { setup: { ...bearer, extra: CANARY } }, 'setup.extra'],
    ['POST', '{connection}/authorize', { extra: CANARY }, 'extra'],
    ['POST', '{connection}/credentials/rejected', { credential_version: 1, extra: 1 }, 'extra'],
    // What only the vault itself decides cannot be sent.
    ...['id', 'tenant', 'ready', 'fingerprint', 'version', 'status', 'secret', 'due_at', 'created_at'].map(
      (name): [string, string, unknown, string] => [
        'POST',
        CONNECTIONS,
        { name: 'a', app_id: 'HTTP', [name]: CANARY },
        name,
      ],
    ),
  ])('is refused: %s %s %j', async (method, path, body, field) => {
    const sent = { method, path: path.replace('{connection}', connectionPath) }
    await client.refused(() => client.postJson(body, sent), {
      ...INVALID_BODY,
      says: ['Additional properties not allowed', `on property ${field}`],
    })
  })
})

describe('a name', () => {
  const create = (name: unknown) => client.postJson({ name, app_id: 'HTTP' })

  test.each([
    ['ASCII', 'x'],
    ['accents', 'é'],
    ['characters outside the BMP', '💎'],
  ])('has up to 150 characters, as JSON Schema counts them: %s', async (_what, character) => {
    const longest = character.repeat(150)
    const created = await create(longest)
    expect(created.status).toBe(201)
    const { id, name } = JSON.parse(created.body)
    expect(name).toBe(longest)
    const read = await client.send({ method: 'GET', path: `${CONNECTIONS}/${id}` })
    expect(JSON.parse(read.body).name).toBe(longest)
    await client.refused(() => create(longest + character), {
      ...INVALID_BODY,
      says: ['String is too long (151 chars), maximum 150', 'on property name', 'at most 150'],
    })
  })

  test('is not empty', async () => {
    await client.refused(() => create(''), {
      ...INVALID_BODY,
      says: ['String is too short (0 chars), minimum 1', 'on property name', 'at least 1'],
    })
  })

  test.each([[null], [7], [true], [['a']], [{ a: 1 }]])('is a text, not %j', async (name) => {
    await client.refused(() => create(name), {
      ...INVALID_BODY,
      says: ['Expected type string but found type', 'on property name'],
    })
  })

  test('is well-formed: half a surrogate pair could not be read back', async () => {
    for (const name of ['\ud800', 'a\udc00b']) {
      await client.refused(() => create(name), { ...INVALID_BODY, says: ['on property name', 'Unicode'] })
      await client.refused(() => client.postJson({ name }, { method: 'PATCH', path: connectionPath }), {
        ...INVALID_BODY,
        says: ['on property name', 'Unicode'],
      })
      const app = { app_id: 'SLACK', client_id: 'id', client_secret: 's' }
      await client.refused(() => client.postJson({ ...app, name }, { path: OAUTH_APPS }), {
        ...INVALID_BODY,
        says: ['on property name', 'Unicode'],
      })
      await client.refused(() => client.postJson({ app_id: 'HTTP', reason: name }, { path: FREEZES }), {
        ...INVALID_BODY,
        says: ['on property reason', 'Unicode'],
      })
    }
  })

  test('may hold markup, quotes and directions: it is data, given back as it came', async () => {
    for (const name of [
      '<script>alert(1)</script>',
      '"; DROP TABLE items; --',
      '\u202egnp.exe',
      '../../etc',
    ]) {
      const created = await create(name)
      expect(created.status).toBe(201)
      expect(JSON.parse(created.body).name).toBe(name)
    }
  })
})

describe('a number', () => {
  const rejected = () => ({ path: `${connectionPath}/credentials/rejected` })

  test.each([
    ['1e400', 'credential_version'],
    ['9007199254740993', 'credential_version'],
    ['0', 'at least 1'],
    ['-1', 'at least 1'],
    ['1.5', 'integer'],
    ['"1"', 'Expected type'],
    ['null', 'Expected type'],
  ])('is a whole one from 1 where a version is meant, not %s', async (number, says) => {
    await client.refused(() => client.post(`{"credential_version":${number}}`, rejected()), {
      ...INVALID_BODY,
      says: [says, 'on property credential_version'],
    })
  })
})

describe('a query parameter', () => {
  const get = (query: string, path = CONNECTIONS) => client.send({ method: 'GET', path: `${path}?${query}` })

  test.each([
    ['page=-1', 'page', 'a whole number from 0 to 1000'],
    ['page=1001', 'page', 'a whole number from 0 to 1000'],
    ['page=1.5', 'page', 'a whole number from 0 to 1000'],
    ['page=1e1', 'page', 'a whole number from 0 to 1000'],
    ['page=', 'page', 'a whole number from 0 to 1000'],
    ['page=two', 'page', 'a whole number from 0 to 1000'],
    ['page=%D9%A3', 'page', 'a whole number from 0 to 1000'],
    ['page=1&page=2', 'page', 'a whole number from 0 to 1000'],
    [`page=${'9'.repeat(400)}`, 'page', 'a whole number from 0 to 1000'],
    ['per_page=0', 'per_page', 'a whole number from 1 to 100'],
    ['per_page=101', 'per_page', 'a whole number from 1 to 100'],
    ['include_totals=yes', 'include_totals', 'one of true, false'],
    ['include_totals=', 'include_totals', 'one of true, false'],
    ['include_totals=TRUE', 'include_totals', 'one of true, false'],
    ['include_totals=true&include_totals=true', 'include_totals', 'one of true, false'],
    ['view=everything', 'view', 'one of basic, full'],
    ['status=deleting', 'status', 'one of empty, pending'],
    ['app_id=NONE', 'app_id', 'one of '],
    ['q=', 'q', 'at least 1'],
    [`q=${'x'.repeat(151)}`, 'q', 'at most 150'],
    ['unknown=1', 'unknown', 'Additional properties not allowed: unknown'],
    ['Page=1', 'Page', 'Additional properties not allowed: Page'],
    ['__proto__=1', '__proto__', 'Additional properties not allowed: __proto__'],
    ['constructor=1', 'constructor', 'Additional properties not allowed: constructor'],
    ['%00=1', '?', 'Additional properties not allowed: ?'],
    ['take=10&from=x', 'take', 'Additional properties not allowed: take,from'],
  ])('is refused: %s', async (query, field, allowed) => {
    await client.refused(() => get(query), {
      ...INVALID_QUERY,
      says: ['Query validation error', `on property ${field}`, allowed],
    })
  })

  test.each(['min_ttl=-1', 'min_ttl=86401', 'min_ttl=x', 'ttl=1'])(
    'of a fetch is refused: %s',
    async (query) => {
      await client.refused(() => get(query, `${connectionPath}/credentials`), {
        ...INVALID_QUERY,
        says: ['ttl'],
      })
    },
  )

  test('at the end of its range is taken, and a page past the last is empty', async () => {
    const answer = await get('page=1000&per_page=100&include_totals=true')
    expect(JSON.parse(answer.body)).toMatchObject({ start: 100_000, limit: 100, connections: [] })
  })
})
