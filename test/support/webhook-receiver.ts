import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a receiver got it: the raw body, because that is what is signed. */
export interface ReceivedWebhook {
  readonly headers: Readonly<Record<string, string>>
  readonly raw: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at bodies member by member.
  readonly body: any
}

/** How a receiver answers; left out: 204. `hang` never answers. */
export type ReceiverAnswer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang'

/** A receiver of webhooks on loopback that answers as a test says. */
export async function startWebhookReceiver(
  answer: (webhook: ReceivedWebhook) => ReceiverAnswer = () => ({ status: 204 }),
) {
  const received: ReceivedWebhook[] = []
  const state = { answer }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString()
      const webhook = { headers: request.headers as Record<string, string>, raw, body: JSON.parse(raw) }
      received.push(webhook)
      const how = state.answer(webhook)
      if (how === 'hang') return
      response.writeHead(how.status, how.headers).end(how.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    url: `http://${host}/hook`,
    received,
    /** From now on it answers like this. */
    answerBy(next: typeof answer) {
      state.answer = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
