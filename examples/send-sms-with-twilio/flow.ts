import twilioSdk from 'twilio'
import type { FlowVault } from '../../shared/flow-client/client.ts'

/** What starts the flow. */
export interface SmsEvent {
  readonly to: string
  readonly body: string
}

type TwilioOptions = ConstructorParameters<typeof twilioSdk.Twilio>[2]

/**
 * "Send SMS with Twilio", by the official SDK. The flow holds an id, never a key: what it sends is asked for at each
 * run, so that a key that is replaced in the vault is used at once.
 */
export function createSmsFlow(vault: FlowVault, connectionId: string, options?: TwilioOptions) {
  return ({ to, body }: SmsEvent): Promise<{ sid: string }> =>
    vault.use(connectionId, async ({ fields }) => {
      const twilio = new twilioSdk.Twilio(fields['account_id']!, fields['api_key']!, options)
      const { sid } = await twilio.messages.create({ from: '+15005550006', to, body })
      return { sid }
    })
}
