import { type LocalService, startLocalService } from '../local-service.ts'

export interface LocalOrders extends LocalService {
  readonly keys: Set<string>
  readonly orders: unknown[]
}

/** An API with a key in a header of its own, on this machine. */
export async function startLocalOrders(key: string): Promise<LocalOrders> {
  const keys = new Set([key])
  const orders: unknown[] = []
  const service = await startLocalService((request, text) => {
    if (!keys.has(String(request.headers['x-api-key'])))
      return { status: 401, body: { error: 'unknown key' } }
    orders.push(JSON.parse(text))
    return { status: 201, body: { id: `order-${orders.length}` } }
  })
  return { ...service, keys, orders }
}
