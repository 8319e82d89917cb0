import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import { randomAlphanumeric } from '../../../shared/domain/ids.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { Random } from '../../../shared/ports/random.ts'
import type { ClientRegistry, RegisteredClient } from '../issuer/client-registry.ts'
import { type IssuerKeyFile, SIGNING_ALGORITHM } from '../issuer/issuer-keys.ts'

/** Long enough to click a link that was just printed; it works once. */
export const TICKET_SECONDS = 60
/** A working day; a person stays signed in for it, or asks for another. */
export const SESSION_SECONDS = 12 * 3600
/** What the page holds in memory; short, because nothing takes it back. */
export const PAGE_TOKEN_SECONDS = 15 * 60
/** 258 bits. */
const TICKET_CHARACTERS = 43
/** Tickets of one client that wait at a time; its oldest goes when another is made, and nobody else's. */
const MAX_TICKETS = 20
/** Sessions of one client, signed out of and not yet expired, that are remembered. */
const MAX_ENDED = 1000
const SESSION_AUDIENCE = 'flow-vault-page'

/** Whom a ticket or session speaks for: a client of the issuer, used by a person. */
export interface PagePerson {
  readonly clientId: string
  readonly person: string
  /** What the token had that asked for it: a person gets no more of the client's scopes than that. */
  readonly scopes: readonly string[]
}

/** A person who is signed in. */
export interface PageSession extends PagePerson {
  readonly client: RegisteredClient
  /** The value of the cookie. */
  readonly cookie: string
  readonly endsAtMs: number
}

/**
 * Sign-in to the vault page: a ticket that works once becomes a session in a cookie that scripts cannot read. Tickets
 * live in memory. A session is signed, so that it outlives a restart of the server; it ends with its client.
 */
export class PageSessions {
  readonly #options: {
    keys: IssuerKeyFile
    issuer: string
    clients: ClientRegistry
    clock: Clock
    random: Random
  }
  /** By digest, of each client by itself. */
  readonly #tickets = new KeptByClient<PagePerson>(MAX_TICKETS)
  readonly #ended = new KeptByClient<true>(MAX_ENDED)

  constructor(options: {
    keys: IssuerKeyFile
    issuer: string
    clients: ClientRegistry
    clock: Clock
    random: Random
  }) {
    this.#options = options
  }

  /** A new ticket for the person; kept by digest. */
  issueTicket(person: PagePerson): { ticket: string; endsAtMs: number } {
    const ticket = randomAlphanumeric(TICKET_CHARACTERS, this.#options.random)
    const nowMs = this.#options.clock.nowMs()
    const endsAtMs = nowMs + TICKET_SECONDS * 1000
    this.#tickets.keep(person.clientId, digestOf(ticket), { value: person, endsAtMs, nowMs })
    return { ticket, endsAtMs }
  }

  /** The session that the ticket opens; undefined when it was used, is too old, or never was. */
  async redeem(ticket: string): Promise<PageSession | undefined> {
    const found = this.#tickets.take(digestOf(ticket), this.#options.clock.nowMs())
    return found && this.#begin(found)
  }

  /** The session of a cookie; undefined when it has ended, or its client is gone. */
  async find(cookie: string): Promise<PageSession | undefined> {
    const { keys, issuer, clock } = this.#options
    const known = createLocalJWKSet({ keys: [...(await keys.current()).publicJwks] })
    const verified = await jwtVerify(cookie, known, {
      issuer,
      audience: SESSION_AUDIENCE,
      algorithms: [SIGNING_ALGORITHM],
      requiredClaims: ['exp', 'sub', 'name', 'scope'],
      currentDate: new Date(clock.nowMs()),
    }).catch(() => undefined)
    if (verified === undefined) return undefined
    const { sub, name, exp, scope } = verified.payload
    const client = this.#clientOf(String(sub))
    if (client === undefined || this.#ended.has(client.client_id, digestOf(cookie))) return undefined
    const scopes = String(scope).split(' ')
    const who = { clientId: client.client_id, person: String(name), scopes }
    return { ...who, client, cookie, endsAtMs: exp! * 1000 }
  }

  /** The same person's session, begun anew. */
  async extend(session: PageSession): Promise<PageSession> {
    return (await this.#begin(session)) ?? session
  }

  /** Ends a session before its time; a cookie that opens none is not remembered, and pushes none out. */
  async end(cookie: string): Promise<void> {
    const session = await this.find(cookie)
    if (session === undefined) return
    const nowMs = this.#options.clock.nowMs()
    this.#ended.keep(session.clientId, digestOf(cookie), { value: true, endsAtMs: session.endsAtMs, nowMs })
  }

  async #begin({ clientId, person, scopes }: PagePerson): Promise<PageSession | undefined> {
    const { keys, issuer, clock, random } = this.#options
    const client = this.#clientOf(clientId)
    if (client === undefined) return undefined
    const { kid, privateKey } = await keys.current()
    const endsAtS = Math.floor(clock.nowMs() / 1000) + SESSION_SECONDS
    const cookie = await new SignJWT({
      name: person,
      scope: scopes.join(' '),
      jti: randomAlphanumeric(22, random),
    })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid })
      .setIssuer(issuer)
      .setSubject(clientId)
      .setAudience(SESSION_AUDIENCE)
      .setExpirationTime(endsAtS)
      .sign(privateKey)
    return { clientId, person, scopes, client, cookie, endsAtMs: endsAtS * 1000 }
  }

  #clientOf(clientId: string): RegisteredClient | undefined {
    return this.#options.clients.list().find((client) => client.client_id === clientId)
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** What is kept for a while, so much of each client: what one makes pushes out none of another's. */
class KeptByClient<Value> {
  readonly #limit: number
  readonly #byClient = new Map<string, Map<string, { readonly value: Value; readonly endsAtMs: number }>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  keep(clientId: string, key: string, kept: { value: Value; endsAtMs: number; nowMs: number }): void {
    this.#dropEnded(kept.nowMs)
    const ofClient = this.#byClient.get(clientId) ?? new Map()
    this.#byClient.set(clientId, ofClient.set(key, kept))
    const [oldest] = ofClient.keys()
    if (ofClient.size > this.#limit && oldest !== undefined) ofClient.delete(oldest)
  }

  has(clientId: string, key: string): boolean {
    return this.#byClient.get(clientId)?.has(key) === true
  }

  /** Removes what is kept by the key, whoever's it is, and answers it unless its time is over. */
  take(key: string, nowMs: number): Value | undefined {
    for (const ofClient of this.#byClient.values()) {
      const found = ofClient.get(key)
      if (!ofClient.delete(key)) continue
      return found !== undefined && found.endsAtMs > nowMs ? found.value : undefined
    }
    return undefined
  }

  #dropEnded(nowMs: number): void {
    for (const [clientId, ofClient] of this.#byClient) {
      for (const [key, { endsAtMs }] of ofClient) if (endsAtMs <= nowMs) ofClient.delete(key)
      if (ofClient.size === 0) this.#byClient.delete(clientId)
    }
  }
}
