import { authorizationKey } from '../../domain/keys.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { AUTHORIZATION_ROWS, type Authorization } from '../../rows/authorization-row.ts'

/** RFC 6749 §10.12 wants it short; ten minutes is what a person with a second factor needs. */
export const AUTHORIZATION_LIFE_MS = 10 * 60_000
/** An exchange ends within a provider's 60 s and a commit; one that has said nothing by then will not. */
export const EXCHANGE_PATIENCE_MS = 90_000
/** A repeated callback, and whoever asks how it went, are answered for this long. */
const REMEMBERED_MS = 60 * 60_000
/** 108 bits of a keyed digest, in the length that every id of the API may have. */
const ID_DIGITS = 27
/** 43 of 62 characters are 256 bits. */
export const TICKET_CHARACTERS = 43
const TICKET = /^[0-9A-Za-z]{43}$/
/** A keyed digest, as every digester writes it. */
const STATE = /^[0-9a-f]{64}$/

type AuthorizationPorts = Pick<Ports, 'items'>

/** A ticket that somebody came with; undefined for what cannot be one, so that no call of KMS is spent on it. */
export function findTicket(text: string | undefined): SecretText | undefined {
  return text !== undefined && TICKET.test(text) ? new SecretText(text) : undefined
}

/** A state that somebody came with, as above. */
export function findState(text: string | undefined): SecretText | undefined {
  return text !== undefined && STATE.test(text) ? new SecretText(text) : undefined
}

/** The state that goes to the provider and back: derived by key from the ticket, so that nothing has to hold it. */
export async function stateOfTicket(ports: Pick<Ports, 'digester'>, ticket: SecretText): Promise<SecretText> {
  return new SecretText(await ports.digester.digest('oauth-state', ticket))
}

/** The id of the authorization with this state. It gives away neither the state nor the ticket. */
export async function authorizationIdOf(ports: Pick<Ports, 'digester'>, state: SecretText): Promise<string> {
  return `au_${(await ports.digester.digest('authorization', state)).slice(0, ID_DIGITS)}`
}

/** The authorization, or undefined: never started, or forgotten. One that ended is remembered for an hour. */
export async function findAuthorization(
  ports: Pick<Ports, 'items' | 'clock'>,
  id: string,
): Promise<Authorization | undefined> {
  const item = AUTHORIZATION_ROWS.find(await ports.items.get(authorizationKey(id)))
  if (item === undefined || item.expiresAtMs + REMEMBERED_MS <= ports.clock.nowMs()) return undefined
  return item
}

/** Writes a new authorization. */
export async function putAuthorization(
  ports: AuthorizationPorts,
  authorization: Authorization,
): Promise<void> {
  const expiresAtS = Math.ceil((authorization.expiresAtMs + REMEMBERED_MS) / 1000)
  await ports.items.transact([
    {
      op: 'put',
      key: authorizationKey(authorization.id),
      attributes: { ...AUTHORIZATION_ROWS.encode(authorization), expires_at_s: expiresAtS },
      when: [{ kind: 'item-absent' }],
    },
  ])
}

/** Moves the authorization on; false when somebody else has meanwhile moved it out of the phase that was read. */
export async function advance(
  ports: AuthorizationPorts,
  authorization: Authorization,
  to: Partial<Authorization> & Pick<Authorization, 'phase'>,
): Promise<boolean> {
  return tryTransact(ports.items, {
    op: 'update',
    key: authorizationKey(authorization.id),
    set: AUTHORIZATION_ROWS.members(to),
    when: [{ kind: 'equals', attribute: 'phase', value: authorization.phase }],
  })
}
