import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { findCurrentContent } from '../commit/current-content.ts'
import { type EffectiveSetup, effectiveSetup } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'

/**
 * The row's setup of that type as a provider is asked with it, or a bare one where a code app is authorized without
 * any. Undefined when the row has moved on since it was read.
 */
export async function findEffectiveSetup(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
  row: ConnectionRow,
  setup: Setup,
): Promise<EffectiveSetup | undefined> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { values: { type: setup.type } }
  const content = await findCurrentContent(ports, { ...row, secret })
  return content === undefined ? undefined : effectiveSetup(ports, row, setup.grant, content.setup)
}
