import type { VaultEvent } from '../../domain/change-event.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { Subscription } from '../../domain/subscription.ts'
import type { GrantRunner, SendResult } from '../../ports/grant-runner.ts'
import type { OutgoingFetch } from '../../ports/outgoing-fetch.ts'
import type { Ports } from '../../ports/ports.ts'
import type { OpenedSecrets } from '../memory/opened-secrets.ts'
import { cloudEventOf } from './cloud-event.ts'
import { sentAnswer } from './sent-answer.ts'
import { signedHeaders } from './signing-secret.ts'

/** Standard Webhooks: 15 to 30 s. */
const TIMEOUT_MS = 15_000
/** Nothing of an answer is used but its status. */
const MAX_ANSWER_BYTES = 16 * 1024
/** What is busy and will be better: it is given more time than others. */
const OVERLOADED = new Set([429, 502, 503, 504])
const GONE = 410

export interface SendPorts extends Ports {
  readonly fetch: OutgoingFetch
  readonly opened: OpenedSecrets
  readonly grants: Pick<GrantRunner, 'send'>
  readonly deployment: string
  readonly publicUrl: string
}

interface Answered {
  readonly status?: number
  readonly durationMs: number
}

/** What one try came to. `gone`: nothing is to be sent there any more. */
export type Sent =
  | (Answered & { readonly kind: 'accepted' })
  | (Answered & { readonly kind: 'gone'; readonly error: string })
  | (Answered & {
      readonly kind: 'failed'
      readonly error: string
      readonly overloaded: boolean
      readonly retryAfterMs?: number
    })

/** Sends one event to a subscription's target, once. Never throws for what the other side does. */
export async function sendToTarget(
  ports: SendPorts,
  subscription: Subscription,
  event: VaultEvent,
): Promise<Sent> {
  const startedAtMs = ports.clock.monotonicMs()
  const answer =
    subscription.target.kind === 'webhook'
      ? await postWebhook(ports, subscription, { url: subscription.target.url, event })
      : await ports.grants.send({
          tenant: subscription.tenant,
          connectionId: subscription.target.connectionId,
          event,
          publicUrl: ports.publicUrl,
        })
  return judge(answer, Math.round(ports.clock.monotonicMs() - startedAtMs))
}

function judge(answer: SendResult, durationMs: number): Sent {
  if (answer.kind === 'failed') {
    return { kind: 'failed', error: answer.code, overloaded: answer.code === 'timeout', durationMs }
  }
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'accepted', status, durationMs }
  const error = `http_${status}`
  if (status === GONE) return { kind: 'gone', error, status, durationMs }
  return {
    kind: 'failed',
    error,
    status,
    durationMs,
    overloaded: OVERLOADED.has(status),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  }
}

async function postWebhook(
  ports: SendPorts,
  subscription: Subscription,
  { url, event }: { url: string; event: VaultEvent },
): Promise<SendResult> {
  const nowMs = ports.clock.nowMs()
  const body = JSON.stringify(cloudEventOf(event, ports.deployment))
  const keys = await signingKeys(ports, subscription, nowMs)
  const outcome = await ports.fetch(url, {
    tenant: subscription.tenant,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'flow-vault',
      ...signedHeaders(keys, { id: event.id, body, nowMs }),
    },
    body,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
    // A receiver sees an event at least once and tells repeats by its id, so a kept connection may be used.
    repeatable: true,
  })
  return sentAnswer(outcome, nowMs)
}

async function signingKeys(
  ports: SendPorts,
  { secret, previousSecret, previousUntilMs = 0 }: Subscription,
  nowMs: number,
): Promise<SecretText[]> {
  const pointers = [secret, previousUntilMs > nowMs ? previousSecret : undefined]
  const opened = await Promise.all(
    pointers.map((pointer) => (pointer === undefined ? undefined : ports.opened.open(pointer))),
  )
  return opened.flatMap((one) => (one === undefined ? [] : [new SecretText(String(one.setup['key']))]))
}
