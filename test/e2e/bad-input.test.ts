import { CANARY, CONNECTIONS, type HostileClient, openHostileClient } from '../support/hostile-client.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const BODY_LIMIT_BYTES = 102_400
const SECRET_LIMIT_BYTES = 65_536
const INVALID_BODY = { status: 400, errorCode: 'invalid_body' } as const

let vault: RunningVault
let client: HostileClient

beforeAll(async () => {
  vault = await startRunningVault()
  client = await openHostileClient(vault)
})

afterAll(async () => {
  await vault.stop()
  expect(vault.log().join('\n')).not.toContain(CANARY)
})

/** A create whose one secret makes it as long as told. */
function createOfBytes(bytes: number, character = 'x'): string {
  const make = (value: string): string =>
    JSON.stringify({ name: 'sized', app_id: 'CUSTOM', setup: { values: [{ name: 'V', value }] } })
  return padded(make, bytes, character)
}

/** A create whose stored secret is as long as told. */
function createWithSecretOfBytes(bytes: number, character: string): string {
  const make = (value: string): string =>
    JSON.stringify({ setup: { values: [{ name: 'V', value }], type: 'CUSTOM' } })
  const { setup } = JSON.parse(padded(make, bytes, character))
  return JSON.stringify({ name: 'sized', app_id: 'CUSTOM', setup })
}

function padded(make: (filling: string) => string, bytes: number, character: string): string {
  const width = Buffer.byteLength(character)
  const free = bytes - Buffer.byteLength(make(''))
  return make(character.repeat(Math.floor(free / width)) + 'x'.repeat(free % width))
}

function nested(levels: number): string {
  return `{"name":"deep","app_id":"HTTP","setup":${'{"a":'.repeat(levels - 1)}1${'}'.repeat(levels - 1)}}`
}

describe('a body that is no JSON object', () => {
  test.each([
    ['nothing', '', 'Invalid JSON'],
    ['blanks', ' \n', 'Invalid JSON'],
    ['a word', CANARY, 'Invalid JSON'],
    ['half an object', `{"name":"${CANARY}"`, 'Invalid JSON'],
    ['an unfinished string', `{"name":"${CANARY}`, 'Invalid JSON'],
    ['a comma too many', `{"name":"${CANARY}",}`, 'Invalid JSON'],
    ['single quotes', `{'name':'${CANARY}'}`, 'Invalid JSON'],
    ['two objects', '{}{}', 'Invalid JSON'],
    ['a comment', '{} // none', 'Invalid JSON'],
    ['NaN', '{"name":NaN}', 'Invalid JSON'],
    ['a raw line break in a text', '{"name":"a\nb"}', 'Invalid JSON'],
    ['a byte order mark that is not the first', ' \ufeff{}', 'Invalid JSON'],
    ['a second byte order mark', '\ufeff\ufeff{}', 'Invalid JSON'],
    ['null', 'null', 'Expected type object but found type null'],
    ['a list', `["${CANARY}"]`, 'Expected type object but found type array'],
    ['a text', `"${CANARY}"`, 'Expected type object but found type string'],
    ['a number', '7', 'Expected type object but found type integer'],
  ])('is refused: %s', async (_what, body, reason) => {
    await client.refused(() => client.post(body), { ...INVALID_BODY, says: [reason] })
  })

  test.each([
    ['a byte that is no UTF-8', [0xff]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a character', [0xe2, 0x82]],
    ['a surrogate in bytes', [0xed, 0xa0, 0x80]],
    ['UTF-16', [...Buffer.from('\ufeff{}', 'utf16le')]],
  ])('is refused: %s', async (_what, bytes) => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')])
    await client.refused(() => client.post(body), { ...INVALID_BODY, says: ['UTF-8'] })
  })

  test.each([
    ['a name twice', `{"name":"${CANARY}","name":"b","app_id":"HTTP"}`, 'name'],
    ['a name twice, once in escapes', `{"name":"${CANARY}","n\\u0061me":"b","app_id":"HTTP"}`, 'name'],
    [
      'a name twice further in',
      `{"name":"a","app_id":"HTTP","setup":{"token":"${CANARY}","token":"b"}}`,
      'token',
    ],
    ['twice a name that is not known', `{"x":"${CANARY}","x":1}`, 'x'],
  ])('is refused: %s', async (_what, body, name) => {
    await client.refused(() => client.post(body), {
      ...INVALID_BODY,
      says: [`Duplicate property: ${name}`, 'each property once'],
    })
  })

  test.each([
    ['at the top', '{"__proto__":{"name":"x"},"name":"a","app_id":"HTTP"}'],
    ['in escapes', '{"\\u005f_proto__":{},"name":"a","app_id":"HTTP"}'],
    ['in a setup', '{"name":"a","app_id":"HTTP","setup":{"__proto__":{"type":"BEARER"},"token":"t"}}'],
    [
      'in a list',
      '{"name":"a","app_id":"CUSTOM","setup":{"values":[{"__proto__":{},"name":"A","value":"b"}]}}',
    ],
    [
      'in a setup of any members',
      '{"name":"a","app_id":"SLACK","setup":{"type":"OAUTH_CODE","code":"c","__proto__":"x"}}',
    ],
  ])('is refused: __proto__ %s', async (_where, body) => {
    await client.refused(() => client.post(body), { ...INVALID_BODY, says: ['__proto__'] })
    expect(({} as Record<string, unknown>)['type']).toBeUndefined()
  })

  test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])(
    'is refused: the unknown member %s',
    async (name) => {
      await client.refused(() => client.post(`{"name":"a","app_id":"HTTP","${name}":{"x":1}}`), {
        ...INVALID_BODY,
        says: [`Additional properties not allowed: ${name}`],
      })
    },
  )

  test('is refused past 20 levels, and looked into up to there', async () => {
    await client.refused(() => client.post(nested(20)), { ...INVALID_BODY, says: ['type'] })
    await client.refused(() => client.post(nested(21)), {
      ...INVALID_BODY,
      says: ['Nesting is too deep', 'at most 20 levels'],
    })
    await client.refused(() => client.post(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), {
      ...INVALID_BODY,
      says: ['Nesting is too deep'],
    })
  })
})

describe('a content type', () => {
  const body = JSON.stringify({ name: 'typed', app_id: 'HTTP' })
  const wanted = {
    status: 415,
    errorCode: 'unsupported_media_type',
    says: ['JSON', 'application/json'],
  }

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/json, application/json',
    `application/${'j'.repeat(4000)}`,
  ])('is refused: %s', async (type) => {
    await client.refused(() => client.post(body, { headers: { 'content-type': type } }), wanted)
  })

  test('has to be there', async () => {
    await client.refused(() => client.send({ body: Buffer.from(body), headers: {} }), wanted)
    await client.refused(() => client.send({}), wanted)
  })

  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json;',
    'application/json; version=1',
    `application/json; ${'a'.repeat(4000)}`,
  ])('is taken: %s', async (type) => {
    expect((await client.post(body, { headers: { 'content-type': type } })).status).toBe(201)
  })

  test('is not asked of a request that has no body, as Go’s client sends one there', async () => {
    const { id } = JSON.parse((await client.post(body)).body)
    const path = `${CONNECTIONS}/${id}`
    for (const type of ['application/json', 'text/plain']) {
      expect((await client.send({ method: 'GET', path, headers: { 'content-type': type } })).status).toBe(200)
    }
  })
})

describe('a size', () => {
  const tooLarge = {
    status: 413,
    errorCode: 'payload_too_large',
    says: ['too large', `${BODY_LIMIT_BYTES} bytes`],
  }

  test('of 100 KiB is taken for a body, and a byte more refused', async () => {
    const padding = (bytes: number): string =>
      JSON.stringify({ name: 'padded', app_id: 'HTTP' }).padEnd(bytes, ' ')
    expect((await client.post(padding(BODY_LIMIT_BYTES))).status).toBe(201)
    await client.refused(() => client.post(padding(BODY_LIMIT_BYTES + 1)), tooLarge)
  })

  test('of a body is counted in bytes', async () => {
    await client.refused(() => client.post(createOfBytes(BODY_LIMIT_BYTES, 'é')), {
      ...INVALID_BODY,
      says: ['too l'],
    })
    await client.refused(() => client.post(createOfBytes(BODY_LIMIT_BYTES + 1, 'é')), tooLarge)
  })

  test.each([
    ['one byte each', 'x'],
    ['two bytes each', 'é'],
    ['three bytes each', '€'],
    ['four bytes each', '💎'],
  ])('of 65,536 bytes is taken for a secret, and a byte more refused: %s', async (_what, character) => {
    const created = await client.post(createWithSecretOfBytes(SECRET_LIMIT_BYTES, character))
    expect(created.status).toBe(201)
    const path = `${CONNECTIONS}/${JSON.parse(created.body).id}/credentials`
    const { fields } = JSON.parse((await client.send({ method: 'GET', path })).body)
    expect(new Set(fields.V.replace(/x+$/, ''))).toEqual(new Set(character === 'x' ? [] : [character]))
    await client.refused(() => client.post(createWithSecretOfBytes(SECRET_LIMIT_BYTES + 1, character)), {
      ...INVALID_BODY,
      says: ['setup', `${SECRET_LIMIT_BYTES}`],
    })
  })
})
