import net from 'node:net'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const PATH = '/api/v2/flows/vault/connections'
const LENGTH = 102_400

let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault()
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
