import { findSetupOf } from '../../connectors/catalogue.ts'
import { renderCredential } from '../../connectors/render-credential.ts'
import { eventMessage, toldEvent } from '../../domain/event-words.ts'
import type { SendRequest, SendResult } from '../../ports/grant-runner.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { sentAnswer } from './sent-answer.ts'

/** As a webhook of anybody's: Standard Webhooks names 15 to 30 s. */
const SEND_TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 16 * 1024

export interface SendPorts extends Pick<GrantPorts, 'items' | 'opened' | 'outgoing' | 'clock'> {
  readonly freezes: FrozenLookup
}

/** Tells whether a connection is frozen: undefined when it is not. */
export interface FrozenLookup {
  find(tenant: string, connection: { id: string; appId: string }): Promise<unknown>
}

/**
 * Posts one sentence about an event through a connection that is a webhook URL, in the shape its app takes. The
 * address is the credential: nothing of it is in the answer or the log. A frozen connection is not used for this either.
 */
export async function sendNotification(ports: SendPorts, request: SendRequest): Promise<SendResult> {
  const row = await findConnection(ports, request.tenant, request.connectionId)
  const setup = row === undefined ? undefined : findSetupOf(row.appId, row.setupType)
  if (row?.secret === undefined || setup?.webhookBody === undefined) {
    return { kind: 'failed', code: 'target_gone' }
  }
  if ((await ports.freezes.find(row.tenant, row)) !== undefined)
    return { kind: 'failed', code: 'target_frozen' }
  const opened = await ports.opened.open(row.secret)
  const { url } = renderCredential(setup, opened.setup).request
  if (url === undefined) return { kind: 'failed', code: 'target_gone' }
  const text = await sentenceAbout(ports, request)
  const body = setup.webhookBody === 'text' ? { text } : { text, event: { ...toldEvent(request.event) } }
  const outcome = await ports.outgoing(url, {
    tenant: request.tenant,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'flow-vault' },
    body: JSON.stringify(body),
    timeoutMs: SEND_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
  })
  return sentAnswer(outcome, ports.clock.nowMs())
}

/** “Salesforce prod: The connection has stopped …. https://…”: with the name that people gave, as it is now. */
async function sentenceAbout(
  ports: Pick<GrantPorts, 'items'>,
  { tenant, event, publicUrl }: SendRequest,
): Promise<string> {
  const message = eventMessage(event)
  const id = event.connection_id
  if (id === undefined) return `Flow Vault: ${message}`
  const row = await findConnection(ports, tenant, id)
  const name = row?.name ?? id
  return `${name}: ${message} ${publicUrl}/vault/connections/${id}`
}
