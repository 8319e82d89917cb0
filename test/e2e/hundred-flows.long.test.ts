import { type FlowProcesses, type Seen, startFlowProcesses } from '../support/flow-processes.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'

const CALLER = { tenant: 'acme' }
const VAULT = '/api/v2/flows/vault'
/** A hundred flows, each with a client of its own, in four processes. */
const PROCESSES = 4
const FLOWS_EACH = 25
const REVALIDATE_MS = 2_000
/** A freeze is known everywhere within a second, and a client compares what it holds within its own bound. */
const FREEZE_BOUND_MS = 1_000 + REVALIDATE_MS
const TOKEN_LIFE_S = 10
const RUN_MS = 24_000
const FREEZE_FROM_MS = 10_000
const FREEZE_TO_MS = 16_000

/** From when on a connection had another value, by the number of the value that it had. */
type Superseded = Map<number, number>

describe('a hundred flows', () => {
  let vault: RunningVault
  let provider: ScriptedProvider
  let flows: FlowProcesses | undefined
  beforeAll(async () => {
    provider = await startScriptedProvider({ tls: await trustedLoopbackCertificate() })
    vault = await startRunningVault({ env: { FLOW_VAULT_ALLOW_HOSTS: provider.host } })
  })
  afterAll(async () => {
    await flows?.stop()
    await vault.stop()
    await provider.close()
  })

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await vault.request(CALLER, method, `${VAULT}${path}`, body)
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text === '' ? (undefined as T) : JSON.parse(text)
  }
  const create = async (body: object) => (await call<{ id: string }>('POST', '/connections', body)).id

  it('see no value past the bound after a change, no ended token, and nothing while it is frozen', async () => {
    let issued = 0
    provider.answerWith(() => ({
      body: {
        access_token: `access-${++issued}-${Date.now()}`,
        token_type: 'Bearer',
        expires_in: TOKEN_LIFE_S,
      },
    }))
    const key = (value: number) => ({ setup: { type: 'BEARER', token: `value-${value}-0` } })
    const entered = await create({ name: 'key', app_id: 'HTTP', ...key(0) })
    const minted = await create({
      ...{ name: 'token', app_id: 'OAUTH2' },
      setup: {
        ...{ type: 'CLIENT_CREDENTIALS', client_id: 'client-000', client_secret: 'secret-000' },
        token_url: `${provider.url}/token`,
      },
    })
    flows = await startFlowProcesses(PROCESSES, {
      url: vault.url,
      token: await vault.token(CALLER),
      ids: [entered, minted],
      flows: FLOWS_EACH,
      revalidateAfterMs: REVALIDATE_MS,
    })

    const values: Superseded = new Map()
    const tokens: Superseded = new Map()
    const startedAtMs = Date.now()
    const since = () => Date.now() - startedAtMs
    const frozen = { fromMs: 0, toMs: 0 }
    async function update(): Promise<void> {
      for (let value = 1; since() < RUN_MS; value++) {
        await call('PATCH', `/connections/${entered}`, key(value))
        values.set(value - 1, Date.now())
      }
    }
    async function rotate(): Promise<void> {
      while (since() < RUN_MS) {
        await call('POST', `/connections/${minted}/rotate`)
        const { fields } = await call<{ fields: { access_token: string } }>(
          'GET',
          `/connections/${minted}/credentials?min_ttl=1`,
        )
        const now = Date.now()
        for (let before = numberOf(fields.access_token) - 1; before > 0; before--) {
          if (tokens.has(before)) break
          tokens.set(before, now)
        }
      }
    }
    async function freeze(): Promise<void> {
      await pauseUntil(() => since() >= FREEZE_FROM_MS)
      const { id } = await call<{ id: string }>('POST', '/freezes', {
        connection_id: entered,
        reason: 'an incident',
      })
      frozen.fromMs = Date.now()
      await pauseUntil(() => since() >= FREEZE_TO_MS)
      frozen.toMs = Date.now()
      await call('DELETE', `/freezes/${id}`)
    }
    await Promise.all([update(), rotate(), freeze()])
    const seen = await flows.stop()
    flows = undefined

    const ofKey = seen.filter(({ id }) => id === entered)
    const ofToken = seen.filter(({ id }) => id === minted)
    const inFreeze = ofKey.filter(
      ({ askedAtMs, patient }) =>
        patient && askedAtMs > frozen.fromMs + FREEZE_BOUND_MS && askedAtMs < frozen.toMs,
    )
    const counted = {
      oldValues: countOld(ofKey, values),
      oldTokens: countOld(ofToken, tokens),
      endedTokens: ofToken.filter(isEnded).length,
      servedWhileFrozen: inFreeze.filter(({ token }) => token !== undefined).length,
      refusals: refusalsOf(seen),
    }
    const amounts = {
      answers: seen.length,
      updates: values.size,
      rotations: tokens.size,
      whileFrozen: inFreeze.length,
      impatient: seen.filter(({ patient }) => !patient).length,
    }
    process.stderr.write(`a hundred flows: ${JSON.stringify({ ...counted, ...amounts })}\n`)
    expect(counted).toEqual({
      oldValues: 0,
      oldTokens: 0,
      endedTokens: 0,
      servedWhileFrozen: 0,
      refusals: ['connection_frozen'],
    })
    // The counts mean something: there was a great deal to go wrong, and it went on after the freeze.
    for (const amount of [amounts.updates, amounts.rotations, amounts.whileFrozen])
      expect(amount).toBeGreaterThan(3)
    const newest = Math.max(...ofKey.map(({ token }) => (token === undefined ? 0 : numberOf(token))))
    expect(values.get(newest) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(frozen.toMs)
  })
})

/** The number that values and tokens carry. */
function numberOf(token: string): number {
  return Number(token.split('-')[1])
}

/** Answers with a value that had been replaced for longer than a client may go without comparing. */
function countOld(seen: readonly Seen[], superseded: Superseded): number {
  return seen.filter(({ token, askedAtMs, patient }) => {
    const sinceMs = token === undefined ? undefined : superseded.get(numberOf(token))
    return patient && sinceMs !== undefined && askedAtMs > sinceMs + REVALIDATE_MS
  }).length
}

/** By what the vault said of its end, and by when the provider issued it. */
function isEnded({ token, expiresAtMs, gotAtMs }: Seen): boolean {
  if (token === undefined) return false
  const issuedAtMs = Number(token.split('-')[2])
  return gotAtMs >= Math.min(expiresAtMs ?? 0, issuedAtMs + TOKEN_LIFE_S * 1000)
}

/**
 * A vault that takes seconds, as on a machine with other work, leaves a flow without a token rather than with one that
 * ended.
 */
function refusalsOf(seen: readonly Seen[]): string[] {
  const told = seen.filter(({ patient, code }) => patient || code !== 'credential_unavailable')
  return [...new Set(told.map(({ code }) => code).filter((code) => code !== undefined))].sort()
}

async function pauseUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}
