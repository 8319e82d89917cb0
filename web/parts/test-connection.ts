import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import { CONNECTION } from '../texts/connection-words.ts'

/** Lets the vault try a connection, and says how that went. Throws `ApiError`. */
export async function testConnection(
  { api }: Context,
  { id, app_id: app }: Pick<Connection, 'id' | 'app_id'>,
  connectors: ReadonlyMap<string, Connector>,
): Promise<string> {
  const path = `/connections/${encodeURIComponent(id)}/verify`
  const { result } = await api.ask<{ result: keyof typeof CONNECTION.tests }>('POST', path)
  return CONNECTION.tests[result](connectors.get(app)?.label ?? app)
}
