import type { LocalCertificate } from '../local-certificate.ts'
import { type LocalService, startLocalService } from '../local-service.ts'

export interface LocalSheets extends LocalService {
  readonly rows: (readonly string[])[]
}

/** A double of what the flow needs of Google: "append values", for whoever brings a token that `accepts` takes. */
export async function startLocalSheets(
  accepts: (token: string) => Promise<boolean>,
  certificate?: LocalCertificate,
): Promise<LocalSheets> {
  const rows: (readonly string[])[] = []
  const service = await startLocalService(async (request, text) => {
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    if (!(await accepts(token)))
      return { status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } }
    const { values } = JSON.parse(text) as { values: string[][] }
    rows.push(...values)
    return { status: 200, body: { updates: { updatedRange: `Sheet1!A${rows.length}` } } }
  }, certificate)
  return { ...service, rows }
}
