import { createHash, timingSafeEqual } from 'node:crypto'
import fs from 'node:fs'
import { randomAlphanumeric } from '../../../shared/domain/ids.ts'
import { ALL_SCOPES, type Scope } from '../../../shared/domain/scopes.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { Random } from '../../../shared/ports/random.ts'
import {
  DamagedFileError,
  LockedError,
  readFileIfPresent,
  tryFileLock,
  writeFileAtomically,
} from '../data-folder.ts'

/** A client of the built-in issuer, as it is kept: its secret by hash only. */
export interface RegisteredClient {
  readonly client_id: string
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly secret_hash: string
  readonly created_at: string
}

/** What a client authenticates with. */
export interface ClientCredentials {
  readonly clientId: string
  readonly secret: SecretText
}

/** What a person asked for cannot be registered; the message says what is allowed. */
export class ClientRefusedError extends Error {
  override readonly name = 'ClientRefusedError'
}

const TENANT = /^[A-Za-z0-9_-]{1,64}$/
/** Names are shown in terminals: nothing in them may steer one. */
export const CLIENT_NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u
const SECRET_HASH = /^[0-9a-f]{64}$/
const CLIENT_ID_CHARACTERS = 32
/** 43 of 62 characters are 256 bits, which no search finds: a plain hash is enough. */
const SECRET_CHARACTERS = 43
const PRIVATE_FILE_MODE = 0o600
/** Another process (`npm run client`) may change the file; it is looked at this often. */
const LOOK_EVERY_MS = 1000
/** A change takes a few milliseconds; who waits longer than this waits for something that is stuck. */
const LOCK_WAIT_MS = 5000

/** The clients of the built-in issuer, in a file that the server and the command line share. */
export class ClientRegistry {
  readonly #file: string
  readonly #ports: { clock: Clock; random: Random }
  #clients: readonly RegisteredClient[] = []
  #stamp = ''
  #lookedAtMs = Number.NEGATIVE_INFINITY

  private constructor(file: string, ports: { clock: Clock; random: Random }) {
    this.#file = file
    this.#ports = ports
  }

  /** Reads the file, which may be absent; throws, naming it, when it is not what this class wrote. */
  static open(file: string, ports: { clock: Clock; random: Random }): ClientRegistry {
    const registry = new ClientRegistry(file, ports)
    registry.#read()
    return registry
  }

  /** Whether there is a file: without one no client was ever added, or all of them are lost. */
  get isKept(): boolean {
    return fs.existsSync(this.#file)
  }

  /** An id and a secret for a client that is still to be added. */
  draw(): ClientCredentials {
    const { random } = this.#ports
    return {
      clientId: randomAlphanumeric(CLIENT_ID_CHARACTERS, random),
      secret: new SecretText(randomAlphanumeric(SECRET_CHARACTERS, random)),
    }
  }

  /** Registers a client and answers its secret, this once. Throws `ClientRefusedError`. */
  add(
    wanted: { name: string; tenant: string; scopes: readonly string[] },
    { clientId, secret }: ClientCredentials = this.draw(),
  ): { client: RegisteredClient; secret: SecretText } {
    if (!CLIENT_NAME.test(wanted.name)) {
      throw new ClientRefusedError('the name must have 1 to 100 characters, and no control characters')
    }
    if (!TENANT.test(wanted.tenant)) {
      throw new ClientRefusedError(
        `the tenant "${wanted.tenant}" is not allowed: 1 to 64 letters, digits, "_" or "-"`,
      )
    }
    if (wanted.scopes.length === 0) throw new ClientRefusedError('a client needs at least one scope')
    const unknown = wanted.scopes.find((scope) => !ALL_SCOPES.includes(scope as Scope))
    if (unknown !== undefined) {
      throw new ClientRefusedError(`there is no scope "${unknown}". Allowed: ${ALL_SCOPES.join(' ')}`)
    }
    const client: RegisteredClient = {
      client_id: clientId,
      name: wanted.name,
      tenant: wanted.tenant,
      scopes: [...new Set(wanted.scopes)] as Scope[],
      secret_hash: hashOf(secret.reveal()),
      created_at: new Date(this.#ports.clock.nowMs()).toISOString(),
    }
    this.#change((clients) => [...clients, client])
    return { client, secret }
  }

  /** All of them, oldest first, as the file has them now. */
  list(): readonly RegisteredClient[] {
    this.#read()
    return this.#clients
  }

  /** Removes a client; false when there is none. Its tokens are refused within a second. */
  remove(clientId: string): boolean {
    let isFound = false
    this.#change((clients) => {
      const left = clients.filter((client) => client.client_id !== clientId)
      isFound = left.length < clients.length
      return isFound ? left : clients
    })
    return isFound
  }

  /** Whether there is such a client; a removal by another process is seen within a second. */
  has(clientId: string): boolean {
    return this.#find(clientId) !== undefined
  }

  /** The client, when id and secret fit; both are compared in constant time. */
  authenticate(clientId: string, secret: string): RegisteredClient | undefined {
    const client = this.#find(clientId)
    // An unknown client costs a comparison too, so that the time tells nothing.
    const expected = client?.secret_hash ?? hashOf('')
    const fits = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(expected, 'hex'))
    return fits && client !== undefined ? client : undefined
  }

  /** One that is not known is looked for in the file at once: another process may just have added it. */
  #find(clientId: string): RegisteredClient | undefined {
    const isKnown = this.#clients.some((client) => client.client_id === clientId)
    if (!isKnown || this.#ports.clock.monotonicMs() - this.#lookedAtMs >= LOOK_EVERY_MS) this.#read()
    return this.#clients.find((client) => client.client_id === clientId)
  }

  #read(): void {
    this.#lookedAtMs = this.#ports.clock.monotonicMs()
    const stats = fs.statSync(this.#file, { throwIfNoEntry: false })
    const stamp = stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
    if (stamp === this.#stamp) return
    const text = readFileIfPresent(this.#file)
    this.#clients = text === undefined ? [] : parseClients(text, this.#file)
    this.#stamp = stamp
  }

  /** One process at a time reads, changes and writes, so that none undoes what another did in between. */
  #change(change: (clients: readonly RegisteredClient[]) => readonly RegisteredClient[]): void {
    const lock = tryFileLock(`${this.#file}.lock`, LOCK_WAIT_MS)
    if (lock === undefined) throw new LockedError(`Another process keeps ${this.#file} locked. Try again.`)
    try {
      this.#read()
      const changed = change(this.#clients)
      if (changed === this.#clients) return
      writeFileAtomically(this.#file, `${JSON.stringify({ clients: changed }, null, 2)}\n`, PRIVATE_FILE_MODE)
      this.#clients = changed
      this.#stamp = ''
    } finally {
      lock.release()
    }
  }
}

/** A parser's own message quotes the text, so it is not passed on. */
function parseClients(text: string, file: string): readonly RegisteredClient[] {
  try {
    const { clients } = JSON.parse(text) as { clients: RegisteredClient[] }
    if (clients.every((client) => SECRET_HASH.test(client.secret_hash) && TENANT.test(client.tenant)))
      return clients
  } catch {
    // Answered below, like a text that is JSON and yet no list of clients.
  }
  throw new DamagedFileError(
    `${file} is damaged: it is not a list of clients. Restore it, or remove it, start once with FLOW_VAULT_ACCEPT_LOSS=clients.json, and add them again.`,
  )
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
