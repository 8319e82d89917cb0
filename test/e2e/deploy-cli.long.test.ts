import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { call, newTenant, targetOf } from '../support/api-target.ts'
import { EXAMPLE_SETUPS } from '../support/auth0-setups.ts'
import { readExported, runDeployCli } from '../support/deploy-cli.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

interface Shown {
  readonly id: string
  readonly name: string
  readonly app_id: string
  readonly account_name?: string
  readonly ready: boolean
  readonly updated_at: string
  readonly fingerprint: string
  readonly version: number
  readonly credential_version: number
}

const TOKEN = 'deploy-bearer-token-000'
/** The CLI takes 12 s to get ready on an idle machine, and other suites run beside this one. */
const ONE_RUN_WITHIN_MS = 240_000

// What a repository of a team holds: a keyword for one secret, an empty connection, and minted ones of each kind.
const FILES: Readonly<Record<string, unknown>> = {
  'bearer.json': { name: 'bearer', app_id: 'HTTP', setup: { type: 'BEARER', token: '##BEARER_TOKEN##' } },
  'empty.json': { name: 'empty', app_id: 'SLACK' },
  ...Object.fromEntries(
    EXAMPLE_SETUPS.map(({ appId, type, values }) => [
      `${appId}-${type}.json`,
      { name: `${appId}-${type}`, app_id: appId, setup: values },
    ]),
  ),
}
const COUNT = EXAMPLE_SETUPS.length + 2

describe("Auth0's deploy CLI", () => {
  let vault: RunningVault
  let work: string
  const tenant = newTenant()
  const emptyTenant = newTenant()

  beforeAll(async () => {
    vault = await startRunningVault()
    work = await mkdtemp(path.join(tmpdir(), 'flow-vault-deploy-'))
    await mkdir(path.join(work, 'source', 'flow-vault-connections'), { recursive: true })
    for (const [name, content] of Object.entries(FILES)) {
      await writeFile(path.join(work, 'source', 'flow-vault-connections', name), JSON.stringify(content))
    }
  })
  afterAll(async () => {
    await vault.stop()
    await rm(work, { recursive: true, force: true })
  })

  const run = async (of: string, ...args: string[]): Promise<string> => {
    const env = {
      AUTH0_ACCESS_TOKEN: await vault.token({ tenant: of }),
      AUTH0_KEYWORD_REPLACE_MAPPINGS: JSON.stringify({ BEARER_TOKEN: TOKEN }),
    }
    const { code, output } = await runDeployCli(args, { ...vault, env })
    if (code !== 0) throw new Error(`a0deploy ${args.join(' ')} ended with ${code}:\n${output}`)
    return output
  }
  const get = async (of: string, at: string): Promise<unknown> =>
    (await call(targetOf(vault), await vault.token({ tenant: of }), { method: 'GET', path: at })).body
  const shown = async (of: string): Promise<Shown[]> =>
    (await get(of, '/connections?per_page=100&view=full')) as Shown[]

  /** What a change would move, connection by connection. */
  const standing = async (of: string): Promise<unknown[]> => {
    const rows = (await shown(of)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return Promise.all(
      rows.map(async ({ id, name, version, credential_version, fingerprint, updated_at }) => {
        const events = (await get(of, `/connections/${id}/events`)) as unknown[]
        return { id, name, version, credential_version, fingerprint, updated_at, events: events.length }
      }),
    )
  }

  test(
    'imports a folder with every setup and an empty connection',
    async () => {
      await run(tenant, 'import', '-i', path.join(work, 'source'))
      const rows = await shown(tenant)
      expect(rows).toHaveLength(COUNT)
      for (const row of rows) expect(row.version).toBe(1)
      expect(rows.find(({ name }) => name === 'empty')).toMatchObject({ app_id: 'SLACK', ready: false })
      const bearer = rows.find(({ name }) => name === 'bearer')!
      expect(bearer).toMatchObject({ ready: true, account_name: 'Bearer dep***000' })
      expect(await get(tenant, `/connections/${bearer.id}/credentials`)).toMatchObject({
        request: { headers: { Authorization: `Bearer ${TOKEN}` } },
      })
    },
    ONE_RUN_WITHIN_MS,
  )

  test(
    'imports the same folder again and changes nothing',
    async () => {
      const before = await standing(tenant)
      const output = await run(tenant, 'import', '-i', path.join(work, 'source'))
      expect(output).toContain(`Updated [flowVaultConnections]`)
      expect(await standing(tenant)).toEqual(before)
    },
    ONE_RUN_WITHIN_MS,
  )

  test(
    'imports one changed setup and changes only that connection',
    async () => {
      const before = await standing(tenant)
      const folder = path.join(work, 'changed')
      await mkdir(path.join(folder, 'flow-vault-connections'), { recursive: true })
      const empty = {
        name: 'empty',
        app_id: 'SLACK',
        setup: { type: 'WEBHOOK', url: 'https://hooks.slack.com/a/b' },
      }
      const bearer = FILES['bearer.json']
      await writeFile(path.join(folder, 'flow-vault-connections', 'empty.json'), JSON.stringify(empty))
      await writeFile(path.join(folder, 'flow-vault-connections', 'bearer.json'), JSON.stringify(bearer))
      await run(tenant, 'import', '-i', folder)
      const after = await standing(tenant)
      const changed = after.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before[index]))
      expect(changed).toMatchObject([{ name: 'empty', version: 2, credential_version: 1, events: 2 }])
    },
    ONE_RUN_WITHIN_MS,
  )

  test(
    'exports names, apps, labels and readiness with a client id and secret, and never a secret',
    async () => {
      const { clientId, clientSecret } = vault.client({ tenant })
      const folder = path.join(work, 'exported')
      const env = { AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret }
      const { code, output } = await runDeployCli(['export', '-f', 'directory', '-o', folder], {
        ...vault,
        env,
      })
      expect({ code, output }).toMatchObject({ code: 0 })
      const exported = await readExported(folder)
      const rows = await shown(tenant)
      expect(exported).toEqual(
        Object.fromEntries(
          rows.map(({ name, app_id, account_name, ready }) => [
            `${name}.json`,
            { name, app_id, account_name, ready },
          ]),
        ),
      )
      expect(JSON.stringify(exported)).not.toContain(TOKEN)
    },
    ONE_RUN_WITHIN_MS,
  )

  test(
    'plans an import into an empty tenant in a dry run, and changes nothing',
    async () => {
      const output = await run(emptyTenant, 'import', '-i', path.join(work, 'exported'), '--dry-run')
      expect(output).toContain('ACTIVECAMPAIGN-API_KEY')
      expect(await shown(emptyTenant)).toEqual([])
    },
    ONE_RUN_WITHIN_MS,
  )

  test(
    "imports another tenant's export into an empty tenant, as connections to fill in",
    async () => {
      await run(emptyTenant, 'import', '-i', path.join(work, 'exported'))
      const copies = await shown(emptyTenant)
      const originals = await shown(tenant)
      const namesOf = (rows: Shown[]): string[] =>
        rows.map(({ name, app_id }) => `${name} ${app_id}`).toSorted()
      expect(namesOf(copies)).toEqual(namesOf(originals))
      for (const copy of copies) {
        expect(copy).toMatchObject({ ready: false, version: 1, credential_version: 0 })
        expect(originals.map(({ id }) => id)).not.toContain(copy.id)
      }
    },
    ONE_RUN_WITHIN_MS,
  )
})
