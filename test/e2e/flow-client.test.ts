import { createFlowVault, type FlowVault, FlowVaultError } from '../../shared/flow-client/client.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const tenant = 'acme'
const PATH = '/api/v2/flows/vault/connections'

let running: RunningVault
let vault: FlowVault

beforeAll(async () => {
  running = await startRunningVault()
  const { clientId, clientSecret } = running.client({ tenant })
  // Compared with the vault at every call, so that nothing has to wait for time to pass.
  vault = createFlowVault({ url: running.url, clientId, clientSecret, revalidateAfterMs: 0 })
})
afterAll(() => running.stop())

async function create(token: string): Promise<string> {
  const setup = { type: 'BEARER', token }
  const answer = await running.request({ tenant }, 'POST', PATH, { name: 'orders', app_id: 'HTTP', setup })
  return ((await answer.json()) as { id: string }).id
}

describe('createFlowVault against a running vault', () => {
  test('fetches with client credentials, sees an update, and asks without a body while nothing changed', async () => {
    const id = await create('token-number-one')
    const first = await vault.credentials(id)
    expect(first.request.headers).toEqual({ Authorization: 'Bearer token-number-one' })
    expect(await vault.credentials(id)).toBe(first)
    const setup = { type: 'BEARER', token: 'token-number-two' }
    const patched = await running.request({ tenant }, 'PATCH', `${PATH}/${id}`, { setup })
    expect(patched.status).toBe(200)
    expect((await vault.credentials(id)).request.headers).toEqual({
      Authorization: 'Bearer token-number-two',
    })
  })

  test('stops at a freeze and goes on after it', async () => {
    const id = await create('token-number-one')
    await vault.credentials(id)
    const frozen = await running.request({ tenant }, 'POST', '/api/v2/flows/vault/freezes', {
      connection_id: id,
      reason: 'an incident',
    })
    const freeze = (await frozen.json()) as { id: string }
    await expect(vault.credentials(id)).rejects.toMatchObject({
      code: 'connection_frozen',
      personNeeded: true,
    })
    await running.request({ tenant }, 'DELETE', `/api/v2/flows/vault/freezes/${freeze.id}`)
    expect((await vault.credentials(id)).connectionId).toBe(id)
  })

  test('tells an empty connection from an unknown one', async () => {
    const answer = await running.request({ tenant }, 'POST', PATH, { name: 'empty', app_id: 'HTTP' })
    const { id } = (await answer.json()) as { id: string }
    await expect(vault.credentials(id)).rejects.toMatchObject({
      code: 'connection_empty',
      link: `${running.url}/vault/connections/${id}`,
    })
    await expect(vault.credentials('ac_0000000000000000000000')).rejects.toMatchObject({
      code: 'connection_not_found',
    })
  })

  test('says what is wrong with a client that the vault does not know', async () => {
    const stranger = createFlowVault({ url: running.url, clientId: 'nobody', clientSecret: 'nothing' })
    const refusal = await stranger.credentials('ac_1').catch((error: unknown) => error)
    expect(FlowVaultError.is(refusal)).toBe(true)
    expect(refusal).toMatchObject({
      code: 'unauthenticated',
      message: expect.stringMatching(/Check clientId/),
    })
  })
})
