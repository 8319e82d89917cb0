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
/** Tickets that wait at a time; the oldest goes when another is made. */
const MAX_TICKETS = 100
/** Sessions signed out of and not yet expired that are remembered. */
const MAX_ENDED = 1000
const SESSION_AUDIENCE = 'flow-vault-page'

/** Whom a ticket or session speaks for: a client of the issuer, used by a person. */
export interface PagePerson {
  readonly clientId: string
  readonly person: string
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
  readonly #tickets = new Map<string, PagePerson & { readonly endsAtMs: number }>()
  readonly #ended = new Set<string>()

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
    const endsAtMs = this.#options.clock.nowMs() + TICKET_SECONDS * 1000
    this.#tickets.set(digestOf(ticket), { ...person, endsAtMs })
    dropOldest(this.#tickets, MAX_TICKETS)
    return { ticket, endsAtMs }
  }

  /** The session that the ticket opens; undefined when it was used, is too old, or never was. */
  async redeem(ticket: string): Promise<PageSession | undefined> {
    const digest = digestOf(ticket)
    const found = this.#tickets.get(digest)
    this.#tickets.delete(digest)
    if (found === undefined || found.endsAtMs <= this.#options.clock.nowMs()) return undefined
    return this.#begin(found)
  }

  /** The session of a cookie; undefined when it has ended, or its client is gone. */
  async find(cookie: string): Promise<PageSession | undefined> {
    const { keys, issuer, clock } = this.#options
    const known = createLocalJWKSet({ keys: [...(await keys.current()).publicJwks] })
    const verified = await jwtVerify(cookie, known, {
      issuer,
      audience: SESSION_AUDIENCE,
      algorithms: [SIGNING_ALGORITHM],
      requiredClaims: ['exp', 'sub', 'name'],
      currentDate: new Date(clock.nowMs()),
    }).catch(() => undefined)
    if (verified === undefined || this.#ended.has(digestOf(cookie))) return undefined
    const { sub, name, exp } = verified.payload
    const client = this.#clientOf(String(sub))
    if (client === undefined) return undefined
    return { clientId: client.client_id, person: String(name), client, cookie, endsAtMs: exp! * 1000 }
  }

  /** The same person's session, begun anew. */
  async extend(session: PageSession): Promise<PageSession> {
    return (await this.#begin(session)) ?? session
  }

  /** Ends a session before its time. */
  end(cookie: string): void {
    this.#ended.add(digestOf(cookie))
    dropOldest(this.#ended, MAX_ENDED)
  }

  async #begin({ clientId, person }: PagePerson): Promise<PageSession | undefined> {
    const { keys, issuer, clock, random } = this.#options
    const client = this.#clientOf(clientId)
    if (client === undefined) return undefined
    const { kid, privateKey } = await keys.current()
    const endsAtS = Math.floor(clock.nowMs() / 1000) + SESSION_SECONDS
    const cookie = await new SignJWT({ name: person, jti: randomAlphanumeric(22, random) })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid })
      .setIssuer(issuer)
      .setSubject(clientId)
      .setAudience(SESSION_AUDIENCE)
      .setExpirationTime(endsAtS)
      .sign(privateKey)
    return { clientId, person, client, cookie, endsAtMs: endsAtS * 1000 }
  }

  #clientOf(clientId: string): RegisteredClient | undefined {
    return this.#options.clients.list().find((client) => client.client_id === clientId)
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

function dropOldest(kept: Map<string, unknown> | Set<string>, limit: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= limit) return
    kept.delete(key)
  }
}
