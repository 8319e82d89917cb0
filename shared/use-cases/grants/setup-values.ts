import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import { findCurrentContent } from '../commit/current-content.ts'
import { effectiveSetup } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'

/**
 * The values of the row's setup of that type, with those of the OAuth application it names, or a bare one where a code
 * app is authorized without any. Undefined when the row has moved on since it was read.
 */
export async function findSetupValues(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
  row: ConnectionRow,
  setup: Setup,
): Promise<JsonObject | undefined> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { type: setup.type }
  const content = await findCurrentContent(ports, { ...row, secret })
  return content === undefined ? undefined : effectiveSetup(ports, row, setup.grant, content.setup)
}
