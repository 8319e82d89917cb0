import { authorizedConnection } from '../append-row-to-google-sheets/authorized-connection.ts'
import { startLocalSheets } from '../append-row-to-google-sheets/local-sheets.ts'
import { startLocalOrders } from '../call-any-http-api/local-orders.ts'
import { trustedCertificate } from '../local-certificate.ts'
import { startLocalProvider } from '../local-provider.ts'
import { type OwnVault, startOwnVault } from '../own-vault.ts'
import { startLocalTwilio } from '../send-sms-with-twilio/local-twilio.ts'
import { startFlowEditor } from './editor-server.ts'

/** What the doubles of the services accept, for a person to type. */
export const DEMO_KEYS = {
  twilioAccount: 'AC00000000000000000000000000000000',
  twilioKey: 'twilio-auth-token-of-the-example',
  ordersKey: 'orders-api-key-of-the-example',
} as const

/** The editor with everything that it needs: a vault, a provider, and doubles of three services. */
export interface Demo {
  readonly url: string
  readonly vault: OwnVault
  stop(): Promise<void>
}

/** Starts all of it in this process. One connection is there, as somebody authorized it; the others are to be added. */
export async function startDemo(options: { readonly port?: number } = {}): Promise<Demo> {
  const certificate = await trustedCertificate()
  const provider = await startLocalProvider(certificate)
  const sheets = await startLocalSheets((token) => provider.accepts(token), certificate)
  const twilio = await startLocalTwilio(DEMO_KEYS.twilioAccount, DEMO_KEYS.twilioKey)
  const orders = await startLocalOrders(DEMO_KEYS.ordersKey)
  const doubles = [provider, sheets, twilio, orders]
  const vault = await startOwnVault(doubles)
  await vault.create(await authorizedConnection(provider, sheets.url))
  const editor = await startFlowEditor({
    vault,
    twilio: twilio.httpClient,
    ordersUrl: orders.url,
    ...options,
  })
  return {
    url: editor.url,
    vault,
    async stop() {
      await editor.stop()
      await vault.stop()
      await Promise.all(doubles.map((double) => double.stop()))
    },
  }
}
