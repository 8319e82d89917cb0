import { findSetupOf } from '../../connectors/catalogue.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { checkIfMatch } from '../../domain/preconditions.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import type { Ports } from '../../ports/ports.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { fingerprintOf, getConnection } from '../commit/connection-rows.ts'
import type { AcceptedSetup } from './accept-setup.ts'
import { type FirstGrantPorts, nothingToVerify } from './first-grant.ts'
import { acceptImport, type GrantInput, refuseVerifiedImport } from './import-grant.ts'
import { replaceSetup } from './replace-setup.ts'
import { type CredentialEndInput, credentialEndMembers, saysEnd } from './set-credential-end.ts'
import { requireVerified, type VerifyPorts } from './verify-connection.ts'
import { wantedSetup } from './wanted-setup.ts'

/** What an update takes: one that verifies what is stored has to know whether that is frozen. */
type UpdatePorts = FirstGrantPorts & VerifyPorts

/** Ten updates at a time come through; together the tries take a few seconds at most. */
const MAX_TRIES = 15
const MIN_WAIT_MS = 10
const MAX_CHANCE_MS = 80

export interface UpdateConnectionInput extends CredentialEndInput {
  readonly tenant: string
  readonly id: string
  readonly name?: string
  readonly setup?: JsonValue
  /** A part of the setup, as a merge patch (RFC 7396); not beside `setup`. */
  readonly changes?: JsonObject
  readonly ifMatch?: string
  /** A grant that another system got, to go on with in the place of the one that is there. */
  readonly grant?: GrantInput
  /** Fail with the provider's refusal instead of storing what does not work. */
  readonly verify?: boolean
}

/**
 * Renames a connection, replaces its setup or a part of it, or both, and answers the row. A setup equal to the stored one
 * by digest changes nothing: deploy tools send the same setup on every run, and a grant must survive that.
 * Throws `not-found`, `invalid-body`, `precondition-failed`, `conflict`, `store-unavailable`.
 */
export async function updateConnection(
  ports: UpdatePorts,
  input: UpdateConnectionInput,
): Promise<ConnectionRow> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryUpdate(ports, input)
    } catch (error) {
      if (!isBusy(error) || bringsCode(input) || tries === MAX_TRIES) throw error
    }
    // Those who meet here must not meet again at the next try.
    const [chance = 0] = ports.random.bytes(1)
    await ports.clock.sleep(tries * MIN_WAIT_MS + (chance * MAX_CHANCE_MS) / 256)
  }
}

/** Others change the connection just now: what was prepared is undone, and a moment later it may work. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof VaultError) || error.code !== 'conflict') return false
  return error.detail.retryAfterSeconds !== undefined && error.detail.errorCode === undefined
}

/** A code may have been sent by a try that failed, and no other may send it again. */
function bringsCode({ changes, setup }: UpdateConnectionInput): boolean {
  return [changes, setup].some((sent) => typeof sent === 'object' && sent !== null && 'code' in sent)
}

async function tryUpdate(ports: UpdatePorts, input: UpdateConnectionInput): Promise<ConnectionRow> {
  const row = await getConnection(ports, input.tenant, input.id)
  checkIfMatch(row, input.ifMatch)
  refuseVerifiedImport(input)
  const wanted = await wantedSetup(ports, row, input)
  if (input.verify === true && wanted !== undefined) refuseUntried(wanted.accepted)
  const imported =
    input.grant === undefined ? undefined : await acceptImport(ports, row, input.grant, wanted?.accepted)
  if (wanted !== undefined && (imported !== undefined || isNews(row, wanted.accepted))) {
    try {
      return await replaceSetup(ports, row, { ...wanted, imported }, input)
    } catch (error) {
      const made = isUsedCode(error) ? await findMadeByAnother(ports, input, wanted.accepted) : undefined
      if (made === undefined) throw error
      return rename(ports, made, input)
    }
  }
  if (input.verify === true) await verifyUnchanged(ports, input, wanted?.accepted)
  return rename(ports, row, input)
}

function isUsedCode(error: unknown): boolean {
  return error instanceof VaultError && error.detail.errorCode === 'code_used'
}

/** A request that sent the code first commits a moment after the provider's answer: about half a second in all. */
const COMMIT_WAITS_MS = [0, 50, 150, 300]

/** The row as another request with the same setup and code has made it, if one has. */
async function findMadeByAnother(
  ports: UpdatePorts,
  { tenant, id }: UpdateConnectionInput,
  accepted: AcceptedSetup,
): Promise<ConnectionRow | undefined> {
  for (const waitMs of COMMIT_WAITS_MS) {
    if (waitMs > 0) await ports.clock.sleep(waitMs)
    const row = await getConnection(ports, tenant, id)
    if (!isNews(row, accepted)) return row
  }
  return undefined
}

/** A code is no part of what a setup is: one that was sent already changes nothing, nor does leaving it out. */
export function isNews(row: ConnectionRow, { digests, codeDigest }: AcceptedSetup): boolean {
  // The same once more is what brings back one that is gone.
  if (digests.setupDigest !== row.setupDigest || row.failure?.code === SETUP_MISSING) return true
  return codeDigest !== undefined && codeDigest !== row.codeDigest
}

/** What cannot be tried is refused before it is compared: the answer and its time tell nothing of what is stored. */
function refuseUntried({ setup }: AcceptedSetup): void {
  if (setup.grant === undefined && setup.test === undefined) {
    throw nothingToVerify('There is no test call for this setup')
  }
}

/** Whoever asks to verify is told, also where the setup is the one that is stored, and where there is none. */
async function verifyUnchanged(
  ports: UpdatePorts,
  { tenant, id }: UpdateConnectionInput,
  accepted: AcceptedSetup | undefined,
): Promise<void> {
  if (accepted === undefined) throw nothingToVerify('There is no setup to verify')
  await requireVerified(ports, { tenant, id })
}

/** The name, and when the credential ends: what changes without another setup. */
function rename(ports: Ports, row: ConnectionRow, input: UpdateConnectionInput): Promise<ConnectionRow> {
  return changeConnection(ports, row, (current) => {
    checkIfMatch(current, input.ifMatch)
    const { name = current.name } = input
    const end = endChange(current, input, ports.clock.nowMs())
    const changed = [...(name === current.name ? [] : ['name']), ...(end === undefined ? [] : END_CHANGED)]
    if (changed.length === 0) return undefined
    const fingerprint = fingerprintOf({ id: current.id, name, setupDigest: current.setupDigest })
    const isWellAgain = end?.status === 'ready' && current.status !== 'ready'
    return {
      members: { name, fingerprint, ...end },
      event: { type: isWellAgain ? 'connection.recovered' : 'connection.updated', changed },
    }
  })
}

const END_CHANGED = ['credential_expires_at']

/** The members of another end of the same credential; undefined where nothing about it changes. */
export function endChange(
  current: ConnectionRow,
  input: UpdateConnectionInput,
  nowMs: number,
): Partial<ConnectionRow> | undefined {
  if (!saysEnd(input)) return undefined
  const setup = current.setupType === undefined ? undefined : findSetupOf(current.appId, current.setupType)
  const members = credentialEndMembers(current.id, { setup, before: current, input, nowMs })
  const isSame =
    members.credentialExpiresAtMs === current.credentialExpiresAtMs &&
    members.enforceExpiry === current.enforceExpiry
  if (isSame) return undefined
  // Flows that hold it know an end only where it is enforced: then what they hold is another answer.
  const isKnown = members.enforceExpiry === true || current.enforceExpiry === true
  return { ...members, ...(isKnown ? { credentialVersion: current.credentialVersion + 1 } : {}) }
}
