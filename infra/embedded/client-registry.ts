import { createHash, timingSafeEqual } from 'node:crypto'
import fs from 'node:fs'
import { randomAlphanumeric } from '../../shared/domain/ids.ts'
import { ALL_SCOPES, type Scope } from '../../shared/domain/scopes.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Random } from '../../shared/ports/random.ts'
import { readFileIfPresent, writeFileAtomically } from './data-folder.ts'

/** A client of the built-in issuer, as it is kept: its secret by hash only. */
export interface RegisteredClient {
  readonly client_id: string
  readonly name: string
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly secret_hash: string
  readonly created_at: string
}

/** What a person asked for cannot be registered; the message says what is allowed. */
export class ClientRefusedError extends Error {
  override readonly name = 'ClientRefusedError'
}

const TENANT = /^[A-Za-z0-9_-]{1,64}$/
const MAX_NAME_LENGTH = 100
const CLIENT_ID_CHARACTERS = 32
/** 43 of 62 characters are 256 bits, which no search finds: a plain hash is enough. */
const SECRET_CHARACTERS = 43
const PRIVATE_FILE_MODE = 0o600
/** Another process (`npm run client`) may change the file; it is looked at this often. */
const LOOK_EVERY_MS = 1000

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

  static open(file: string, ports: { clock: Clock; random: Random }): ClientRegistry {
    const registry = new ClientRegistry(file, ports)
    registry.#read()
    return registry
  }

  /** Registers a client and answers its secret, this once. Throws `ClientRefusedError`. */
  add(wanted: { name: string; tenant: string; scopes: readonly string[] }): {
    client: RegisteredClient
    secret: SecretText
  } {
    if (wanted.name === '' || wanted.name.length > MAX_NAME_LENGTH) {
      throw new ClientRefusedError(`the name must have 1 to ${MAX_NAME_LENGTH} characters`)
    }
    if (!TENANT.test(wanted.tenant)) {
      throw new ClientRefusedError(
        `the tenant "${wanted.tenant}" is not allowed: 1 to 64 letters, digits, "_" or "-"`,
      )
    }
    const unknown = wanted.scopes.find((scope) => !ALL_SCOPES.includes(scope as Scope))
    if (unknown !== undefined) {
      throw new ClientRefusedError(`there is no scope "${unknown}". Allowed: ${ALL_SCOPES.join(' ')}`)
    }
    const { clock, random } = this.#ports
    const secret = new SecretText(randomAlphanumeric(SECRET_CHARACTERS, random))
    const client: RegisteredClient = {
      client_id: randomAlphanumeric(CLIENT_ID_CHARACTERS, random),
      name: wanted.name,
      tenant: wanted.tenant,
      scopes: [...new Set(wanted.scopes)] as Scope[],
      secret_hash: hashOf(secret.reveal()),
      created_at: new Date(clock.nowMs()).toISOString(),
    }
    this.#read()
    this.#write([...this.#clients, client])
    return { client, secret }
  }

  list(): readonly RegisteredClient[] {
    this.#read()
    return this.#clients
  }

  /** Removes a client; false when there is none. Its tokens stay good until they expire. */
  remove(clientId: string): boolean {
    this.#read()
    const left = this.#clients.filter((client) => client.client_id !== clientId)
    if (left.length === this.#clients.length) return false
    this.#write(left)
    return true
  }

  /** The client, when id and secret fit; both are compared in constant time. */
  authenticate(clientId: string, secret: string): RegisteredClient | undefined {
    const now = this.#ports.clock.monotonicMs()
    if (now - this.#lookedAtMs >= LOOK_EVERY_MS) this.#read()
    const client = this.#clients.find((candidate) => candidate.client_id === clientId)
    // An unknown client costs a comparison too, so that the time tells nothing.
    const expected = client?.secret_hash ?? hashOf('')
    const fits = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(expected, 'hex'))
    return fits && client !== undefined ? client : undefined
  }

  #read(): void {
    this.#lookedAtMs = this.#ports.clock.monotonicMs()
    const stats = fs.statSync(this.#file, { throwIfNoEntry: false })
    const stamp = stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
    if (stamp === this.#stamp) return
    const text = readFileIfPresent(this.#file)
    this.#clients = text === undefined ? [] : (JSON.parse(text) as { clients: RegisteredClient[] }).clients
    this.#stamp = stamp
  }

  #write(clients: readonly RegisteredClient[]): void {
    writeFileAtomically(this.#file, `${JSON.stringify({ clients }, null, 2)}\n`, PRIVATE_FILE_MODE)
    this.#clients = clients
    this.#stamp = ''
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
