import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { SendRequest } from '../../../../shared/ports/grant-runner.ts'
import type { OutgoingFetch } from '../../../../shared/ports/outgoing-fetch.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { sendNotification } from '../../../../shared/use-cases/subscriptions/send-notification.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const hook = (name: string) => ({
  type: 'WEBHOOK',
  url: `https://hooks.slack.com/services/T000/B000/${name}`,
})

describe('sendNotification', () => {
  let world: GrantsUnderTest
  let called: string[]
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    called = []
  })
  afterEach(() => world.close())

  const outgoing: OutgoingFetch = async (url) => {
    called.push(String(url))
    return { kind: 'answer', status: 200, headers: {}, body: new SecretText('ok') }
  }
  const send = (connectionId: string, frozen?: object) => {
    const event = { type: 'subscription.test' } as SendRequest['event']
    const request = { tenant: world.tenant, connectionId, event, publicUrl: 'https://vault.example.test' }
    const freezes = { find: async () => frozen }
    return sendNotification({ ...world.ports, outgoing, freezes }, request)
  }

  it('goes to where the connection points when it is sent', async () => {
    const { id } = await world.create('SLACK', hook('before'))
    await send(id)
    await updateConnection(world.ports, { tenant: world.tenant, id, setup: hook('after') })
    expect(await send(id)).toEqual({ kind: 'answered', status: 200 })
    expect(called.map((url) => url.split('/').at(-1))).toEqual(['before', 'after'])
  })

  it.each([
    ['is frozen', 'target_frozen', { id: 'fz_1' }],
    ['is not there', 'target_gone', undefined],
  ])('calls nobody for a connection that %s', async (_what, code, frozen) => {
    const { id } = await world.create('SLACK', hook('never'))
    expect(await send(frozen === undefined ? 'ac_00000000UnknownUnknown' : id, frozen)).toEqual({
      kind: 'failed',
      code,
    })
    expect(called).toEqual([])
  })
})
