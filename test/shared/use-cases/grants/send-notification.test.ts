import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { OutgoingRequest } from '../../../../shared/ports/outgoing-fetch.ts'
import { sendNotification } from '../../../../shared/use-cases/grants/send-notification.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const URL = 'https://hooks.example.com/services/canary'

describe('sendNotification', () => {
  let world: GrantsUnderTest
  const calls: { url: string; request: OutgoingRequest }[] = []

  beforeAll(async () => {
    world = await startGrantsUnderTest()
  })
  afterAll(() => world.close())
  beforeEach(() => {
    calls.length = 0
  })

  async function send(connectionId: string, about: string, status = 200) {
    const outgoing = async (url: string | globalThis.URL, request: OutgoingRequest) => {
      calls.push({ url: String(url), request })
      return { kind: 'answer', status, headers: { 'retry-after': '7' }, body: new SecretText('') } as const
    }
    const event = {
      id: 'e1',
      type: 'connection.reauthorization_required',
      tenant: 'acme',
      connection_id: about,
      app_id: 'SALESFORCE',
      version: 2,
      credential_version: 1,
      sequence: 2,
      occurred_at: '2030-01-01T00:00:00.000Z',
      changed: ['status'],
    } as const
    return sendNotification(
      { ...world.ports, outgoing },
      { tenant: 'acme', connectionId, event, publicUrl: 'https://vault.example.com' },
    )
  }

  it('posts Slack a text alone: the name people gave, the sentence, the link', async () => {
    const slack = await world.create('SLACK', { type: 'WEBHOOK', url: URL })
    const about = await world.create('SALESFORCE')
    expect(await send(slack.id, about.id)).toEqual({ kind: 'answered', status: 200, retryAfterMs: 7000 })
    expect(calls).toHaveLength(1)
    expect(calls[0]!.url).toBe(URL)
    expect(JSON.parse(calls[0]!.request.body!)).toEqual({
      text: `Orders: The connection has stopped: a person has to authorize it again. https://vault.example.com/vault/connections/${about.id}`,
    })
  })

  it('posts Zapier the event beside the text', async () => {
    const zap = await world.create('ZAPIER', { type: 'WEBHOOK', url: URL })
    await send(zap.id, zap.id)
    expect(JSON.parse(calls[0]!.request.body!)).toMatchObject({
      text: expect.stringContaining('Orders: '),
      event: { id: 'e1', connection_id: zap.id },
    })
  })

  it('says that the target is gone when it is no webhook, or not there, and calls nobody', async () => {
    const other = await world.create('TELEGRAM', { type: 'TOKEN', token: '123456:telegram-bot-token' })
    expect(await send(other.id, other.id)).toEqual({ kind: 'failed', code: 'target_gone' })
    expect(await send('ac_00000000UnknownUnknown', other.id)).toEqual({ kind: 'failed', code: 'target_gone' })
    expect(calls).toEqual([])
  })
})
