import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { EXAMPLE_SETUPS } from '../support/auth0-setups.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const PROGRAM = process.env['FLOW_VAULT_TEST_GO_AUTH0']
/** The library asks for fifty connections a page. */
const MORE_THAN_A_PAGE = 60

interface Step {
  readonly op: 'create' | 'read' | 'update' | 'delete' | 'list'
  readonly id?: string
  readonly app_id?: string
  readonly name?: string
  readonly setup?: object
}

interface Result {
  readonly connections: readonly { readonly [member: string]: unknown; readonly id: string }[] | null
  readonly status?: number
  readonly error?: string
}

const SETUP = { type: 'BEARER', token: 'my-token-bearer-1234' }

describe('the library of the Terraform provider', () => {
  if (PROGRAM === undefined) {
    const reason = process.env['FLOW_VAULT_TEST_GO_AUTH0_SKIPPED'] ?? 'run it by npm run test:providers'
    it.skip(`is tried: ${reason}`, () => undefined)
    return
  }

  let vault: RunningVault
  beforeAll(async () => {
    vault = await startRunningVault()
  })
  afterAll(() => vault.stop())

  /** Takes the steps with a token of the tenant, or as a client with its secret. */
  async function take(steps: readonly Step[], signIn: Readonly<Record<string, string>>): Promise<Result[]> {
    const { host } = new URL(vault.tlsUrl)
    const env = { SSL_CERT_FILE: vault.caPath, VAULT_DOMAIN: host, HOME: vault.folder, ...signIn }
    const child = spawn(PROGRAM!, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.end(JSON.stringify(steps))
    const [out, said] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    expect(said).toBe('')
    return JSON.parse(out)
  }
  const withToken = async (tenant: string) => ({ VAULT_TOKEN: await vault.token({ tenant }) })

  it('makes, reads, changes and removes a connection, and finds nothing to change in a second run', async () => {
    const signIn = await withToken('lifecycle')
    const resource = { app_id: 'HTTP', name: 'orders', setup: SETUP }
    const [created] = await take([{ op: 'create', ...resource }], signIn)
    const made = created!.connections![0]!
    expect(made).toMatchObject({
      app_id: 'HTTP',
      name: 'orders',
      ready: true,
      account_name: 'Bearer my-***234',
    })
    const { id } = made
    const [read, again, renamed, removed, twice, gone] = await take(
      [
        { op: 'read', id },
        { op: 'update', id, name: 'orders', setup: SETUP },
        { op: 'update', id, name: 'renamed' },
        { op: 'delete', id },
        { op: 'delete', id },
        { op: 'read', id },
      ],
      signIn,
    )
    expect(read!.connections).toEqual([made])
    expect(again!.connections).toEqual([made])
    const { fingerprint, ...rest } = renamed!.connections![0]!
    expect({ ...rest, fingerprint: made['fingerprint'] }).toEqual({ ...made, name: 'renamed' })
    // As Auth0's, it changes on any change.
    expect(fingerprint).not.toBe(made['fingerprint'])
    expect(removed).toEqual({ connections: [] })
    // What is gone already is fine to the provider: it looks for this status.
    expect(twice!.status).toBe(404)
    expect(gone!.status).toBe(404)
  })

  it('signs in as a client with its secret', async () => {
    const { clientId, clientSecret } = vault.client({ tenant: 'machine' })
    const client = { VAULT_CLIENT_ID: clientId, VAULT_CLIENT_SECRET: clientSecret }
    expect(await take([{ op: 'list' }], client)).toEqual([{ connections: [] }])
  })

  it('stores every setup of its API, and lists them over several pages', async () => {
    const signIn = await withToken('all')
    const setups = EXAMPLE_SETUPS.map(({ appId, type, values }, at) => {
      return { app_id: appId, name: `${at} ${appId}`, setup: { type, ...values } }
    })
    const empty = Array.from({ length: MORE_THAN_A_PAGE }, (_, at) => ({ app_id: 'HTTP', name: `e ${at}` }))
    const wanted = [...setups, ...empty]
    const created = await take(
      wanted.map((one) => ({ op: 'create', ...one })),
      signIn,
    )
    expect(created.filter(({ error }) => error !== undefined)).toEqual([])
    const [list] = await take([{ op: 'list' }], signIn)
    expect(list!.connections!.map(({ name }) => name).sort()).toEqual(wanted.map(({ name }) => name).sort())
  })

  it('is told what is wrong with a setup', async () => {
    const [refused] = await take(
      [{ op: 'create', app_id: 'HTTP', name: 'x', setup: { type: 'BEARER' } }],
      await withToken('wrong'),
    )
    expect(refused).toMatchObject({ status: 400, error: expect.stringContaining('setup.token') })
  })
})
