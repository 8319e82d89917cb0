import { findSetupOf } from '../../connectors/catalogue.ts'
import { renderCredential } from '../../connectors/render-credential.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { isRefusedAfterEnd, refusedAfterEnd } from '../../domain/credential-end.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import { earliestAccessExpiryMs } from '../../domain/grant.ts'
import type { JsonObject } from '../../domain/json.ts'
import { connectionKey } from '../../domain/keys.ts'
import { tagMatches } from '../../domain/preconditions.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import { SealBrokenError, SecretNotFoundError } from '../../ports/secret-store.ts'
import { connectionNotFound, findConnection, getConnection } from '../commit/connection-rows.ts'
import type { FreezeWatch } from '../freezes/freeze-watch.ts'
import { refuseFrozen } from '../freezes/refuse-frozen.ts'
import type { OpenedAccess, OpenedSecret, OpenedSecrets } from '../memory/opened-secrets.ts'
import { connectionEmpty, isIncomplete } from './empty-connection.ts'
import {
  credentialUnavailable,
  FETCH_BUDGET_MS,
  type FreshenPorts,
  freshenCredential,
  isExpired,
  isGoodFor,
  NO_ANSWER_YET,
  refuseExpired,
} from './freshen-credential.ts'

/** Raised when the shape of the answer changes, so that a tag from before does not match. */
const SHAPE_VERSION = 1
/** What a flow gets when it does not say how long it needs the credential. */
export const DEFAULT_MIN_TTL_SECONDS = 60
/** A day: no provider's access token that we know lives longer and rotates. */
export const MAX_MIN_TTL_SECONDS = 86_400
const HOUR_MS = 3_600_000
/** Of the pointer's own characters: a store that was restored may count the same versions again for other values. */
const TAG_CHARACTERS = 8
/** How often one fetch looks at the clock before it says that there is nothing to hand out. */
const MAX_LOOKS = 2
/** How many pointers of a row it follows in turn: one for each grant of a bundle that is renewed meanwhile, and one. */
const MAX_POINTERS = 3
const LOST = 'The credential is lost and a new one could not be had yet.'

export interface FetchPorts extends FreshenPorts {
  readonly opened: OpenedSecrets
  readonly freezes: FreezeWatch
}

export interface FetchCredentialInput {
  readonly tenant: string
  readonly id: string
  readonly minTtlSeconds: number
  readonly ifNoneMatch?: string
}

export type FetchedCredential =
  | { readonly kind: 'not-modified'; readonly etag: string; readonly credentialVersion: number }
  | {
      readonly kind: 'credential'
      readonly etag: string
      readonly credentialVersion: number
      readonly body: SecretText
    }

/**
 * What a flow sends to the connected service, good for at least `minTtlSeconds`, as the JSON text of the answer.
 * Throws `not-found`, `connection-empty`, `authorization-pending`, `reauthorization-required`,
 * `connection-frozen`, `credential-unavailable`.
 */
export async function fetchCredential(
  ports: FetchPorts,
  input: FetchCredentialInput,
): Promise<FetchedCredential> {
  const row = await getConnection(ports, input.tenant, input.id)
  await refuseFrozen(ports, row)
  let fetched: FetchedCredential | undefined
  // A token that ends between two looks at the clock is renewed like any other; a second time, it is refused.
  for (let looks = 1; fetched === undefined; looks++)
    fetched = await handOut(ports, row, { ...input, isLastLook: looks === MAX_LOOKS })
  return fetched
}

/** The answer; undefined when the token was good when it was looked at, and had ended when all was in hand. */
async function handOut(
  ports: FetchPorts,
  row: ConnectionRow,
  input: FetchCredentialInput & { isLastLook: boolean },
): Promise<FetchedCredential | undefined> {
  const minTtlMs = input.minTtlSeconds * 1000
  const usable = requireUsable(await withFreshGrant(ports, row, minTtlMs), ports.clock.nowMs())
  refuseExpired(usable, ports.clock.nowMs())
  const etag = etagOf(usable)
  await noteFetch(ports, usable)
  // A version that is about to expire is sent again: its remaining seconds are what the flow needs to know.
  const lasts = usable.grants === undefined || isGoodFor(usable, minTtlMs, ports.clock.nowMs())
  if (lasts && input.ifNoneMatch !== undefined && tagMatches(input.ifNoneMatch, etag))
    return { kind: 'not-modified', etag, credentialVersion: usable.credentialVersion }
  const opened = await openCredential(ports, usable)
  // The clock is read after the last wait: however slow a store was, an ended token is not handed out.
  const nowMs = ports.clock.nowMs()
  if (isExpired(opened.row, nowMs) && !input.isLastLook) return undefined
  refuseExpired(opened.row, nowMs)
  const { credentialVersion } = opened.row
  return { kind: 'credential', etag: etagOf(opened.row), credentialVersion, body: bodyOf(opened, nowMs) }
}

/** The row as it is for static credentials; for minted ones with a grant that lasts, when one can be had. */
async function withFreshGrant(
  ports: FetchPorts,
  row: ConnectionRow,
  minTtlMs: number,
): Promise<ConnectionRow> {
  const waits = row.status === 'pending' && row.due_at !== undefined
  const minted = row.grants !== undefined && row.status !== 'reauthorization_required'
  return waits || minted ? freshenCredential(ports, row, minTtlMs) : row
}

function etagOf(row: ConnectionRow): string {
  return `"c${SHAPE_VERSION}.${row.credentialVersion}.${(pointerOf(row) ?? '').slice(0, TAG_CHARACTERS)}"`
}

/** The row, when its state lets a flow have the credential; throws the 409 that says what to do otherwise. */
function requireUsable(row: ConnectionRow, nowMs: number): ConnectionRow {
  if (row.status === 'empty') {
    throw connectionEmpty(row)
  }
  if (row.status === 'pending') {
    if (isIncomplete(row)) throw new VaultError('connection-empty', row.statusReason ?? '')
    if (waitsForProvider(row)) throw credentialUnavailable(row, nowMs, row.statusReason ?? NO_ANSWER_YET)
    throw new VaultError(
      'authorization-pending',
      row.statusReason ?? 'Nobody has authorized the connection yet. Authorize it.',
    )
  }
  if (row.status === 'reauthorization_required') {
    throw new VaultError(
      'reauthorization-required',
      row.statusReason ?? 'The provider has ended the grant. Authorize the connection again.',
    )
  }
  if (isRefusedAfterEnd(row, nowMs)) {
    throw new VaultError('reauthorization-required', refusedAfterEnd(row.credentialExpiresAtMs!))
  }
  return row
}

/** Whether a first credential comes by itself, once the provider gives one: no person has to authorize. */
function waitsForProvider(row: ConnectionRow): boolean {
  return row.due_at !== undefined && row.failure?.code !== 'no_oauth_application'
}

/** A row with what it points at, opened: the setup of a static connection, or the tokens of a minted one. */
interface OpenedRow {
  readonly row: ConnectionRow
  readonly values: JsonObject
  readonly opened: OpenedSecret | OpenedAccess
}

/**
 * The opened value the row points at. One that is gone was superseded between the two reads: the row is read once
 * more, and the new pointer followed, again where the next grant of a bundle was renewed meanwhile. One that is gone
 * although its row points at it is replaced, once.
 */
async function openCredential(ports: FetchPorts, row: ConnectionRow): Promise<OpenedRow> {
  let current = row
  let isReplaced = false
  for (let looks = 1; ; looks++) {
    try {
      return await openRow(ports, current)
    } catch (error) {
      const doesNotFit = error instanceof SealBrokenError && current.grant !== undefined
      if (!(error instanceof SecretNotFoundError) && !doesNotFit) throw error
      const found = await findConnection(ports, row.tenant, row.id)
      if (found === undefined) throw connectionNotFound()
      const usable = requireUsable(found, ports.clock.nowMs())
      const isMoved = pointerOf(usable) !== pointerOf(current)
      if (isMoved ? looks > MAX_POINTERS : isReplaced) throw error
      current = isMoved ? usable : await replaceMissing(ports, usable)
      isReplaced ||= !isMoved
    }
  }
}

/**
 * The row once the grant that its sealed items do not fit is another: whoever mints finds that out by itself, and gets
 * a new one where nobody is needed. Throws the 409 where somebody is, and the 503 while none can be had, as for a setup
 * that is gone, which the row then says.
 */
async function replaceMissing(ports: FetchPorts, row: ConnectionRow): Promise<ConnectionRow> {
  const { tenant, id, credentialVersion } = row
  const request = { tenant, id, cause: 'rejected', credentialVersion } as const
  const result = await ports.grants.rotate(request, FETCH_BUDGET_MS)
  if (result.kind === 'gone') throw connectionNotFound()
  const nowMs = ports.clock.nowMs()
  const next = result.kind === 'late' ? row : requireUsable(result.row, nowMs)
  // A setup that this process was not shown, and another was.
  const isSeen = result.kind !== 'late' && next.grant === undefined && next.failure?.code !== SETUP_MISSING
  if (isSeen || pointerOf(next) !== pointerOf(row)) return next
  throw credentialUnavailable(next, nowMs, next.failure?.message ?? LOST)
}

async function openRow(ports: FetchPorts, row: ConnectionRow): Promise<OpenedRow> {
  const { grant, secret } = row
  // The function that answers flows opens no setup of a connection that is minted: the row has what may be known.
  if (grant !== undefined) {
    const opened =
      ports.opened.peekAccess(row, grant.access) ?? (await ports.opened.openAccess(row, grant.access))
    return { row, values: row.publicSetup ?? {}, opened }
  }
  if (secret === undefined) throw connectionEmpty(row)
  const known = ports.opened.peek(secret)
  const opened = known ?? (await ports.opened.open(secret))
  if (known === undefined && row.failure?.code === SETUP_MISSING) await tellFound(ports, row)
  return { row, values: opened.setup, opened }
}

/** A setup that was gone is there again: the row says so from then on; a flow is served whether it does or not. */
async function tellFound(ports: FetchPorts, { tenant, id, credentialVersion }: ConnectionRow): Promise<void> {
  try {
    await ports.grants.rotate({ tenant, id, cause: 'rejected', credentialVersion }, FETCH_BUDGET_MS)
  } catch (error) {
    ports.log.warn('could not tell that a setup is there again', { connection_id: id, ...errorFields(error) })
  }
}

function pointerOf(row: ConnectionRow): string | undefined {
  return row.grant?.access ?? row.secret?.versionId
}

function bodyOf(opened: OpenedRow, nowMs: number): SecretText {
  const { row, opened: value } = opened
  const expiresAtMs = earliestAccessExpiryMs(row.grants) ?? enforcedEndMs(row)
  // Only the remaining seconds change from one fetch to the next: without them, the text is made once a version.
  if (expiresAtMs === undefined) {
    const key = `${row.id} ${row.credentialVersion}`
    if (value.rendered?.key === key) return value.rendered.body
    const body = renderBody(opened, undefined, nowMs)
    value.rendered = { key, body }
    return body
  }
  return renderBody(opened, expiresAtMs, nowMs)
}

/** The end of a static credential, where it is not handed out after that. */
function enforcedEndMs({ enforceExpiry, credentialExpiresAtMs }: ConnectionRow): number | undefined {
  return enforceExpiry === true ? credentialExpiresAtMs : undefined
}

function renderBody(
  { row, values, opened }: OpenedRow,
  expiresAtMs: number | undefined,
  nowMs: number,
): SecretText {
  const setup = findSetupOf(row.appId, row.setupType)
  if (setup === undefined) throw new InvariantError(`no setup ${row.setupType} of ${row.appId}`)
  const rendered = renderCredential(setup, values, 'tokens' in opened ? opened.tokens : undefined)
  return new SecretText(
    JSON.stringify({
      connection_id: row.id,
      app_id: row.appId,
      credential_version: row.credentialVersion,
      expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
      usable_for_seconds:
        expiresAtMs === undefined ? null : Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000)),
      ...rendered,
    }),
  )
}

/** Remembers the hour of the last fetch, at most once an hour, so that a fetch stays a read. */
async function noteFetch(ports: FetchPorts, row: ConnectionRow): Promise<void> {
  const hour = Math.floor(ports.clock.nowMs() / HOUR_MS)
  if (row.lastFetchedHour !== undefined && row.lastFetchedHour >= hour) return
  try {
    await ports.items.transact([
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        set: { lastFetchedHour: hour },
        when: [{ kind: 'item-present' }],
      },
    ])
  } catch (error) {
    // The flow needs its credential more than we need to know when.
    ports.log.warn('could not note a fetch', {
      connection_id: row.id,
      ...errorFields(error),
    })
  }
}
