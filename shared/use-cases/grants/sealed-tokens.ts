import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import type { GrantPointer, GrantTokens } from '../../domain/grant.ts'
import { randomAlphanumeric } from '../../domain/ids.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { SealBrokenError, SecretNotFoundError } from '../../ports/secret-store.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { parseRefreshTokens } from '../memory/opened-secrets.ts'
import type { GrantPorts } from './grant-ports.ts'

/** 62^8 marks of one connection's items: two never meet, and a put that met one fails. */
const MARK_CHARACTERS = 8

/** A mark that no sealed item of the connection has. */
export function newMark(random: Random): string {
  return randomAlphanumeric(MARK_CHARACTERS, random)
}

type Owner = Pick<ConnectionRow, 'tenant' | 'id'>

/** Tokens by grant name, in the clear. */
export type TokensByName = Readonly<Record<string, GrantTokens>>

/** What an answer will be sealed into: its marks are drawn and its data keys in hand before a provider is asked. */
export interface AnswerSeals {
  readonly mark: string
  /** The pointer to these tokens and the writes that store them; an unchanged set of refresh tokens keeps its item. */
  seal(tokens: TokensByName, old?: OldTokens): SealedTokens
}

/** What is held before an answer comes, and where that is sealed. */
interface OldTokens {
  readonly pointer?: GrantPointer | undefined
  readonly tokens: TokensByName
}

/** Sealed tokens on their way into the row's transaction. */
export interface SealedTokens {
  readonly pointer: GrantPointer
  readonly writes: readonly Write[]
  readonly accessText: SecretText
}

/** The tokens under these marks. Throws what the sealer throws. */
export async function openTokens(
  ports: Pick<GrantPorts, 'opened' | 'sealer'>,
  owner: Owner,
  pointer: GrantPointer,
): Promise<TokensByName> {
  const [access, refresh] = await Promise.all([
    ports.opened.openAccess(owner, pointer.access),
    pointer.refresh === undefined
      ? {}
      : ports.sealer.open(placeOf(owner, 'refresh', pointer.refresh)).then(parseRefreshTokens),
  ])
  const entries = Object.entries(access.tokens).map(([name, tokens]) => {
    const token = (refresh as Record<string, string>)[name]
    return [name, token === undefined ? tokens : { ...tokens, refresh_token: token }] as const
  })
  return Object.fromEntries(entries)
}

/** Draws a mark, where none is given, and data keys for an answer yet to come. Throws what the sealer throws. */
export async function prepareSeals(
  ports: Pick<GrantPorts, 'sealer' | 'random'>,
  owner: Owner,
  mark = newMark(ports.random),
): Promise<AnswerSeals> {
  const [sealAccess, sealRefresh] = await Promise.all([
    ports.sealer.prepare(placeOf(owner, 'access', mark)),
    ports.sealer.prepare(placeOf(owner, 'refresh', mark)),
  ])
  return {
    mark,
    seal(tokens, old = { tokens: {} }) {
      const accessText = textOf(mapValues(tokens, ({ access_token, extra }) => ({ access_token, extra })))
      const refresh = refreshTokensOf(tokens)
      const isUnchanged = JSON.stringify(refresh) === JSON.stringify(refreshTokensOf(old.tokens))
      const kept = isUnchanged ? old.pointer?.refresh : undefined
      const isNew = kept === undefined && Object.keys(refresh).length > 0
      const pointer = { access: mark, ...defined({ refresh: isNew ? mark : kept }) }
      const writes = [sealAccess(accessText), ...(isNew ? [sealRefresh(textOf(refresh))] : [])]
      return { pointer, writes, accessText }
    },
  }
}

function refreshTokensOf(tokens: TokensByName): Record<string, string> {
  const held = Object.entries(tokens).flatMap(([name, { refresh_token: token }]) =>
    token === undefined ? [] : [[name, token] as const],
  )
  return Object.fromEntries(held)
}

function placeOf(owner: Owner, part: SealedPlace['part'], mark: string): SealedPlace {
  return { tenant: owner.tenant, ownerId: owner.id, part, mark }
}

function textOf(value: unknown): SecretText {
  return new SecretText(JSON.stringify(value))
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}

/**
 * The tokens that the row points at; none where nothing was minted. Undefined when the row has moved on since it was
 * read; `missing` when row and sealed items do not fit together for any other reason, which is an error of ours.
 */
export async function findCurrentTokens(
  ports: Pick<GrantPorts, 'opened' | 'sealer' | 'items' | 'log'>,
  row: ConnectionRow,
): Promise<TokensByName | 'missing' | undefined> {
  if (row.grant === undefined) return {}
  try {
    return await openTokens(ports, row, row.grant)
  } catch (error) {
    if (!isUnfit(error)) throw error
    const current = await findConnection(ports, row.tenant, row.id)
    const { access, refresh } = current?.grant ?? {}
    if (access !== row.grant.access || refresh !== row.grant.refresh) return undefined
    ports.log.error('a row and its sealed tokens do not fit together', {
      connection_id: row.id,
      ...errorFields(error),
    })
    return 'missing'
  }
}

/** Whether nothing is sealed under a mark, or something that does not belong there. */
export function isUnfit(error: unknown): boolean {
  return error instanceof SecretNotFoundError || error instanceof SealBrokenError
}
