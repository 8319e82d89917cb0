import { VaultError } from '../../domain/errors.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { type EndedToken, endedToken, type ImportedGrant } from '../../domain/imported-grant.ts'
import type { JsonValue } from '../../domain/json.ts'
import { importedGrantKey } from '../../domain/keys.ts'
import { shownName } from '../../domain/schema-issue.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { FirstGrantRequest } from '../../ports/grant-runner.ts'
import type { ItemKey, Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { IMPORTED_ROWS } from '../../rows/claim-rows.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { findTombstone } from '../commit/tombstones.ts'
import { newMark } from '../grants/sealed-tokens.ts'
import { findDefaultApplication, findOauthApplication } from '../oauth-applications/oauth-application.ts'
import type { AcceptedSetup } from './accept-setup.ts'
import {
  type FirstGrantOutcome,
  type FirstGrantPorts,
  membersOfSealed,
  nothingToVerify,
} from './first-grant.ts'

/** A grant of another system, and the operator's application that minted it, where the app has those. */
export interface GrantInput extends ImportedGrant {
  readonly oauthAppId?: string
}

/** An import that may go on: whose client it belongs to, its mark, and the claim that names a second one. */
export interface AcceptedImport {
  readonly grant: ImportedGrant
  readonly mark: string
  readonly oauthAppId: string | undefined
  readonly claim: { readonly key: ItemKey; readonly replaces: string | undefined }
}

/**
 * Checks that the setup can go on with such a grant, and that no connection has it. `where.oauthAppId` is the
 * application by which the connection was authorized before. Throws `invalid-body`, `conflict`.
 */
export async function acceptImport(
  ports: Ports,
  where: { tenant: string; appId: string; oauthAppId?: string | undefined },
  input: GrantInput,
  accepted: AcceptedSetup | undefined,
): Promise<AcceptedImport> {
  if (accepted === undefined) {
    throw invalid('Missing required property: setup', 'setup', 'the client that the grant was minted for')
  }
  const profile = importableProfile(accepted)
  refuseUnknownExtra(accepted, input)
  const { oauthAppId, ...grant } = input
  const over = endedToken(grant, ports.clock.nowMs())
  if (over !== undefined) throw ended(over)
  const application = await applicationFor(ports, { where, named: oauthAppId }, profile, accepted)
  const mark = newMark(ports.random)
  const claim = await claimFor(ports, where.tenant, (grant.refreshToken ?? grant.accessToken)!)
  return { grant, mark, oauthAppId: application, claim }
}

/** Throws `invalid-query` where a grant that is brought along would have to be tried. */
export function refuseVerifiedImport({ grant, verify }: { grant?: GrantInput; verify?: boolean }): void {
  if (verify !== true || grant === undefined) return
  throw nothingToVerify('An import asks for no token; verify the connection when it is there')
}

/** Throws where a grant has no place in the setup. */
function importableProfile({ setup, codeDigest }: AcceptedSetup): GrantProfile {
  if (setup.grant?.kind !== 'authorization-code') {
    throw invalid(
      'The vault needs no grant for this setup',
      'grant',
      'leaving grant out: what flows send is in the setup, or is minted by it',
    )
  }
  if (codeDigest !== undefined) {
    throw invalid(
      'A code and a grant exclude each other',
      'setup.code',
      'leaving code out: the grant is there',
    )
  }
  return setup.grant
}

function refuseUnknownExtra(
  { answerMembers: known = [] }: AcceptedSetup,
  { extra = {} }: ImportedGrant,
): void {
  const errors = Object.keys(extra)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: `grant.extra.${shownName(name)}`,
      code: 'not_allowed' as const,
      message: `Additional properties not allowed: ${shownName(name)}`,
    }))
  const [first] = errors
  if (first === undefined) return
  const allowed = known.length === 0 ? 'leaving extra out' : `one of ${known.join(', ')}`
  throw new VaultError('invalid-body', first.message, {
    field: first.path,
    allowed: `${allowed}; extra_fields names more`,
    errors,
  })
}

/** What would never be handed out takes the place of nothing that works. */
function ended(token: EndedToken): VaultError {
  const [reason, better] =
    token === 'access_token'
      ? [
          'The access token has ended, and there is no refresh token to get another',
          'the refresh token besides',
        ]
      : ['The refresh token has ended', 'one that has not']
  return invalid(reason, `grant.${token}`, `${better}, or leaving grant out and authorizing the connection`)
}

/** The operator's application that the grant is of, for apps that have one. */
async function applicationFor(
  ports: Ports,
  { where, named }: { where: Parameters<typeof acceptImport>[1]; named: string | undefined },
  profile: GrantProfile,
  accepted: AcceptedSetup,
): Promise<string | undefined> {
  const { tenant, appId } = where
  if (profile.client.from === 'setup') {
    if (named === undefined) return accepted.oauthAppId
    throw invalid('The setup says whose the grant is', 'grant.oauth_app_id', 'leaving grant.oauth_app_id out')
  }
  if (named === undefined) {
    return where.oauthAppId ?? (await findDefaultApplication(ports, tenant, appId))?.id
  }
  const application = await findOauthApplication(ports, tenant, named)
  if (application?.appId === appId) return application.id
  throw invalid('There is no such OAuth application', 'grant.oauth_app_id', `the id of one for ${appId}`)
}

/** Two connections that renew one refresh token would end it for each other: the second import names the first. */
async function claimFor(ports: Ports, tenant: string, token: SecretText): Promise<AcceptedImport['claim']> {
  const key = importedGrantKey(tenant, await ports.digester.digest('refresh-token', token))
  const holder = IMPORTED_ROWS.find(await ports.items.get(key))?.connectionId
  if (holder === undefined) return { key, replaces: undefined }
  await refuseHeld(ports, tenant, holder)
  return { key, replaces: holder }
}

/** Throws `conflict` while the connection is there, or may come back. */
async function refuseHeld(ports: Ports, tenant: string, id: string): Promise<void> {
  const row = await findConnection(ports, tenant, id)
  if (row !== undefined) throw importedBefore(id, `${row.name} (${id})`)
  const tombstone = await findTombstone(ports, tenant, id)
  if (tombstone === undefined || tombstone.purge) return
  throw importedBefore(id, `${tombstone.row.name} (${id}), which was deleted: restore it, or purge it`)
}

function importedBefore(id: string, words: string): VaultError {
  return new VaultError('conflict', `This grant was imported before, as ${words}. Nothing was changed.`, {
    errorCode: 'grant_imported',
    headers: { location: `/api/v2/flows/vault/connections/${id}` },
  })
}

/**
 * Has the grant sealed, and answers what the row becomes with it. The provider is asked for no token. Throws
 * `store-unavailable` where the operation was undone before it came to that.
 */
export async function importGrant(
  ports: FirstGrantPorts,
  stored: FirstGrantRequest,
  accepted: AcceptedSetup,
  imported: AcceptedImport,
): Promise<FirstGrantOutcome> {
  const { grant, mark, oauthAppId } = imported
  const named = oauthAppId === undefined ? {} : { oauthAppId }
  const sealed = await ports.grants.import({ ...stored, ...named, mark, brought: grant })
  if (sealed.kind === 'late')
    throw new VaultError('store-unavailable', 'It took too long, and was undone. Try again.')
  if (sealed.kind === 'ended') throw ended(sealed.token)
  return {
    granted: true,
    members: membersOfSealed(stored, accepted, { ...sealed, ...named }),
    beside: [claimWrite(stored.id, imported)],
  }
}

function claimWrite(id: string, { claim }: AcceptedImport): Write {
  const { key, replaces } = claim
  return {
    op: 'put',
    key,
    attributes: IMPORTED_ROWS.encode({ connectionId: id }),
    when:
      replaces === undefined
        ? [{ kind: 'item-absent' }]
        : [{ kind: 'equals', attribute: 'connectionId', value: replaces }],
  }
}

/** What another import of the same token, in the same moment, makes of this one. Throws `conflict` where it was that. */
export async function refuseClaimed(ports: Ports, tenant: string, imported: AcceptedImport): Promise<void> {
  const holder = IMPORTED_ROWS.find(await ports.items.get(imported.claim.key))?.connectionId
  if (holder !== undefined && holder !== imported.claim.replaces) await refuseHeld(ports, tenant, holder)
}

/** What the Idempotency-Key is compared by: the grant as it was sent. */
export function comparableGrant(input: GrantInput | undefined): JsonValue | undefined {
  if (input === undefined) return undefined
  const { accessToken, refreshToken, ...rest } = input
  return { ...rest, access_token: accessToken?.reveal(), refresh_token: refreshToken?.reveal() }
}

function invalid(reason: string, field: string, allowed: string): VaultError {
  return new VaultError('invalid-body', reason, { field, allowed })
}
