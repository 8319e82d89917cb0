import net from 'node:net'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const PATH = '/api/v2/flows/vault/connections'
const LENGTH = 102_400

const REQUESTS_A_SECOND = 50

/** Of which budgets never have a second go by, so that what is used up stays so. */
class StandingClock extends SystemClock {
  override monotonicMs(): number {
    return 1
  }
}

let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault({
    env: { FLOW_VAULT_RATE_LIMIT: String(REQUESTS_A_SECOND) },
    clock: new StandingClock(),
  })
})

afterAll(() => vault.stop())

/** Sends a head that announces a body, and none of it; answers what comes back. */
function headOnly(lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(vault.url)
  const socket = net.connect(Number(port), hostname)
  socket.write([...lines, 'Host: localhost', `Content-Length: ${LENGTH}`, '', ''].join('\r\n'))
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\r\n\r\n') && text.endsWith('}')) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

describe('a body that nobody may send', () => {
  it.each([
    ['without a token', [`POST ${PATH} HTTP/1.1`], 401],
    ['with a bad token', [`POST ${PATH} HTTP/1.1`, 'Authorization: Bearer x.y.z'], 401],
    ['to an unknown path', ['POST /nothing HTTP/1.1'], 404],
  ] as const)('is answered before any of it arrives %s', async (_, lines, status) => {
    const answer = await headOnly(lines)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/^connection: close/im)
    expect(answer).toMatch(/^x-request-id: /im)
  })

  it('is answered before any of it arrives when its tenant has used up its budget', async () => {
    const token = await vault.token({ tenant: 'evil' })
    for (let sent = 0; sent < REQUESTS_A_SECOND; sent++) {
      expect((await vault.request({ tenant: 'evil' }, 'GET', PATH)).status).toBe(200)
    }
    const answer = await headOnly([`POST ${PATH} HTTP/1.1`, `Authorization: Bearer ${token}`])
    expect(answer).toMatch(/^HTTP\/1\.1 429 /)
    expect(answer).toMatch(/^retry-after: 1/im)
    expect(answer).toMatch(/^x-ratelimit-remaining: 0/im)
    // Its fetches are another budget, and have a body too.
    const complaint = await vault.request(
      { tenant: 'evil' },
      'POST',
      `${PATH}/ac_none/credentials/rejected`,
      {
        credential_version: 1,
      },
    )
    expect(complaint.status).not.toBe(429)
  })

  it('is answered as one that arrived whole', async () => {
    const whole = await fetch(`${vault.url}${PATH}`, { method: 'POST', body: '{}' })
    const [, body] = (await headOnly([`POST ${PATH} HTTP/1.1`])).split('\r\n\r\n')
    expect(JSON.parse(body!)).toEqual(await whole.json())
  })
})

describe('a body that its sender may send', () => {
  it('is read once the token was looked at', async () => {
    const created = await vault.request({ tenant: 'acme' }, 'POST', PATH, {
      name: 'mail',
      app_id: 'SENDGRID',
      setup: { type: 'API_KEY', api_key: 'SG.x' },
    })
    expect(created.status).toBe(201)
  })
})
