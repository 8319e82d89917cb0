import { localVault } from '../local-vault.ts'
import { runExample } from '../run-example.ts'
import { createSmsFlow } from './flow.ts'
import { startLocalTwilio } from './local-twilio.ts'

/*
 * `npm run example:twilio` beside `npm start`: keeps a Twilio key in the vault and sends a message with it, to a
 * double of Twilio on this machine.
 */
await runExample(async () => {
  const accountId = 'AC00000000000000000000000000000000'
  const key = 'twilio-auth-token-of-the-example'
  const { vault, url, create } = await localVault()
  const twilio = await startLocalTwilio(accountId, key)
  try {
    const setup = { type: 'API_KEY', account_id: accountId, api_key: key }
    const id = await create({ name: 'Twilio (example)', app_id: 'TWILIO', setup })
    const { sid } = await createSmsFlow(vault, id, { httpClient: twilio.httpClient })({
      to: '+4915112345678',
      body: 'Hello',
    })
    process.stdout.write(
      `Sent ${sid} with the credential of ${id}. See it at ${url}/vault/connections/${id}\n`,
    )
  } finally {
    await twilio.stop()
  }
})
