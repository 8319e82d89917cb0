import { createOrderFlow } from '../../examples/call-any-http-api/flow.ts'
import { startLocalOrders } from '../../examples/call-any-http-api/local-orders.ts'
import { createSmsFlow } from '../../examples/send-sms-with-twilio/flow.ts'
import { startLocalTwilio } from '../../examples/send-sms-with-twilio/local-twilio.ts'
import { createFlowVault, type FlowVault } from '../../shared/flow-client/client.ts'
import { runProgram } from '../support/run-program.ts'
import type { TestVault } from '../support/running-vault.ts'
import { type SpawnedVault, spawnVault } from '../support/spawned-vault.ts'

const tenant = 'acme'
const PATH = '/api/v2/flows/vault/connections'
const ACCOUNT = 'AC00000000000000000000000000000000'

let running: SpawnedVault
let vault: FlowVault

beforeAll(async () => {
  running = await spawnVault()
  vault = flowsOf(running)
})
afterAll(() => running.stop())

/** A client that compares what it holds at every call, the shortest bound there is, unless told otherwise. */
function flowsOf(target: TestVault, revalidateAfterMs = 0): FlowVault {
  const getToken = (): Promise<string> => target.token({ tenant })
  return createFlowVault({ url: target.url, getToken, revalidateAfterMs })
}

async function create(body: object): Promise<string> {
  const answer = await running.request({ tenant }, 'POST', PATH, body)
  return ((await answer.json()) as { id: string }).id
}

describe('the example "Send SMS with Twilio"', () => {
  test('goes on while its key is replaced, without an error', async () => {
    const twilio = await startLocalTwilio(ACCOUNT, 'twilio-auth-token-one')
    const setup = { type: 'API_KEY', account_id: ACCOUNT, api_key: 'twilio-auth-token-one' }
    const id = await create({ name: 'sms', app_id: 'TWILIO', setup })
    const flow = createSmsFlow(vault, id, { httpClient: twilio.httpClient })
    expect(await flow({ to: '+491', body: 'one' })).toEqual({ sid: expect.stringMatching(/^SM/) })
    twilio.keys.add('twilio-auth-token-two')
    await running.request({ tenant }, 'PATCH', `${PATH}/${id}`, {
      setup: { ...setup, api_key: 'twilio-auth-token-two' },
    })
    twilio.keys.delete('twilio-auth-token-one')
    await flow({ to: '+491', body: 'two' })
    expect(twilio.messages.map(({ body }) => body)).toEqual(['one', 'two'])
    await twilio.stop()
  })

  test('reports a key that the service refuses, and uses the newer one in the same run', async () => {
    const twilio = await startLocalTwilio(ACCOUNT, 'twilio-auth-token-two')
    const setup = { type: 'API_KEY', account_id: ACCOUNT, api_key: 'twilio-auth-token-one' }
    const id = await create({ name: 'sms', app_id: 'TWILIO', setup })
    const patient = flowsOf(running, 1e9)
    await patient.credentials(id)
    await running.request({ tenant }, 'PATCH', `${PATH}/${id}`, {
      setup: { ...setup, api_key: 'twilio-auth-token-two' },
    })
    const flow = createSmsFlow(patient, id, { httpClient: twilio.httpClient })
    expect(await flow({ to: '+491', body: 'x' })).toEqual({ sid: expect.stringMatching(/^SM/) })
    await twilio.stop()
  })
})

describe('the example "HTTP request"', () => {
  async function started() {
    const service = await startLocalOrders('orders-key-number-one')
    const values = [{ name: 'API_KEY', value: 'orders-key-number-one', in: 'HEADER', as: 'X-Api-Key' }]
    const id = await create({ name: 'orders', app_id: 'CUSTOM', setup: { type: 'CUSTOM', values } })
    return { service, id, flow: createOrderFlow(vault, id, service.url) }
  }

  test('stops at a freeze, says that a person is needed, and goes on after it', async () => {
    const { service, id, flow } = await started()
    const order = { item: 'pencil', quantity: 1 }
    expect(await flow(order)).toEqual({ id: 'order-1' })
    const answer = await running.request({ tenant }, 'POST', '/api/v2/flows/vault/freezes', {
      connection_id: id,
      reason: 'drill',
    })
    const freeze = (await answer.json()) as { id: string }
    await expect(flow(order)).rejects.toMatchObject({ code: 'connection_frozen', personNeeded: true })
    await running.request({ tenant }, 'DELETE', `/api/v2/flows/vault/freezes/${freeze.id}`)
    expect(await flow(order)).toEqual({ id: 'order-2' })
    await service.stop()
  })

  test('goes on from memory while the vault restarts, and sees changes afterwards', async () => {
    const { service, id, flow } = await started()
    const order = { item: 'pencil', quantity: 1 }
    await flow(order)
    const port = new URL(running.url).port
    await running.kill()
    expect(await flow(order)).toEqual({ id: 'order-2' })
    const before = running
    running = await spawnVault({ folder: before.folder, env: { PORT: port } })
    service.keys.add('orders-key-number-two')
    const values = [{ name: 'API_KEY', value: 'orders-key-number-two', in: 'HEADER', as: 'X-Api-Key' }]
    await running.request({ tenant }, 'PATCH', `${PATH}/${id}`, { setup: { type: 'CUSTOM', values } })
    service.keys.delete('orders-key-number-one')
    expect(await flow(order)).toEqual({ id: 'order-3' })
    await service.stop()
  })
})

describe('an example beside which no vault runs', () => {
  test('says so in one sentence', async () => {
    const env = { FLOW_VAULT_DATA: '/nowhere' }
    const end = await runProgram('examples/call-any-http-api/start.ts', { env })
    const err = 'There is no /nowhere/dev.json. Run npm start in another terminal first.\n'
    expect(end).toEqual({ code: 1, out: '', err })
  })
})
