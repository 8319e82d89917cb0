import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { jest } from '@jest/globals'
import { type RunningVault, startRunningVault } from '../../support/running-vault.ts'

const CONNECTIONS = '/api/v2/flows/vault/connections'
const caller = { tenant: 'acme' }

let vault: RunningVault

beforeEach(async () => {
  vault = await startRunningVault()
})

afterEach(() => vault.stop())

async function create(name: string): Promise<string> {
  const answer = await vault.request(caller, 'POST', CONNECTIONS, {
    name,
    app_id: 'HTTP',
    setup: { type: 'BEARER', token: `token-of-${name}` },
  })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { id: string }).id
}

/** Ciphertext and wrapped key of everything sealed at this moment, by partition and sort key. */
async function sealed(): Promise<Map<string, string[]>> {
  const { items } = await vault.server.vault.items.scan({ limit: 10_000 })
  return new Map(
    items.flatMap(({ key, attributes: { ciphertext, wrapped } }) =>
      typeof ciphertext === 'string'
        ? [[`${key.partition} ${key.sort}`, [ciphertext, String(wrapped)]] as const]
        : [],
    ),
  )
}

/** Which of the texts are in any file of the data folder, however deep in a page. */
function foundInFiles(texts: readonly string[]): string[] {
  const files = readdirSync(vault.folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^vault\.db/.test(name),
  )
  const bytes = files.map((name) => readFileSync(path.join(vault.folder, name), 'latin1')).join('')
  return texts.filter((text) => bytes.includes(text))
}

describe('the files of the vault', () => {
  it('hold neither ciphertext nor wrapped key of what was purged, as soon as the answer is there', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => create(`c${n}`)))
    const kept = await create('kept')
    const before = await sealed()
    expect(before.size).toBeGreaterThan(20)
    for (const id of ids)
      expect((await vault.request(caller, 'DELETE', `${CONNECTIONS}/${id}?purge=true`)).status).toBe(204)
    const after = await sealed()
    const gone = [...before].filter(([place]) => !after.has(place)).flatMap(([, texts]) => texts)
    expect(gone).toHaveLength(40)
    expect(foundInFiles(gone)).toEqual([])
    const left = [...after.values()].flat()
    expect(foundInFiles(left)).toEqual(left)
    const fetched = await vault.request(caller, 'GET', `${CONNECTIONS}/${kept}/credentials`)
    expect(fetched.status).toBe(200)
  })

  it('hold neither of a version that was replaced, once the log is moved', async () => {
    const id = await create('c')
    const replaced: string[] = []
    for (let n = 0; n < 10; n++) {
      replaced.push(
        ...[...(await sealed())].filter(([place]) => place.includes(id)).flatMap(([, texts]) => texts),
      )
      const patched = await vault.request(caller, 'PATCH', `${CONNECTIONS}/${id}`, {
        setup: { type: 'BEARER', token: `token-${n}` },
      })
      expect(patched.status).toBe(200)
    }
    vault.server.vault.items.moveLog()
    const current = [...(await sealed()).values()].flat()
    const gone = replaced.filter((text) => !current.includes(text))
    expect(gone).toHaveLength(20)
    expect(foundInFiles(gone)).toEqual([])
  })

  it('are left alone for a purge that is refused', async () => {
    const id = await create('c')
    const { items } = vault.server.vault
    const moved = jest.spyOn(items, 'moveLog')
    const purge = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${vault.url}${path}?purge=true`, { method: 'DELETE', headers })
    expect((await purge(`${CONNECTIONS}/${id}`)).status).toBe(401)
    expect((await vault.request(caller, 'DELETE', `${CONNECTIONS}/${id}?purge=true&x=1`)).status).toBe(400)
    expect(moved).not.toHaveBeenCalled()
    expect((await vault.request(caller, 'DELETE', `${CONNECTIONS}/${id}?purge=true`)).status).toBe(204)
    expect(moved).toHaveBeenCalledTimes(1)
  })
})
