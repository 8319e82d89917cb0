import { createFlowVault, type FlowVault, type FlowVaultOptions } from '../../shared/flow-client/client.ts'
import type { ClientSystem } from '../../shared/flow-client/system.ts'

/** Clocks that stand still until a test moves them, together or apart. */
export class StagedSystem implements ClientSystem {
  wall = 1_800_000_000_000
  monotonic = 0
  readonly #pauses = new Set<{ untilMs: number; resolve: () => void }>()

  wallMs(): number {
    return this.wall
  }
  monotonicMs(): number {
    return this.monotonic
  }
  random(): number {
    return 0.5
  }
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = { untilMs: this.monotonic + ms, resolve }
      this.#pauses.add(entry)
      signal?.addEventListener('abort', () => {
        this.#pauses.delete(entry)
        reject(signal.reason)
      })
    })
  }
  /** Moves both clocks and ends the pauses that are over; lets everything that follows from it happen. */
  async advance(ms: number): Promise<void> {
    this.wall += ms
    this.monotonic += ms
    for (const entry of [...this.#pauses]) {
      if (entry.untilMs > this.monotonic) continue
      this.#pauses.delete(entry)
      entry.resolve()
    }
    await settle()
  }
}

/** A request that the client sent, and the way to answer it. */
export interface StagedRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: unknown
  readonly redirect: string | undefined
  readonly signal: AbortSignal | undefined
  answer(status: number, body?: object, headers?: Record<string, string>): Promise<void>
  fail(message: string): Promise<void>
}

/** A wire on which every request waits for the test to answer it. */
export class StagedWire {
  readonly requests: StagedRequest[] = []

  readonly fetch: typeof fetch = (input, init) =>
    new Promise<Response>((resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      this.requests.push({
        url: String(input),
        method: init?.method ?? 'GET',
        headers: new Headers(init?.headers),
        body: init?.body,
        redirect: init?.redirect,
        signal: init?.signal ?? undefined,
        async answer(status, body, headers = {}) {
          // The vault says the status in its refusals; `{ statusCode: undefined }` is another server's.
          const said = status < 400 || body === undefined ? body : { statusCode: status, ...body }
          const text = said === undefined || status === 304 ? null : JSON.stringify(said)
          resolve(new Response(text, { status, headers }))
          await settle()
        },
        async fail(message) {
          reject(new TypeError(message))
          await settle()
        },
      })
    })

  get last(): StagedRequest {
    return this.requests.at(-1)!
  }
}

/** A client on a staged wire, with a token that is always there. */
export function stageClient(options: Partial<FlowVaultOptions> = {}): {
  vault: FlowVault
  wire: StagedWire
  system: StagedSystem
} {
  const wire = new StagedWire()
  const system = new StagedSystem()
  const vault = createFlowVault({
    url: 'https://vault.example.com',
    getToken: async () => 'own-token',
    fetch: wire.fetch,
    system,
    ...options,
  })
  return { vault, wire, system }
}

/** The vault's answer for a bearer token of 600 s, unless told otherwise. */
export function credentialBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    connection_id: 'ac_1',
    app_id: 'HTTP',
    credential_version: 1,
    expires_at: '2027-01-15T08:10:00.000Z',
    usable_for_seconds: 600,
    request: { headers: { Authorization: 'Bearer secret-one' }, query: {} },
    fields: { token: 'secret-one' },
    ...overrides,
  }
}

/** Lets every promise that is due go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
