import type { FlowVault } from '../../shared/flow-client/client.ts'

/** What starts the flow. */
export interface OrderEvent {
  readonly item: string
  readonly quantity: number
}

/**
 * "HTTP request" with any API. The connection says how the credential is sent (a header, a query parameter, Basic
 * authentication), the flow says to which origin it may go.
 */
export function createOrderFlow(vault: FlowVault, connectionId: string, origin: string) {
  return async (order: OrderEvent): Promise<{ id: string }> => {
    const answer = await vault.fetch(connectionId, `${origin}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
      allow: [origin],
    })
    if (!answer.ok) throw new Error(`The orders API answered ${answer.status}`)
    return (await answer.json()) as { id: string }
  }
}
