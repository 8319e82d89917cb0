import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { checkIfMatch } from '../../domain/preconditions.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { getConnection } from '../commit/connection-rows.ts'
import { missingScopes } from '../grants/grant-records.ts'
import type { AddressPorts } from '../oauth-applications/shared-setup-of.ts'
import type { AcceptedSetup } from './accept-setup.ts'
import type { CapPorts } from './connection-cap.ts'
import { type GrantFate, grantFate } from './grant-fate.ts'
import { acceptImport } from './import-grant.ts'
import { type CreateConnectionInput, checkCreation } from './prepare-creation.ts'
import { endOfNew } from './setup-change.ts'
import { endChange, isNews, type UpdateConnectionInput } from './update-connection.ts'
import { wantedSetup } from './wanted-setup.ts'

/** What a change would do, by what is known without asking anybody. */
export interface ChangePreview {
  /** What would differ: `name`, `setup`, `code`, `grant`; of changes of a part, the members. */
  readonly changes: readonly string[]
  /** What becomes of the grant that the connection holds. */
  readonly heldGrant: GrantFate
  /** Where a new one comes from: the setup itself, the code in it, another system, or a person who authorizes. */
  readonly newGrant: 'none' | 'minted' | 'exchanged' | 'imported' | 'authorized'
  /** Scopes that the new setup asks for and a kept grant lacks. */
  readonly missingScopes: readonly string[]
}

/** What a create would make. Throws what the create throws before it stores anything. */
export async function previewCreate(
  ports: Ports & AddressPorts & CapPorts,
  input: CreateConnectionInput,
): Promise<ChangePreview> {
  const accepted = await checkCreation(ports, input)
  const newGrant = accepted === undefined ? 'none' : newGrantOf(accepted)
  return {
    changes: accepted === undefined ? ['name'] : ['name', 'setup'],
    heldGrant: 'none',
    newGrant: input.grant === undefined ? newGrant : 'imported',
    missingScopes: [],
  }
}

/** What an update would change. Throws what the update throws for its body, and changes nothing. */
export async function previewUpdate(
  ports: Ports & AddressPorts & { readonly grants: GrantRunner },
  input: UpdateConnectionInput,
): Promise<ChangePreview> {
  const row = await getConnection(ports, input.tenant, input.id)
  checkIfMatch(row, input.ifMatch)
  const wanted = await wantedSetup(ports, row, input)
  if (input.grant !== undefined) await acceptImport(ports, row, input.grant, wanted?.accepted)
  const isRenamed = input.name !== undefined && input.name !== row.name
  const nowMs = ports.clock.nowMs()
  const replacing =
    wanted !== undefined && (input.grant !== undefined || isNews(row, wanted.accepted)) ? wanted : undefined
  const isDated =
    replacing === undefined
      ? endChange(row, input, nowMs) !== undefined
      : isAnother(row, endOfNew(row, replacing.accepted, { end: input, nowMs }))
  const beside = [...(isRenamed ? ['name'] : []), ...(isDated ? ['credential_expires_at'] : [])]
  if (replacing === undefined) {
    const heldGrant = row.grant === undefined ? 'none' : 'kept'
    return { changes: beside, heldGrant, newGrant: 'none', missingScopes: [] }
  }
  const { accepted, changed = ['setup'] } = replacing
  const newGrant = input.grant === undefined ? newGrantOf(accepted) : 'imported'
  const heldGrant = grantFate(row, accepted, newGrant !== 'none' && newGrant !== 'authorized')
  const isSameSetup = accepted.digests.setupDigest === row.setupDigest
  return {
    changes: [...beside, ...(isSameSetup ? [input.grant === undefined ? 'code' : 'grant'] : changed)],
    heldGrant,
    newGrant: heldGrant === 'kept' ? 'none' : newGrant,
    missingScopes: heldGrant === 'kept' ? lacking(row, accepted) : [],
  }
}

function isAnother(row: ConnectionRow, end: Partial<ConnectionRow>): boolean {
  const members = ['credentialExpiresAtMs', 'enforceExpiry'] as const
  return members.some((name) => name in end && end[name] !== row[name])
}

/** Where the setup's own grant comes from, unless it goes on with one that is kept. */
function newGrantOf({ setup, codeDigest }: AcceptedSetup): ChangePreview['newGrant'] {
  if (setup.grant === undefined) return 'none'
  if (setup.grant.kind !== 'authorization-code') return 'minted'
  return codeDigest === undefined ? 'authorized' : 'exchanged'
}

function lacking(
  row: ConnectionRow,
  { scopes, setup }: { scopes?: readonly string[] | undefined; setup: Setup },
) {
  const requiredScopes = scopes ?? row.requiredScopes
  return missingScopes(setup, { grants: row.grants, ...(requiredScopes && { requiredScopes }) })
}
