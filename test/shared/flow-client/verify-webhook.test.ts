import { createHmac } from 'node:crypto'
import { verifyWebhookAt } from '../../../shared/flow-client/verify-webhook.ts'

const KEY = Buffer.from('a signing key of thirty-two byte')
const SECRET = `whsec_${KEY.toString('base64')}`
const BODY = '{"type":"connection.updated","data":{"connection_id":"ac_1"}}'
const AT = 1_800_000_000

/** Signed with plain node:crypto after the specification: id, timestamp and body joined by dots. */
function signed(body = BODY, key = KEY, at = AT): Record<string, string> {
  const signature = createHmac('sha256', key).update(`evt_1.${at}.${body}`).digest('base64')
  return { 'webhook-id': 'evt_1', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` }
}

const now = { nowMs: AT * 1000 }

describe('verifyWebhookAt', () => {
  test.each<[string, Parameters<typeof verifyWebhookAt>[0]]>([
    ['text', BODY],
    ['a buffer', Buffer.from(BODY)],
    ['bytes', new TextEncoder().encode(BODY)],
    ['an array buffer', new TextEncoder().encode(BODY).buffer],
    ['a part of a larger buffer', Buffer.from(`xx${BODY}`).subarray(2)],
  ])('takes the body as %s', async (_, body) => {
    expect(await verifyWebhookAt(body, signed(), SECRET, now)).toEqual(JSON.parse(BODY))
  })

  test.each([
    ['Headers', new Headers(signed())],
    [
      'an object of any case',
      {
        'Webhook-Id': 'evt_1',
        'WEBHOOK-TIMESTAMP': String(AT),
        'Webhook-Signature': signed()['webhook-signature']!,
      },
    ],
    ['lists', Object.fromEntries(Object.entries(signed()).map(([name, value]) => [name, [value]]))],
  ])('takes headers as %s', async (_, headers) => {
    await expect(verifyWebhookAt(BODY, headers, SECRET, now)).resolves.toBeDefined()
  })

  test('takes any of several secrets and signatures', async () => {
    const headers = signed()
    headers['webhook-signature'] = `v1a,xxxx v1,AAAA ${headers['webhook-signature']}`
    const other = `whsec_${Buffer.from('another').toString('base64')}`
    await expect(verifyWebhookAt(BODY, headers, [other, SECRET], now)).resolves.toBeDefined()
  })

  test.each<[string, unknown, Record<string, string>, string, RegExp]>([
    ['another body', `${BODY} `, signed(), SECRET, /no signature fits/],
    ['another key', BODY, signed(BODY, Buffer.from('no')), SECRET, /no signature fits/],
    ['an old message', BODY, signed(BODY, KEY, AT - 301), SECRET, /more than 300 s/],
    ['one from the future', BODY, signed(BODY, KEY, AT + 301), SECRET, /more than 300 s/],
    ['a time that is none', BODY, { ...signed(), 'webhook-timestamp': 'soon' }, SECRET, /no number/],
    ['no id', BODY, { ...signed(), 'webhook-id': '' }, SECRET, /webhook-id is missing/],
    [
      'no signature of version 1',
      BODY,
      { ...signed(), 'webhook-signature': 'v1a,xx' },
      SECRET,
      /no signature fits/,
    ],
    ['parsed JSON', JSON.parse(BODY), signed(), SECRET, /pass the raw body/],
    ['a secret without its prefix', BODY, signed(), KEY.toString('base64'), /whsec_/],
    ['an empty secret', BODY, signed(), 'whsec_', /whsec_/],
  ])('refuses %s, and says why', async (_, body, headers, secret, sentence) => {
    const refusal = await verifyWebhookAt(body as string, headers, secret, now).catch(
      (error: unknown) => error,
    )
    expect(refusal).toMatchObject({ code: 'invalid_webhook', message: expect.stringMatching(sentence) })
  })
})
