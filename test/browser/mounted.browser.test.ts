import { request as sendRequest } from 'node:http'
import { type LocalServer, startLocalServer } from '../support/local-server.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { fetchToken } from '../support/vault-token.ts'
import { startVaultInBrowser, type VaultInBrowser } from './support/vault-in-browser.ts'

const MOUNT = '/vaults'
const CONNECTIONS = '/api/v2/flows/vault/connections'

describe('a vault that a proxy serves under a path', () => {
  let proxy: LocalServer
  let vault: RunningVault
  let world: VaultInBrowser
  let publicUrl: string

  beforeAll(async () => {
    // As proxies do it: what is under the path goes on without it, and nothing else goes on.
    proxy = await startLocalServer((request, response) => {
      if (!request.url?.startsWith(`${MOUNT}/`)) return void response.writeHead(404).end()
      const path = request.url.slice(MOUNT.length)
      const target = new URL(vault.url)
      const { method, headers } = request
      const passed = sendRequest(
        { hostname: target.hostname, port: target.port, method, path, headers },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
        },
      )
      passed.on('error', () => response.destroy())
      response.on('close', () => passed.destroy())
      request.pipe(passed)
    })
    publicUrl = `${proxy.url}${MOUNT}`
    vault = await startRunningVault({ env: { FLOW_VAULT_PUBLIC_URL: publicUrl } })
    world = await startVaultInBrowser({ vault, elsewhere: [proxy.url] })
  })

  afterAll(async () => {
    await world.close()
    await vault.stop()
    await proxy.close()
    expect(world.offences).toEqual([])
  })

  test('keeps every address of its page there, and a person signed in', async () => {
    const caller = { tenant: 'acme' }
    const setup = { type: 'BEARER', token: 'my-token-bearer-1234567' }
    const { clientId } = vault.client(caller)
    const page = await world.signedIn({ ...caller, clientId })
    await page.waitForURL(`${publicUrl}/vault`)
    const credentials = { ...vault.client(caller), audience: `${publicUrl}/api/v2/` }
    const made = await fetch(`${publicUrl}${CONNECTIONS}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await fetchToken(publicUrl, credentials)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'orders', app_id: 'HTTP', setup }),
    })
    expect(made.status).toBe(201)
    await page.reload()
    await page.getByRole('link', { name: 'orders' }).click()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await page.waitForURL(`${publicUrl}/vault/connections/ac_*`)
    await page.reload()
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await page.getByRole('link', { name: 'Health' }).click()
    await page.getByText(/needs? a person/).click()
    await page.getByRole('heading', { name: 'Connections' }).waitFor()
    await page.waitForURL(`${publicUrl}/vault?state=needs`)
    await page.context().close()
    expect(
      proxy.requests.filter((line) => !line.includes(` ${MOUNT}/`) && !line.endsWith('/favicon.ico')),
    ).toEqual([])
  })
})
