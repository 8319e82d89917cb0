import { findConnector } from '../../connectors/catalogue.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { JsonValue } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { Ports } from '../../ports/ports.ts'
import type { AddressPorts } from '../oauth-applications/shared-setup-of.ts'
import { type AcceptedSetup, acceptSetup, type ValidAcceptedSetup } from './accept-setup.ts'
import { type CapPorts, findRoom, type Room } from './connection-cap.ts'
import { nothingToVerify } from './first-grant.ts'
import { findReplay, type IdempotentRequest, isKeyHeld, sortOfIdempotencyKey } from './idempotency.ts'
import {
  type AcceptedImport,
  acceptImport,
  comparableGrant,
  type GrantInput,
  refuseVerifiedImport,
} from './import-grant.ts'
import { acceptEnd, type CredentialEndInput } from './set-credential-end.ts'

/** What a caller gives to make a connection. */
export interface CreateConnectionInput extends CredentialEndInput {
  readonly tenant: string
  readonly clientId: string
  readonly name: string
  readonly appId: string
  readonly setup?: JsonValue
  readonly idempotencyKey?: string
  /** A grant that another system got, to go on with: nobody has to authorize again. */
  readonly grant?: GrantInput
  /** Fail with the provider's refusal instead of storing what does not work. */
  readonly verify?: boolean
}

/** Checks what a create checks before it stores anything, and throws alike; its setup, where it has one. */
export async function checkCreation(
  ports: Ports & AddressPorts & CapPorts,
  input: CreateConnectionInput,
): Promise<AcceptedSetup | undefined> {
  const prepared = await prepareCreation(ports, input, { nowMs: ports.clock.nowMs(), looksBack: true })
  return 'accepted' in prepared ? prepared.accepted : undefined
}

/** What a create is made of when all that can be checked ahead was. */
export interface PreparedCreation {
  readonly accepted: ValidAcceptedSetup | undefined
  readonly idempotent: IdempotentRequest | undefined
  readonly imported: AcceptedImport | undefined
  /** Undefined without a cap on connections. */
  readonly room: Room | undefined
}

/** All that is checked before anything is stored; or the row that the same Idempotency-Key made, of an import. */
export async function prepareCreation(
  ports: Ports & AddressPorts & CapPorts,
  input: CreateConnectionInput,
  { nowMs, looksBack }: { nowMs: number; looksBack: boolean },
): Promise<PreparedCreation | { readonly replayed: ConnectionRow }> {
  const connector = findConnector(input.appId)
  if (connector === undefined)
    throw new VaultError('invalid-body', `No enum match for: ${input.appId}`, { field: 'app_id' })
  const accepted =
    input.setup === undefined
      ? undefined
      : await acceptSetup(ports, { tenant: input.tenant, connector }, input.setup)
  if (input.verify === true && accepted === undefined) throw nothingToVerify('There is no setup to verify')
  refuseVerifiedImport(input)
  acceptEnd({ setup: accepted?.setup, before: {}, input, nowMs })
  const idempotent = await idempotentRequest(ports, input)
  // A repeated import is answered with what the first one made, before its grant is found to be there.
  const replayed = looksBack ? await findReplay(ports, idempotent, nowMs) : undefined
  if (replayed !== undefined) return { replayed }
  const imported =
    input.grant === undefined ? undefined : await acceptImport(ports, input, input.grant, accepted)
  // A create that is repeated is answered as it was, which makes no more of them.
  const isRepeated = async () => idempotent !== undefined && (await isKeyHeld(ports, idempotent, nowMs))
  const room = await findRoom(ports, input.tenant, isRepeated)
  return { accepted, idempotent, imported, room }
}

async function idempotentRequest(
  ports: Ports,
  input: CreateConnectionInput,
): Promise<IdempotentRequest | undefined> {
  if (input.idempotencyKey === undefined) return undefined
  const body = canonicalJson({
    name: input.name,
    app_id: input.appId,
    setup: input.setup,
    // Undefined members are no part of it, so that a body of before has the digest of before.
    credential_expires_at: input.credentialExpiresAtMs,
    enforce_expiry: input.enforceExpiry,
    grant: comparableGrant(input.grant),
  })
  return {
    tenant: input.tenant,
    sort: sortOfIdempotencyKey(input.clientId, input.idempotencyKey),
    bodyDigest: await ports.digester.digest('idempotent-body', new SecretText(body)),
  }
}
