import { findConnector } from '../../connectors/catalogue.ts'
import type { Connector, Setup } from '../../connectors/connector.ts'
import { fieldsToFollow } from '../../connectors/cross-field-rules.ts'
import { accountNameOf, enteredOf, publicSetupOf } from '../../connectors/render-credential.ts'
import { validateSetup } from '../../connectors/setup-schema.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import type { ConnectionRow, StoredSecret } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { errorsOf, type ProblemPart, VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Ports } from '../../ports/ports.ts'
import type { SetupFacts } from '../../ports/setup-facts.ts'
import { codeDigestOf, setupDigestsOf } from '../commit/setup-digests.ts'
import { scopesToAsk } from '../grants/grant-records.ts'
import { type AddressPorts, findSharedSetup } from '../oauth-applications/shared-setup-of.ts'

/** What a setup makes of a connection, before anything is stored. None of it is secret. */
export interface AcceptedSetup extends SetupFacts {
  readonly setup: Setup
}

/** The same, with the values to store. */
export interface ValidAcceptedSetup extends AcceptedSetup {
  readonly values: JsonObject
  /** What the OAuth application that the setup names holds that is no secret. */
  readonly held: JsonObject | undefined
}

/** What a setup is looked at with. */
export interface AcceptPorts extends Pick<Ports, 'digester' | 'items'>, AddressPorts {}

const WAITS_FOR_PROVIDER = {
  status: 'pending',
  statusReason: 'Waiting for the provider to issue the first credential.',
} as const

/** Of what is entered and not minted: good as it is, or waiting for what may follow. */
function stateOfStatic(setup: Setup, values: JsonObject): Pick<AcceptedSetup, 'status' | 'statusReason'> {
  const awaited = fieldsToFollow(setup, values)
  if (awaited.length === 0) return { status: 'ready', statusReason: undefined }
  return { status: 'pending', statusReason: `The setup has no ${awaited.join(', ')} yet. Add it.` }
}

/** Validates a setup against its app; throws `invalid-body` that names the field, the reason and what is allowed. */
export async function acceptSetup(
  ports: AcceptPorts,
  { tenant, connector }: { tenant: string; connector: Connector },
  input: unknown,
): Promise<ValidAcceptedSetup> {
  const shared = await findSharedSetup(ports, { tenant, connector }, input)
  const { setup, values, trimmed } = shared ?? validateSetup(connector, input, ports.checkUrl)
  const all = { ...shared?.held, ...values }
  const code = setup.grant?.kind === 'authorization-code' ? values['code'] : undefined
  const [digests, codeDigest] = await Promise.all([
    setupDigestsOf(ports, connector.appId, { setup, values }),
    typeof code === 'string' ? codeDigestOf(ports, connector.appId, code) : undefined,
  ])
  const minted = setup.grant !== undefined
  const { status, statusReason } = minted ? WAITS_FOR_PROVIDER : stateOfStatic(setup, all)
  return {
    setup,
    values,
    digests,
    codeDigest,
    scopes: scopesNamed(setup, all),
    accountName: accountNameOf(setup, all),
    trimmed,
    publicSetup: minted ? publicSetupOf(setup, all) : undefined,
    ...enteredOf(setup, values),
    status,
    statusReason,
    oauthAppId: shared?.oauthAppId,
    answerMembers: answerMembersOf(setup, all),
    held: shared?.held,
  }
}

function answerMembersOf({ grant: profile }: Setup, values: JsonObject): string[] | undefined {
  if (profile === undefined) return undefined
  const { answer } = chosenProfile(profile, values)
  return [...(answer?.extra ?? []), ...(answer?.metadataCall?.members ?? [])]
}

/** What is wrong with a setup, beside a body that is refused already: everything is told at once. */
export async function errorsOfSetup(
  ports: AcceptPorts,
  { tenant, app }: { tenant: string; app: unknown },
  input: unknown,
): Promise<readonly ProblemPart[]> {
  const connector = typeof app === 'string' ? findConnector(app) : undefined
  if (connector === undefined || input === undefined) return []
  try {
    await acceptSetup(ports, { tenant, connector }, input)
    return []
  } catch (error) {
    if (error instanceof VaultError && error.code === 'invalid-body') return errorsOf(error)
    throw error
  }
}

function scopesNamed({ grant: profile }: Setup, values: JsonObject): string[] | undefined {
  const { field, requested } = profile?.scopes ?? {}
  if (profile === undefined || requested !== true || field === undefined) return undefined
  return typeof values[field] === 'string' ? scopesToAsk(profile, values) : undefined
}

/** When a setup came, and the secrets of the one before that stay in it. */
export interface SetAt {
  readonly nowMs: number
  readonly kept?: readonly StoredSecret[]
}

/**
 * The members of a row that a newly accepted setup decides. A secret is of now, or of when it came where only other
 * members were sent.
 */
export function rowMembersOf(accepted: AcceptedSetup, { nowMs, kept = [] }: SetAt) {
  return {
    setupType: accepted.setup.type,
    accountName: accepted.accountName,
    trimmed: accepted.trimmed,
    publicSetup: accepted.publicSetup,
    settings: without(accepted.settings, accepted.publicSetup ?? {}),
    settingsWithoutQuery: accepted.settingsWithoutQuery,
    storedSecrets: accepted.secretFields.map(
      (name) => kept.find((each) => each.name === name) ?? { name, setAtMs: nowMs },
    ),
    status: accepted.status,
    statusReason: accepted.statusReason,
    oauthAppId: accepted.oauthAppId,
    setupDigest: accepted.digests.setupDigest,
    clientDigest: accepted.digests.clientDigest,
    ...defined({ codeDigest: accepted.codeDigest }),
  } satisfies Partial<ConnectionRow>
}

/** What stands in the row already is not kept twice. */
function without(settings: JsonObject, kept: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => kept[name] === undefined))
}
