import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Connector, Setup } from '../../connectors/connector.ts'
import { withoutCode } from '../../connectors/grant-binding.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { defined } from '../../domain/defined.ts'
import { InvariantError, type ProblemPart, VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { mergePatch } from '../../domain/merge-patch.ts'
import type { Ports } from '../../ports/ports.ts'
import type { ChangeSetupRequest, ChangeSetupResult } from '../../ports/setup-facts.ts'
import { connectionBusy } from '../commit/connection-rows.ts'
import { sealableSetup } from '../commit/sealable-setup.ts'
import type { OpenedSecrets } from '../memory/opened-secrets.ts'
import { type AcceptPorts, acceptSetup, type ValidAcceptedSetup } from './accept-setup.ts'

type ChangePorts = Ports & AcceptPorts & { readonly opened: OpenedSecrets }

/**
 * Lays changes over the stored setup, for whoever writes setups and reads none. Answers what the whole makes of the
 * connection, and with `stageAs` its version, staged under that name. Throws `invalid-body` with fields of
 * `setup_changes`, and `conflict` when the setup has been replaced meanwhile.
 */
export async function changeSetup(
  ports: ChangePorts,
  request: ChangeSetupRequest,
): Promise<ChangeSetupResult> {
  const { appId, setupType, stageAs, tenant } = request
  const connector = findConnector(appId)
  const setup = connector === undefined ? undefined : findSetup(connector, setupType)
  if (connector === undefined || setup === undefined)
    throw new InvariantError(`no setup ${setupType} of ${appId}`)
  const before = await ports.opened.find(request.secret)
  // It has been replaced meanwhile.
  if (before === undefined) throw connectionBusy()
  const stored = withoutCode(setup, before)
  const changes = JSON.parse(request.changes.reveal()) as JsonObject
  const whole = await acceptChanges(ports, { tenant, connector }, { setup, stored, changes })
  const { held: _held, values, setup: wholeSetup, ...facts } = whole
  const accepted = { ...facts, setupType: wholeSetup.type }
  const changed = Object.keys({ ...stored, ...values }).filter(
    (name) => canonicalJson(stored[name]) !== canonicalJson(values[name]),
  )
  if (stageAs === undefined) return { accepted, changed }
  const { secretId, versionId, isNew } = stageAs
  const value = sealableSetup(values)
  const staged = await ports.secrets.stage(secretId, versionId, value, { isNew })
  return { accepted, changed, staged }
}

/**
 * The whole setup that the changes make of the stored one, checked. A list of named values is merged by its names. What
 * a person enters does not become what a provider mints, or the other way round: that is another setup.
 */
export async function acceptChanges(
  ports: AcceptPorts,
  where: { readonly tenant: string; readonly connector: Connector },
  { setup, stored, changes }: { setup: Setup | undefined; stored: JsonObject; changes: JsonObject },
): Promise<ValidAcceptedSetup> {
  const fields = where.connector.setups.flatMap((each) => each.fields)
  const byName = new Set(fields.filter(({ format }) => format === 'named-values').map(({ name }) => name))
  const accepted = await asChanges(changes, () =>
    acceptSetup(ports, where, mergePatch(stored, changes, byName)),
  )
  if (setup !== undefined && (setup.grant === undefined) !== (accepted.setup.grant === undefined)) {
    throw new VaultError('invalid-body', 'Another kind of setup is no change of a part', {
      field: 'setup_changes.type',
      allowed: `${setup.type}, or the whole new setup as setup`,
    })
  }
  return accepted
}

/** What is wrong with the whole is told of the changes: the rest is stored, and was right. */
async function asChanges<T>(changes: JsonObject, accept: () => Promise<T>): Promise<T> {
  try {
    return await accept()
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'invalid-body') throw error
    const { errors, field, ...detail } = error.detail
    // What does not go with the changes is told by its name; it is taken out by null, as RFC 7396 has it.
    const stored = (errors ?? []).flatMap(({ code, path }) => {
      const name = path.replace(/^setup\./, '')
      return code === 'not_allowed' && !Object.hasOwn(changes, name) ? [name] : []
    })
    const allowed =
      stored.length === 0 ? detail.allowed : `null for ${stored.join(', ')}, to take out what is stored`
    throw new VaultError(error.code, error.message, {
      ...detail,
      ...defined({ allowed }),
      ...(field === undefined ? {} : { field: changesPath(field) }),
      ...(errors === undefined ? {} : { errors: errors.map(ofChanges) }),
    })
  }
}

function ofChanges(part: ProblemPart): ProblemPart {
  return { ...part, path: changesPath(part.path) }
}

function changesPath(path: string): string {
  return path.replace(/^setup(?=\.|\[|$)/, 'setup_changes')
}
