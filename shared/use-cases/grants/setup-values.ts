import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import { findCurrentContent } from '../commit/current-content.ts'
import type { GrantPorts } from './grant-ports.ts'

/**
 * The values of the row's setup of that type, or a bare one where a code app is authorized without any. Undefined when
 * the row has moved on since it was read.
 */
export async function findSetupValues(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
  row: ConnectionRow,
  setup: Setup,
): Promise<JsonObject | undefined> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { type: setup.type }
  return (await findCurrentContent(ports, { ...row, secret }))?.setup
}
