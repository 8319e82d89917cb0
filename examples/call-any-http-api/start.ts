import { localVault } from '../local-vault.ts'
import { runExample } from '../run-example.ts'
import { createOrderFlow } from './flow.ts'
import { startLocalOrders } from './local-orders.ts'

/*
 * `npm run example:http` beside `npm start`: keeps an API key that is sent in a header, and calls an API on this
 * machine with it.
 */
await runExample(async () => {
  const key = 'orders-api-key-of-the-example'
  const { vault, url, create } = await localVault()
  const service = await startLocalOrders(key)
  try {
    const values = [{ name: 'API_KEY', value: key, in: 'HEADER', as: 'X-Api-Key' }]
    const id = await create({
      name: 'Orders API (example)',
      app_id: 'CUSTOM',
      setup: { type: 'CUSTOM', values },
    })
    const order = await createOrderFlow(vault, id, service.url)({ item: 'pencil', quantity: 3 })
    process.stdout.write(
      `Made ${order.id} with the credential of ${id}. See it at ${url}/vault/connections/${id}\n`,
    )
  } finally {
    await service.stop()
  }
})
