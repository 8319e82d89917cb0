import { renderTemplate } from '../../connectors/template.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import { defined } from '../../domain/defined.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import { endedToken, importedState, importedTokens } from '../../domain/imported-grant.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ImportRequest, ImportResult, Late } from '../../ports/grant-runner.ts'
import { findStagedSetup } from './effective-setup.ts'
import type { GrantPorts } from './grant-ports.ts'
import { scopesToAsk } from './grant-records.ts'
import { persistently } from './persistently.ts'
import { prepareSeals } from './sealed-tokens.ts'

/** For all calls that complete a grant: as patient as whoever creates a connection is (Slack answers within one). */
const READ_TIMEOUT_MS = 5_000

/**
 * Seals a grant that was brought along, under the mark that the caller's intent names: what comes of a commit that
 * does not happen is removed with that, and never revoked, because the provider's grant is not ours to end yet. What
 * its tokens and the calls for its owner tell of it is read first, as of an answer; its token endpoint is not asked.
 * `late` where the operation was undone meanwhile.
 */
export async function sealImport(ports: GrantPorts, request: ImportRequest): Promise<ImportResult | Late> {
  const { mark, tenant, id } = request
  const staged = await findStagedSetup(ports, request)
  if (staged === undefined) return { kind: 'late' }
  const { profile, values } = staged
  const nowMs = ports.clock.nowMs()
  const seals = await prepareSeals(ports, { tenant, id }, mark)
  const { grant, account } = await ports.oauth.readImport({
    ...{ tenant, profile, grant: request.brought, timeoutMs: READ_TIMEOUT_MS },
    setup: new SecretText(JSON.stringify(values)),
  })
  const ended = endedToken(grant, nowMs)
  if (ended !== undefined) return { kind: 'ended', token: ended }
  const requiredScopes = scopesToAsk(profile, values)
  const chosen = chosenProfile(profile, values)
  const identityUrl = renderTemplate(chosen.identity?.url ?? [], values, {
    [MAIN_GRANT]: { extra: grant.extra ?? {} },
  })
  const isAccountOpen = account === undefined && identityUrl !== undefined
  const facts = { profile: chosen, askedScopes: requiredScopes, mark, nowMs, isAccountOpen }
  const sealed = seals.seal({ [MAIN_GRANT]: importedTokens(grant) })
  await persistently(ports, 'store an imported grant', () => ports.items.transact([...sealed.writes]))
  return {
    kind: 'granted',
    grant: sealed.pointer,
    grants: { [MAIN_GRANT]: importedState(grant, facts) },
    requiredScopes,
    ...defined({ account }),
  }
}
