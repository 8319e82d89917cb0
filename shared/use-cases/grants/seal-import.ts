import { MAIN_GRANT } from '../../domain/grant.ts'
import { importedTokens } from '../../domain/imported-grant.ts'
import type { ImportRequest, ImportResult } from '../../ports/grant-runner.ts'
import type { GrantPorts } from './grant-ports.ts'
import { persistently } from './persistently.ts'
import { prepareSeals } from './sealed-tokens.ts'

/**
 * Seals a grant that was brought along, under the mark that the caller's intent names: what comes of a commit that
 * does not happen is removed with that, and never revoked, because the provider's grant is not ours to end yet.
 */
export async function sealImport(ports: GrantPorts, request: ImportRequest): Promise<ImportResult> {
  const { mark, tenant, id, grant } = request
  const seals = await prepareSeals(ports, { tenant, id }, mark)
  const tokens = { [MAIN_GRANT]: importedTokens(grant) }
  const { pointer, writes } = seals.seal(tokens, { pointer: undefined, tokens: {} })
  await persistently(ports, 'store an imported grant', () => ports.items.transact([...writes]))
  return { grant: pointer }
}
