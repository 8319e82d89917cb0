import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { ClientRegistry } from '../../../../infra/embedded/issuer/client-registry.ts'
import { createIssuer } from '../../../../infra/embedded/issuer/dev-issuer.ts'
import { IssuerKeyFile } from '../../../../infra/embedded/issuer/issuer-keys.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../../../shared/domain/scopes.ts'
import { type CommandOutcome, runCommand } from '../../../support/run-command.ts'

let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-commands-'))
})

afterEach(() => {
  fs.rmSync(folder, { recursive: true })
})

const run = (args: readonly string[], env?: Record<string, string>) =>
  runCommand('token', args, env === undefined ? { folder } : { folder, env })

const openRegistry = () =>
  ClientRegistry.open(path.join(folder, 'clients.json'), {
    clock: new SystemClock(),
    random: new SystemRandom(),
  })

describe('token command', () => {
  let server: http.Server
  let clients: ClientRegistry

  beforeEach(async () => {
    clients = openRegistry()
    const { client, secret } = clients.add({ name: 'dev', tenant: 'dev', scopes: ALL_SCOPES })
    const keys = await IssuerKeyFile.open(path.join(folder, 'issuer-key.json'), new SystemClock())
    server = http.createServer(async (request, response) => {
      const answer = await issuer.handleTokenRequest({
        contentType: request.headers['content-type'],
        body: await text(request),
        authorizationHeader: request.headers['authorization'],
        host: request.headers['host'] ?? '',
      })
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const audience = `${url}/api/v2/`
    const issuer = createIssuer({ issuer: `${url}/`, audience, keys, clients, clock: new SystemClock() })
    const dev = { url, audience, tenant: 'dev', client_id: client.client_id, client_secret: secret.reveal() }
    fs.writeFileSync(path.join(folder, 'dev.json'), JSON.stringify(dev))
  })

  afterEach(() => {
    server.close()
  })

  const claimsOf = ({ out }: CommandOutcome) =>
    JSON.parse(Buffer.from(out.split('.')[1]!, 'base64url').toString())

  it('prints a token of the first client, and nothing else', async () => {
    const outcome = await run([])
    expect(outcome).toMatchObject({ exitCode: 0, err: '' })
    expect(outcome.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(claimsOf(outcome)).toMatchObject({ tenant: 'dev', scope: ALL_SCOPES.join(' ') })
  })

  it('narrows the token to some scopes', async () => {
    const outcome = await run(['--scope', 'read:flows_vault_events'])
    expect(claimsOf(outcome)).toMatchObject({ scope: 'read:flows_vault_events' })
    const refused = await run(['--scope', 'nonsense'])
    expect(refused).toMatchObject({ exitCode: 2, out: '' })
    expect(refused.err).toContain('refused: invalid_scope')
  })

  it('prints a token of another client, whose secret comes from the environment only', async () => {
    const { client, secret } = clients.add({ name: 'x', tenant: 'acme', scopes: ALL_SCOPES })
    const args = ['--client-id', client.client_id]
    const [missing, wrong] = await Promise.all([run(args), run(args, { FLOW_VAULT_CLIENT_SECRET: 'wrong' })])
    expect(missing).toMatchObject({ exitCode: 2, out: '' })
    expect(missing.err).toContain('FLOW_VAULT_CLIENT_SECRET')
    expect(wrong.err).toContain('refused: invalid_client')
    const outcome = await run(args, { FLOW_VAULT_CLIENT_SECRET: secret.reveal() })
    expect(claimsOf(outcome)).toMatchObject({ tenant: 'acme', azp: client.client_id })
  })

  it('says plainly when no vault answers, and when something else does', async () => {
    const file = path.join(folder, 'dev.json')
    const dev = JSON.parse(fs.readFileSync(file, 'utf8'))
    let status = 200
    const other = http.createServer((_request, response) => response.writeHead(status).end('<html>'))
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve)
    })
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    fs.writeFileSync(file, JSON.stringify({ ...dev, url }))
    const mistaken = await run([])
    expect(mistaken).toEqual({ exitCode: 2, out: '', err: `What answers at ${url} is not a vault.\n` })
    // A vault that takes the tokens of a foreign issuer has no token endpoint.
    status = 404
    const foreign = await run([])
    expect(foreign.err).toBe(
      `What answers at ${url} issues no tokens. Get one where its FLOW_VAULT_ISSUER says.\n`,
    )
    await new Promise((resolve) => other.close(resolve))
    const nobody = await run([])
    expect(nobody).toEqual({
      exitCode: 2,
      out: '',
      err: `No vault answers at ${url}. Start it with npm start.\n`,
    })
  })

  it('says plainly when there is no vault in this folder, and refuses options it does not know', async () => {
    const nowhere = await run(['--data', path.join(folder, 'nowhere')])
    expect(nowhere).toMatchObject({ exitCode: 2, out: '' })
    expect(nowhere.err).toMatch(/^There is no .*dev\.json\. Start the vault first/)
    expect(await run(['--nonsense'])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('Usage:'),
    })
  })
})
