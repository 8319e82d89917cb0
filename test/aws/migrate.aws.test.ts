import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '../../shared/ports/clock.ts'
import { openStage } from '../../tools/aws/deployed-stage.ts'
import { giveUp } from '../../tools/aws/move/give-up.ts'
import type { MoveInput } from '../../tools/aws/move/move-input.ts'
import { copyVault, switchOver } from '../../tools/aws/move/move-vault.ts'
import { openMovedStage } from '../../tools/aws/move/moved-vault.ts'
import { countByKey } from '../../tools/aws/move-tenant-key.ts'
import { call } from '../support/api-target.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { grantCalls } from '../support/grant-calls.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { newDataFolder, type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { type DeployedVault, deployVault } from './deploy.ts'

/** `cdk deploy` takes 15 s on two idle cores, and there are two of them; a busy machine takes minutes. */
const DEPLOY_WITHIN_MS = 900_000
const MOVE_WITHIN_MS = 300_000
const TENANT = 'acme'
const BEARER = { type: 'BEARER', token: 'my-token-bearer-1234' }
const ministack = () => emulatorClientConfig('ministack')

/** What a person or a test in this process has set to reach the emulator as the AWS CLI would. */
const awsEnvironment = (): Record<string, string> => ({
  AWS_ENDPOINT_URL: ministack().endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
})

describe('a move of a whole vault', () => {
  let folder: string
  let provider: AuthorizationServer
  const stages: Partial<Record<'secrets-manager' | 'sealed', DeployedVault>> = {}
  const env = { ...process.env }

  beforeAll(async () => {
    folder = await newDataFolder()
    const certificate = await trustedLoopbackCertificate()
    provider = await startAuthorizationServer({ tls: certificate })
    for (const secretStore of ['secrets-manager', 'sealed'] as const)
      stages[secretStore] = await deployVault({
        ministackUrl: ministack().endpoint,
        stage: `moved-${secretStore}`,
        secretStore,
        // The target seals by the keys of its own stage file, whatever sealed at the source.
        tenantKeys: secretStore === 'sealed' ? [TENANT] : [],
        allowHosts: [provider.host],
        authority: certificate.authority,
      })
    Object.assign(process.env, awsEnvironment())
  }, DEPLOY_WITHIN_MS)
  afterAll(async () => {
    process.env = env
    await Promise.all(Object.values(stages).map((vault) => vault.close()))
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const startSource = (): Promise<RunningVault> =>
    startRunningVault({ folder, env: { FLOW_VAULT_ALLOW_HOSTS: provider.host } })
  const callsOf = (vault: RunningVault) =>
    grantCalls({
      baseUrl: vault.url,
      fetch,
      tenant: TENANT,
      provider,
      token: (tenant) => vault.token({ tenant }),
    })
  const ask = async (
    stage: 'secrets-manager' | 'sealed',
    method: string,
    where: string,
    body?: unknown,
    // biome-ignore lint/suspicious/noExplicitAny: tests look at answers member by member.
  ): Promise<{ status: number; body: any }> => {
    const vault = stages[stage]!
    return call(vault, await vault.token(TENANT), { method, path: where, body })
  }

  /** By its id: what a flow is sent. */
  let served: Record<string, object>
  let granted: string
  let feed: { events: { type: string; connection_id: string }[]; after: string }

  it(
    'takes the data folder of an embedded vault into a stage with secrets-manager',
    async () => {
      const vault = await startSource()
      const calls = callsOf(vault)
      granted = await calls.authorized()
      const ids = [granted, (await calls.create({ name: 'key', app_id: 'HTTP', setup: BEARER })).body.id]
      const fetched = await Promise.all(ids.map((id) => calls.fetchCredential(id)))
      served = Object.fromEntries(ids.map((id, index) => [id, fetched[index]!.body.request]))
      feed = (await calls.call('GET', '/api/v2/flows/vault/events')).body
      const refused = await migrate('--from', folder, '--to', 'moved-secrets-manager')
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by') })
      await vault.stop()

      const look = await migrate('--from', folder, '--to', 'moved-secrets-manager')
      expect(look.stdout).toMatch(/2 connections.*\n.*Nothing was changed/)
      const done = await migrate('--from', folder, '--to', 'moved-secrets-manager', '--switch')
      expect(done).toMatchObject({ code: 0, stderr: '' })
      for (const [id, request] of Object.entries(served))
        expect(await ask('secrets-manager', 'GET', `/connections/${id}/credentials`)).toMatchObject({
          status: 200,
          body: { request },
        })
      const there = await ask('secrets-manager', 'GET', '/events')
      expect(feed.events.length).toBeGreaterThan(2)
      expect(there.body.events.slice(0, feed.events.length)).toEqual(feed.events)
      // Whoever follows goes on with the cursor of the source.
      const next = await ask('secrets-manager', 'GET', `/events?after=${feed.after}`)
      expect(next).toMatchObject({ status: 200, body: { events: [] } })
    },
    MOVE_WITHIN_MS,
  )

  it(
    'leaves the folder with what it holds, and without the right to renew or change it',
    async () => {
      const vault = await startSource()
      try {
        const calls = callsOf(vault)
        expect((await calls.fetchCredential(granted)).status).toBe(200)
        const before = provider.tokenRequests.length
        const path = `/api/v2/flows/vault/connections/${granted}`
        expect((await calls.call('POST', `${path}/rotate`)).body).toMatchObject({ errorCode: 'vault_moved' })
        expect((await calls.call('PATCH', path, { name: 'other' })).status).toBe(409)
        expect(provider.tokenRequests.length).toBe(before)
      } finally {
        await vault.stop()
      }
    },
    MOVE_WITHIN_MS,
  )

  it(
    'takes a stage with secrets-manager into one that is sealed, which renews what no other does',
    async () => {
      const input = await betweenStages()
      const rename = () => ask('secrets-manager', 'PATCH', `/connections/${granted}`, { name: 'renamed' })
      await copyVault(input)
      expect(await rename()).toMatchObject({ status: 503, body: { errorCode: 'vault_moving' } })
      await giveUp(input)
      expect(await eventually(rename)).toMatchObject({ status: 200 })
      expect(await ask('sealed', 'GET', '/connections')).toMatchObject({ status: 200, body: [] })
      await copyVault(input)
      await eventually(rename, ({ status }) => status === 503)
      await switchOver(input)
      for (const [id, request] of Object.entries(served))
        expect(await ask('sealed', 'GET', `/connections/${id}/credentials`)).toMatchObject({
          status: 200,
          body: { request },
        })
      const { items, keys } = await openStage('moved-sealed')
      const byKey = await countByKey(items, TENANT, await keys.keyArnOf(TENANT))
      expect(byKey).toEqual({
        current: expect.any(Number),
        other: 0,
        otherKeys: [],
        keyIdsOfOthers: expect.any(Array),
      })
      expect(byKey.current).toBeGreaterThan(2)
      const rotated = await eventually(() => ask('sealed', 'POST', `/connections/${granted}/rotate`))
      expect(rotated).toMatchObject({ status: 200 })
      const sent = provider.tokenRequests.flatMap(({ refreshToken }) => refreshToken ?? [])
      expect(new Set(sent).size).toBe(sent.length)
      expect(await ask('sealed', 'PATCH', `/connections/${granted}`, { name: 'again' })).toMatchObject({
        status: 200,
      })
    },
    MOVE_WITHIN_MS,
  )
})

/** Between both stages, with a clock of which the waits pass at once: nothing is under way there. */
async function betweenStages(): Promise<MoveInput> {
  let aheadMs = 0
  const clock: Pick<Clock, 'nowMs' | 'sleep'> = {
    nowMs: () => Date.now() + aheadMs,
    sleep: async (ms) => {
      aheadMs += ms
    },
  }
  const [source, target] = [
    await openMovedStage('moved-secrets-manager'),
    await openMovedStage('moved-sealed'),
  ]
  return { source, target, clock, say: () => undefined }
}

async function migrate(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = path.resolve('tools/aws/migrate-command.ts')
  const command = ['--disable-warning=ExperimentalWarning', script, ...args]
  try {
    const env = { PATH: String(process.env['PATH']), ...awsEnvironment() }
    return { code: 0, ...(await promisify(execFile)(process.execPath, command, { env })) }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

/** Every function obeys within ten seconds, so the first tries may still be refused. */
async function eventually<T extends { status: number }>(
  act: () => Promise<T>,
  isDone = ({ status }: T) => status < 400,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await act()
    if (isDone(answer) || tries === 30) return answer
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
