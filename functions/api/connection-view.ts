import * as z from 'zod/mini'
import { findSetupOf } from '../../shared/connectors/catalogue.ts'
import { partsOfPresetType } from '../../shared/connectors/presets/preset-setup.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { CONNECTION_STATUSES, MAX_NAME_LENGTH } from '../../shared/domain/connection.ts'
import { isRefusedAfterEnd } from '../../shared/domain/credential-end.ts'
import type { Freeze } from '../../shared/domain/freeze.ts'
import { earliestAccessExpiryMs } from '../../shared/domain/grant.ts'
import { MAX_ID_LENGTH } from '../../shared/domain/ids.ts'
import { remainingMs } from '../../shared/domain/rotation-policy.ts'
import { callbackUrlOf } from '../../shared/use-cases/authorize/start-authorization.ts'
import { RESTORABLE_MS } from '../../shared/use-cases/commit/tombstones.ts'
import { missingScopes } from '../../shared/use-cases/grants/grant-records.ts'
import { notesOf, scopesToCome } from './connection-notes.ts'
import { personSchema, personView } from './person-view.ts'

const HOUR_MS = 3_600_000
const instant = () => z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))

/** Exactly Auth0's connection object: the deploy CLI posts every field it sees back to a strict create. */
export const connectionSchema = z.object({
  id: z.string().check(z.maxLength(MAX_ID_LENGTH)),
  app_id: z.string(),
  name: z.string().check(z.maxLength(MAX_NAME_LENGTH)),
  account_name: z.optional(z.string()),
  ready: z.boolean(),
  created_at: instant(),
  updated_at: instant(),
  refreshed_at: z.optional(z.nullable(instant())),
  fingerprint: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
})

const scopeList = () => z.array(z.string())

/** Whose account a grant is for, as far as its provider tells. */
export const accountSchema = z.object({
  id: z.optional(z.string()),
  email: z.optional(z.string()),
  team: z.optional(z.string()),
})

/** Ours, with `?view=full`: where the connection stands and what to do next. */
export const fullConnectionSchema = z.extend(connectionSchema, {
  status: z.enum(CONNECTION_STATUSES as [string, ...string[]]),
  status_reason: z.optional(z.string()),
  setup_type: z.optional(z.string()),
  provider: z.optional(z.string()),
  version: z.int(),
  credential_version: z.int(),
  expires_at: z.nullable(instant()),
  expiry_basis: z.nullable(z.enum(['stated', 'assumed', 'unknown', 'never'])),
  refresh_expires_at: z.nullable(instant()),
  credential_expires_at: z.nullable(instant()),
  enforce_expiry: z.boolean(),
  next_rotation_at: z.nullable(instant()),
  notes: z.array(z.object({ code: z.string(), message: z.string() })),
  scopes: z.object({ required: scopeList(), granted: scopeList(), missing: scopeList() }),
  failure: z.nullable(
    z.object({
      class: z.string(),
      code: z.string(),
      message: z.string(),
      description: z.optional(z.string()),
      count: z.int(),
      first_at: instant(),
      last_at: instant(),
      retry_at: z.nullable(instant()),
    }),
  ),
  last_used_at: z.nullable(instant()),
  oauth_app_id: z.nullable(z.string()),
  account: z.nullable(accountSchema),
  callback_url: z.nullable(z.string()),
  frozen: z.nullable(
    z.object({
      id: z.string(),
      reason: z.string(),
      by: z.nullable(personSchema),
      at: instant(),
      scope: z.enum(['app', 'connection']),
    }),
  ),
  settings: z.nullable(z.record(z.string(), z.unknown())),
  /** Those of them that are stored with a query, which is not shown; a new value replaces it too. */
  settings_without_query: z.array(z.string()),
  secrets: z.nullable(z.array(z.object({ name: z.string(), set_at: instant() }))),
  used_by_count: z.int(),
  created_by: z.nullable(personSchema),
  updated_by: z.nullable(personSchema),
  authorized_by: z.nullable(personSchema),
  deleted: z.optional(z.object({ at: instant(), by: z.nullable(personSchema), gone_at: instant() })),
})

/** What a route answers that shows a connection: with `?view=full` the larger of the two. */
export const shownConnectionSchema = z.union([connectionSchema, fullConnectionSchema])

export type ConnectionView = z.output<typeof connectionSchema>

/** How a connection is shown: when, and with `refreshed_at: null` for `write` where a read leaves it out, as Auth0 does. */
export interface Showing {
  readonly nowMs: number
  readonly answerTo: 'read' | 'write'
}

/** Auth0's object. */
export function connectionView(row: ConnectionRow, { answerTo, nowMs }: Showing): ConnectionView {
  return {
    id: row.id,
    app_id: row.appId,
    name: row.name,
    ...(row.accountName === undefined ? {} : { account_name: row.accountName }),
    ready: isReady(row, nowMs),
    created_at: iso(row.createdAtMs),
    updated_at: iso(row.updatedAtMs),
    ...(row.refreshedAtMs !== undefined
      ? { refreshed_at: iso(row.refreshedAtMs) }
      : answerTo === 'write'
        ? { refreshed_at: null }
        : {}),
    fingerprint: row.fingerprint,
  }
}

/** Auth0's object and ours. */
export function fullConnectionView(
  row: ConnectionRow,
  showing: Showing,
  beside: {
    readonly freeze?: Freeze | undefined
    readonly deletedAtMs?: number | undefined
    /** Flows that say that they use it. */
    readonly usedByCount?: number | undefined
    /** Where browsers reach the vault, for what has to be registered at the provider. */
    readonly publicUrl?: string
  } = {},
): z.output<typeof fullConnectionSchema> {
  const main = row.grants?.['main']
  const required = row.requiredScopes ?? scopesToCome(row)
  const granted = main?.grantedScopes ?? []
  const expiresAtMs = earliestAccessExpiryMs(row.grants)
  return {
    ...connectionView(row, showing),
    status: row.status,
    ...(row.statusReason === undefined ? {} : { status_reason: row.statusReason }),
    ...setupTypeView(row.setupType),
    version: row.version,
    credential_version: row.credentialVersion,
    expires_at: isoOrNull(expiresAtMs ?? row.credentialExpiresAtMs),
    expiry_basis: expiryBasisOf(row),
    refresh_expires_at: isoOrNull(main?.refreshExpiresAtMs),
    credential_expires_at: isoOrNull(row.credentialExpiresAtMs),
    enforce_expiry: row.enforceExpiry === true,
    // A static credential is in the index for its warnings, and nothing of it is renewed.
    next_rotation_at: isoOrNull(row.credentialExpiresAtMs === undefined ? row.due_at : undefined),
    notes: notesOf(row),
    scopes: {
      required: [...required],
      granted: [...granted],
      missing: missingOf(row),
    },
    failure: failureView(row),
    last_used_at: row.lastFetchedHour === undefined ? null : iso(row.lastFetchedHour * HOUR_MS),
    oauth_app_id: row.oauthAppId ?? null,
    account: row.account ?? null,
    callback_url: beside.publicUrl === undefined ? null : callbackUrlOfRow(row, beside.publicUrl),
    frozen: frozenView(beside.freeze),
    settings: row.settings === undefined ? null : { ...row.publicSetup, ...row.settings },
    settings_without_query: [...(row.settingsWithoutQuery ?? [])],
    secrets: row.storedSecrets?.map(({ name, setAtMs }) => ({ name, set_at: iso(setAtMs) })) ?? null,
    used_by_count: beside.usedByCount ?? 0,
    created_by: personView(row.createdBy),
    updated_by: personView(row.updatedBy),
    authorized_by: personView(row.authorizedBy),
    ...deletedView(row, beside.deletedAtMs),
  }
}

function expiryBasisOf(row: ConnectionRow): z.output<typeof fullConnectionSchema>['expiry_basis'] {
  if (row.credentialExpiresAtMs !== undefined) return 'stated'
  return row.grants?.['main']?.expiryBasis ?? (row.status === 'ready' ? 'never' : null)
}

/** What is to be registered at the provider, for setups with a client of their own; others have their application's. */
function callbackUrlOfRow(row: ConnectionRow, publicUrl: string): string | null {
  const grant = findSetupOf(row.appId, row.setupType)?.grant
  if (grant?.kind !== 'authorization-code') return null
  if (grant.client.from === 'setup') return callbackUrlOf(publicUrl, row.oauthAppId ?? row.id)
  return row.oauthAppId === undefined ? null : callbackUrlOf(publicUrl, row.oauthAppId)
}

/** The type as a setup says it, and the service where it names one. */
function setupTypeView(setupType: string | undefined): { setup_type?: string; provider?: string } {
  if (setupType === undefined) return {}
  const parts = partsOfPresetType(setupType)
  return parts === undefined
    ? { setup_type: setupType }
    : { setup_type: parts.type, provider: parts.provider }
}

function frozenView(freeze: Freeze | undefined): z.output<typeof fullConnectionSchema>['frozen'] {
  if (freeze === undefined) return null
  const { id, reason, createdBy, createdAtMs, appId } = freeze
  return {
    id,
    reason,
    by: personView(createdBy),
    at: iso(createdAtMs),
    scope: appId === undefined ? 'connection' : 'app',
  }
}

/** The delete was the last change of the row that is kept. */
function deletedView(
  { updatedBy }: ConnectionRow,
  atMs: number | undefined,
): Pick<z.output<typeof fullConnectionSchema>, 'deleted'> {
  if (atMs === undefined) return {}
  return { deleted: { at: iso(atMs), by: personView(updatedBy), gone_at: iso(atMs + RESTORABLE_MS) } }
}

/**
 * Auth0's `ready`: a flow that asks now is answered. What a provider mints has to be there; once it has ended it is of
 * use only where another can be had without a person, and the next fetch asks for it: not after a failure that came
 * later than the end, and not in the pause of an earlier one. A freeze hides nothing of this.
 */
export function isReady(row: ConnectionRow, nowMs: number): boolean {
  if (row.status !== 'ready' && row.status !== 'degraded') return false
  if (isRefusedAfterEnd(row, nowMs)) return false
  const ended = Object.values(row.grants ?? {}).filter((grant) => remainingMs(grant, nowMs) <= 0)
  if (ended.length === 0) return true
  const needsPerson = findSetupOf(row.appId, row.setupType)?.grant?.kind === 'authorization-code'
  if (needsPerson && !ended.every((grant) => grant.hasRefreshToken)) return false
  const { failure } = row
  if (failure === undefined) return true
  const endedAtMs = earliestAccessExpiryMs(row.grants) ?? nowMs
  return failure.lastAtMs < endedAtMs && (failure.retryAtMs ?? 0) <= nowMs
}

function missingOf(row: ConnectionRow): string[] {
  const setup = findSetupOf(row.appId, row.setupType)
  return setup === undefined ? [] : missingScopes(setup, row)
}

function failureView(row: ConnectionRow): z.output<typeof fullConnectionSchema>['failure'] {
  const { failure } = row
  if (failure === undefined) return null
  return {
    class: failure.class,
    code: failure.code,
    message: failure.message,
    ...(failure.description === undefined ? {} : { description: failure.description }),
    count: failure.count,
    first_at: iso(failure.firstAtMs),
    last_at: iso(failure.lastAtMs),
    retry_at: isoOrNull(failure.retryAtMs),
  }
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString()
}

function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : iso(atMs)
}
