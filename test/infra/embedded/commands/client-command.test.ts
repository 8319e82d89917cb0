import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ClientRegistry } from '../../../../infra/embedded/issuer/client-registry.ts'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../../../shared/domain/scopes.ts'
import { runCommand } from '../../../support/run-command.ts'

let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-commands-'))
})

afterEach(() => {
  fs.rmSync(folder, { recursive: true })
})

const run = (args: readonly string[], env?: Record<string, string>) =>
  runCommand('client', args, env === undefined ? { folder } : { folder, env })

const openRegistry = () =>
  ClientRegistry.open(path.join(folder, 'clients.json'), {
    clock: new SystemClock(),
    random: new SystemRandom(),
  })

describe('client command', () => {
  it('adds a client with every scope, shows its secret this once, lists it and removes it', async () => {
    const added = await run(['add', '--name', 'ci', '--tenant', 'acme'])
    expect(added).toMatchObject({ exitCode: 0, err: 'The secret is shown this once.\n' })
    const { client_id: id, client_secret: secret, ...rest } = JSON.parse(added.out)
    expect(rest).toEqual({ tenant: 'acme', scopes: [...ALL_SCOPES] })
    expect(openRegistry().authenticate(id, secret)).toMatchObject({ name: 'ci', tenant: 'acme' })

    const listed = await run(['list', '--json'])
    expect(JSON.parse(listed.out)).toEqual([
      { client_id: id, name: 'ci', tenant: 'acme', scopes: [...ALL_SCOPES], created_at: expect.any(String) },
    ])
    const plain = await run(['list'])
    expect(plain.out).toBe(`${id}  ci  tenant acme  19 scopes\n`)

    expect(await run(['remove', id])).toMatchObject({ exitCode: 0 })
    expect((await run(['list'])).out).toBe('No clients yet.\n')
  })

  it('takes a list of scopes, and the data folder from --data', async () => {
    const other = path.join(folder, 'other')
    const scopes = 'read:flows_vault_connections  read:flows_vault_events'
    const added = await run(['add', '--name', 'x', '--tenant', 't', '--scopes', scopes, '--data', other])
    expect(JSON.parse(added.out).scopes).toEqual(['read:flows_vault_connections', 'read:flows_vault_events'])
    expect(fs.readdirSync(folder)).toEqual(['other'])
  })

  it('takes an empty FLOW_VAULT_DATA for none', async () => {
    await run(['list'], { FLOW_VAULT_DATA: '' })
    expect(fs.readdirSync(folder)).toEqual(['.flow-vault'])
  })

  it.each([
    [['add', '--tenant', 'acme'], 'A client needs --name and --tenant.'],
    [['add', '--name', 'ci', '--tenant', 'a b'], 'the tenant "a b" is not allowed'],
    [['add', '--name', 'ci', '--tenant', 'acme', '--scopes', 'nonsense'], 'there is no scope "nonsense"'],
    [['add', '--name', 'ci', '--tenant', 'acme', '--scopes', ''], 'at least one scope'],
    [['add', '--surname', 'ci'], "Unknown option '--surname'"],
    [['remove'], 'Which client? Give its CLIENT_ID.'],
    [['remove', 'nobody'], 'There is no client nobody.'],
    [['explode'], '"explode" is not a command.'],
  ])('refuses %j with status 2 and says why', async (args, message) => {
    const outcome = await run(args)
    expect(outcome).toMatchObject({ exitCode: 2, out: '' })
    expect(outcome.err).toContain(message)
    expect(fs.existsSync(path.join(folder, 'clients.json'))).toBe(false)
  })

  it('loses none of the clients that many processes add at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => run(['add', '--name', name, '--tenant', 'acme'])))
    const kept = openRegistry().list()
    expect(kept.map(({ name }) => name).sort()).toEqual(names)
  })
})
