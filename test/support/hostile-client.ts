import { refusedChangesKey } from '../../shared/domain/limit-keys.ts'
import type { RawAnswer } from './raw-http.ts'
import { expectRefusal, type Refusal, readAnswer } from './refusal.ts'
import type { RunningVault } from './running-vault.ts'
import { storedItems } from './stored-items.ts'

/** Plant it wherever a secret could be: no answer and no log line may repeat it. */
export const CANARY = 'canary-0123456789-secret'

export const CONNECTIONS = '/api/v2/flows/vault/connections'

const REFUSED_CHANGES = refusedChangesKey('acme', '', 0).partition

/** What is sent; the method is POST, the path that of the connections, unless told. */
export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** A caller with every scope who sends what no honest one would. */
export interface HostileClient {
  readonly token: string
  send(sent: Sent): Promise<RawAnswer>
  /** Text or bytes as the JSON body of a create, or of another request. */
  post(body: string | Buffer, sent?: Sent): Promise<RawAnswer>
  /** A value as the JSON body. */
  postJson(body: unknown, sent?: Sent): Promise<RawAnswer>
  /**
   * Asserts that the answer is the refusal, repeats no secret, and that nothing was stored or changed, but for the
   * count of refused changes.
   */
  refused(act: () => Promise<RawAnswer>, wanted: Refusal): Promise<void>
}

/** A hostile client of the vault, in the tenant `acme`. */
export async function openHostileClient(vault: RunningVault): Promise<HostileClient> {
  const token = await vault.token({ tenant: 'acme' })
  const send = async ({ method = 'POST', path = CONNECTIONS, headers, body }: Sent): Promise<RawAnswer> =>
    readAnswer(
      await fetch(`${vault.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      }),
    )
  const post = (body: string | Buffer, sent: Sent = {}): Promise<RawAnswer> =>
    send({ ...sent, headers: { 'content-type': 'application/json', ...sent.headers }, body })
  return {
    token,
    send,
    post,
    postJson: (body, sent) => post(JSON.stringify(body), sent),
    async refused(act, wanted) {
      const stored = () => storedItems(vault.server.vault.items, (partition) => partition !== REFUSED_CHANGES)
      const before = await stored()
      const answer = await act()
      expectRefusal(answer, wanted)
      expect(answer.body).not.toContain(CANARY)
      expect(await stored()).toEqual(before)
    },
  }
}
