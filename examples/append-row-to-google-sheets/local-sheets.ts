import { type LocalService, startLocalService } from '../local-service.ts'

export interface LocalSheets extends LocalService {
  readonly rows: (readonly string[])[]
  /** Access tokens that are accepted now. */
  readonly tokens: Set<string>
}

/** A double of what the flow needs of Google: "append values", for whoever brings a token that it accepts. */
export async function startLocalSheets(...accepted: readonly string[]): Promise<LocalSheets> {
  const rows: (readonly string[])[] = []
  const tokens = new Set(accepted)
  const service = await startLocalService((request, text) => {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    if (!tokens.has(token)) return { status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } }
    const { values } = JSON.parse(text) as { values: string[][] }
    rows.push(...values)
    return { status: 200, body: { updates: { updatedRange: `Sheet1!A${rows.length}` } } }
  })
  return { ...service, rows, tokens }
}
