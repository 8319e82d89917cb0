import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newTenant, sdkConnections, targetOf } from '../support/api-target.ts'
import { runDeployCli } from '../support/deploy-cli.ts'
import { CONNECTIONS } from '../support/grant-calls.ts'
import { OAUTH_APPS, startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const CALLBACK = 'https://console.example.test/callback'
/** The CLI takes 12 s to get ready on an idle machine, and other suites run beside this one. */
const ONE_RUN_WITHIN_MS = 240_000
/** The apps of Auth0's API that people authorize in a browser, as a repository of a team holds them. */
const CODE_APPS = [
  'DOCUSIGN',
  'GOOGLE_SHEETS',
  'HUBSPOT',
  'MAILCHIMP',
  'PIPEDRIVE',
  'SALESFORCE',
  'SLACK',
  'STRIPE',
]

interface DeployedFile {
  readonly name: string
  readonly app_id: string
  readonly setup: Readonly<Record<string, unknown>>
}

/** What flows get their base URL from, where a service tells it apart from the token. */
const EXTRA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DOCUSIGN: { account_id: 'a1', base_uri: 'https://demo.docusign.net' },
  MAILCHIMP: { dc: 'us1' },
}

describe('a second run of the same import, over connections that people authorized', () => {
  let world: VaultWithProvider
  let work: string
  beforeAll(async () => {
    world = await startVaultWithProvider()
    work = await mkdtemp(path.join(tmpdir(), 'flow-vault-second-run-'))
  })
  afterAll(async () => {
    await world.close()
    await rm(work, { recursive: true, force: true })
  })

  async function list(tenant: string) {
    const answer = await world.call('GET', `${CONNECTIONS}?view=full&sort=name`, undefined, { tenant })
    return answer.body as { id: string; name: string; status: string }[]
  }
  async function tokenOf(tenant: string, id: string): Promise<unknown> {
    const { body } = await world.call('GET', `${CONNECTIONS}/${id}/credentials`, undefined, { tenant })
    return body.fields.access_token ?? body.request.headers.Authorization
  }
  async function askedOfProviders(): Promise<string[]> {
    const text = await (await fetch(`${world.vault.url}/metrics`)).text()
    return text.split('\n').filter((line) => /^flow_vault_(?:token_requests|rotations)_?/.test(line))
  }

  test(
    'by Auth0’s deploy CLI asks no provider, and leaves every grant alive',
    async () => {
      const tenant = newTenant()
      const files = CODE_APPS.map((app): DeployedFile => {
        return { name: `deployed-${app}`, app_id: app, setup: { type: 'OAUTH_CODE' } }
      })
      const expires = new Date(world.clock.nowMs() + 7 * 24 * 3_600_000).toISOString()
      for (const file of files) {
        const tokens = {
          access_token: `access-of-${file.app_id}`,
          refresh_token: `refresh-of-${file.app_id}`,
        }
        // Told, so that no service is asked for them.
        const extra = EXTRA[file.app_id]
        const grant = { ...tokens, expires_at: expires, ...(extra === undefined ? {} : { extra }) }
        const body = { ...file, grant }
        expect(await world.call('POST', CONNECTIONS, body, { tenant })).toMatchObject({ status: 201 })
      }
      const folder = path.join(work, 'source')
      await mkdir(path.join(folder, 'flow-vault-connections'), { recursive: true })
      for (const file of files) {
        const place = path.join(folder, 'flow-vault-connections', `${file.name}.json`)
        await writeFile(place, JSON.stringify(file))
      }
      const before = await list(tenant)
      expect(before.map(({ status }) => status)).toEqual(CODE_APPS.map(() => 'ready'))
      const asked = await askedOfProviders()
      const env = { AUTH0_ACCESS_TOKEN: await world.vault.token({ tenant }) }
      for (let run = 1; run <= 2; run++) {
        const { code, output } = await runDeployCli(['import', '-i', folder], { ...world.vault, env })
        if (code !== 0) throw new Error(`the import ended with ${code}:\n${output}`)
      }
      // What it exports, in its other format, comes back just so.
      const exported = path.join(work, 'exported')
      await mkdir(exported)
      const back = path.join(exported, 'tenant.yaml')
      for (const args of [
        ['export', '-f', 'yaml', '-o', exported],
        ['import', '-i', back],
      ]) {
        const { code, output } = await runDeployCli(args, { ...world.vault, env })
        if (code !== 0) throw new Error(`the ${args[0]} ended with ${code}:\n${output}`)
      }
      expect(await askedOfProviders()).toEqual(asked)
      expect(await list(tenant)).toEqual(before)
      for (const { id, name } of before)
        expect(String(await tokenOf(tenant, id))).toContain(name.replace('deployed-', 'access-of-'))
    },
    ONE_RUN_WITHIN_MS * 4,
  )

  test('by the official SDK asks no provider, and leaves every grant alive', async () => {
    const tenant = newTenant()
    const as = { tenant }
    const own = world.codeSetup({ revocation_url: world.provider.revocationUrl })
    const { client_id, client_secret, scope, ...urls } = own
    const body = { app_id: 'OAUTH2', name: 'ours', client_id, client_secret, setup: urls }
    const application = (await world.call('POST', OAUTH_APPS, body, as)).body
    const fileOf = (name: string, setup: Readonly<Record<string, unknown>>): DeployedFile => {
      return { name, app_id: 'OAUTH2', setup }
    }
    const code = await world.codeFrom(CALLBACK)
    const others = [fileOf('in-browser', own), fileOf('shared', { oauth_app_id: application.id, scope })]
    const files = [fileOf('by-code', { ...own, code, redirect_uri: CALLBACK }), ...others]
    await importBySdk(tenant, files)
    for (const { id, status } of await list(tenant)) if (status === 'pending') await authorize(id, as)
    const before = await list(tenant)
    expect(before.map(({ name, status }) => [name, status])).toEqual([
      ['by-code', 'ready'],
      ['in-browser', 'ready'],
      ['shared', 'ready'],
    ])
    const asked = world.provider.tokenRequests.length
    const withoutCode = [fileOf('by-code', own), ...others]
    for (const again of [files, withoutCode, files]) await importBySdk(tenant, again)
    expect(world.provider.tokenRequests).toHaveLength(asked)
    expect(await list(tenant)).toEqual(before)
    for (const { id } of before) {
      const rotated = await world.call('POST', `${CONNECTIONS}/${id}/rotate`, {}, as)
      expect(rotated.body).toMatchObject({ rotated: true, connection: { status: 'ready' } })
    }
  })

  /** As scripts of teams do it: by name, made when it is new and else updated. */
  async function importBySdk(tenant: string, files: readonly DeployedFile[]): Promise<void> {
    const connections = sdkConnections(targetOf(world.vault), await world.vault.token({ tenant }))
    const there = (await connections.list()).data
    for (const { name, app_id, setup } of files) {
      const found = there.find((each) => each.name === name)
      if (found === undefined) await connections.create({ name, app_id, setup } as never)
      else await connections.update(found.id, { name, setup } as never)
    }
  }

  async function authorize(id: string, as: { tenant: string }): Promise<void> {
    const started = await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {}, as)
    const callback = await world.provider.consent(await world.pressContinue(started.body.authorization_url))
    expect(await world.open(callback)).toMatchObject({ status: 200 })
  }
})
