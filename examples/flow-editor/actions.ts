import twilioSdk from 'twilio'
import type { FlowVault } from '../../shared/flow-client/client.ts'
import { createRowFlow } from '../append-row-to-google-sheets/flow.ts'
import { createSmsFlow } from '../send-sms-with-twilio/flow.ts'
import type { SentCalls } from './sent-calls.ts'

/** What a person fills in of an action, by the names of its inputs. */
export type Inputs = Readonly<Record<string, string>>

/** What a run has at hand. */
export interface Run {
  readonly vault: FlowVault
  readonly calls: SentCalls
  /** Sends what would go to api.twilio.com. */
  readonly twilio: twilioSdk.RequestClient
}

/** One kind of action: what the editor draws, and what it does. */
export interface Action {
  readonly id: string
  readonly label: string
  /** What the picker offers: ids of apps. */
  readonly apps: readonly string[]
  readonly inputs: readonly { readonly name: string; readonly label: string; readonly value: string }[]
  run(run: Run, connectionId: string, inputs: Inputs): Promise<unknown>
}

/**
 * The actions of the editor, in the order of its menu. `ordersUrl` is what the HTTP action calls unless told otherwise.
 */
export function actionsOf(ordersUrl: string): readonly Action[] {
  return [
    {
      id: 'send-sms',
      label: 'Send SMS with Twilio',
      apps: ['TWILIO'],
      inputs: [
        { name: 'to', label: 'To', value: '+4915112345678' },
        { name: 'body', label: 'Text', value: 'Your order is on its way.' },
      ],
      run: ({ vault, calls, twilio }, connectionId, { to = '', body = '' }) =>
        createSmsFlow(vault, connectionId, { httpClient: recordingClient(calls, twilio) })({ to, body }),
    },
    {
      id: 'append-row',
      label: 'Append row to Google Sheets',
      // The second is for a provider of one's own, as the example has it.
      apps: ['GOOGLE_SHEETS', 'OAUTH2'],
      inputs: [
        { name: 'spreadsheet', label: 'Spreadsheet', value: 'orders' },
        { name: 'row', label: 'Cells, with commas between them', value: 'pencil, 3' },
      ],
      run: ({ vault }, connectionId, { spreadsheet = '', row = '' }) =>
        createRowFlow(vault, connectionId)({ spreadsheet, row: row.split(',').map((cell) => cell.trim()) }),
    },
    {
      id: 'http-request',
      label: 'HTTP request',
      apps: ['HTTP', 'CUSTOM', 'OAUTH2'],
      inputs: [
        { name: 'url', label: 'URL', value: `${ordersUrl}/orders` },
        { name: 'body', label: 'JSON to post; none for a GET', value: '{"item":"pencil"}' },
      ],
      async run({ vault }, connectionId, { url = '', body = '' }) {
        const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
        const allow = [new URL(url).origin]
        const answer = await vault.fetch(connectionId, url, { ...(body === '' ? {} : post), allow })
        return { status: answer.status, body: (await answer.text()).slice(0, 500) }
      },
    },
  ]
}

type SdkRequest<T> = Parameters<typeof twilioSdk.RequestClient.prototype.request<T>>[0]

/** A client of the SDK that tells what the given one sent. */
function recordingClient(calls: SentCalls, client: twilioSdk.RequestClient): twilioSdk.RequestClient {
  class RecordingClient extends twilioSdk.RequestClient {
    override async request<T>(options: SdkRequest<T>) {
      const answer = await client.request<T>(options)
      calls.record({
        method: options.method.toUpperCase(),
        url: options.uri,
        headers: { authorization: 'Basic', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(options.data as unknown as Record<string, string>).toString(),
        status: answer.statusCode,
      })
      return answer
    }
  }
  return new RecordingClient()
}
