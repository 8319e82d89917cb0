import http, { type IncomingMessage } from 'node:http'
import { SecretText } from '../../domain/secret-text.ts'
import type {
  OutgoingAnswer,
  OutgoingFailure,
  OutgoingFailureCode,
  OutgoingOutcome,
  OutgoingRequest,
} from '../../ports/outgoing-fetch.ts'
import { type AnswerBody, readAnswerBody } from './answer-body.ts'
import type { Deadline } from './deadline.ts'
import type { OutgoingTarget } from './outgoing-target.ts'
import { type ConnectionPlan, ConnectionRefused, type PinnedAgent } from './pinned-agent.ts'

/** In bytes, of all answer headers together: node's own default, stated so that no flag can raise it. */
const MAX_HEADER_BYTES = 16_384
const DEFAULT_MAX_BODY_BYTES = 65_536
/** Error codes of node are upper-case words; anything else is not shown. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,60}$/

/** One attempt at one call. */
export interface Exchange {
  readonly target: OutgoingTarget
  readonly request: OutgoingRequest
  readonly headers: Readonly<Record<string, string>>
  readonly plan: ConnectionPlan
  readonly agent: PinnedAgent
  readonly deadline: Deadline
  /** Called when the request has its connection, just before its first byte is written. */
  readonly onConnected: () => void
}

/** The outcome, and whether it is that of a kept connection that the other side had closed meanwhile. */
export interface ExchangeResult {
  readonly outcome: OutgoingOutcome
  readonly staleConnection: boolean
}

/** How far a call has come. */
interface Progress {
  sent: boolean
  status: number | undefined
}

/** Sends the request once and reads the complete answer. Never rejects. */
export function exchange(call: Exchange): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    const progress: Progress = { sent: false, status: undefined }
    const fail = (code: OutgoingFailureCode, systemCode?: string) =>
      failureOf(call, progress, code, systemCode)
    let request: http.ClientRequest
    try {
      request = http.request(requestOptions(call))
    } catch {
      // Node throws at once for a header that is not one; its message may repeat the value.
      return resolve({ outcome: fail('invalid_request'), staleConnection: false })
    }
    const settle = (outcome: OutgoingOutcome, staleConnection = false) => {
      stopWatching()
      resolve({ outcome, staleConnection })
    }
    request.on('socket', () => {
      progress.sent = true
      call.onConnected()
    })
    request.on('response', (answer) => {
      progress.status = answer.statusCode
      readAnswerBody(answer, call.request.maxBytes ?? DEFAULT_MAX_BODY_BYTES).then((body) =>
        settle(body.kind === 'complete' ? answerOf(answer, body.text) : fail(BODY_FAILURES[body.kind])),
      )
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // From the first line of the answer on, the body's reader tells how it ended.
      if (progress.status !== undefined) return
      if (error instanceof ConnectionRefused) return settle(fail(error.code, error.systemCode))
      const code = error.code?.startsWith('HPE_') ? 'invalid_answer' : 'connection_lost'
      const closedMeanwhile = request.reusedSocket && code === 'connection_lost'
      settle(fail(code, error.code), closedMeanwhile && call.deadline.reason() === undefined)
    })
    // An answer that switches protocols closes the request without an error.
    request.on('close', () => {
      if (progress.status === undefined) settle(fail('connection_lost'))
    })
    request.end(call.request.body)
    const stopWatching = endWithDeadlines(call, request, progress)
  })
}

/** Ends the request when its time is up, or its time to connect while it waits for a connection. */
function endWithDeadlines(call: Exchange, request: http.ClientRequest, progress: Progress): () => void {
  const { deadline, plan } = call
  const onDeadline = () => request.destroy()
  const onNotConnected = () => {
    if (!progress.sent) request.destroy(new ConnectionRefused('timeout'))
  }
  deadline.signal.addEventListener('abort', onDeadline, { once: true })
  plan.signal.addEventListener('abort', onNotConnected, { once: true })
  if (deadline.signal.aborted) onDeadline()
  if (plan.signal.aborted) onNotConnected()
  return () => {
    deadline.signal.removeEventListener('abort', onDeadline)
    plan.signal.removeEventListener('abort', onNotConnected)
  }
}

function requestOptions(call: Exchange): http.RequestOptions & { plan: ConnectionPlan } {
  const { target, request } = call
  return {
    protocol: target.url.protocol,
    hostname: target.hostname,
    port: target.port,
    path: `${target.url.pathname}${target.url.search}`,
    method: request.method,
    headers: { ...call.headers, ...lengthOf(request) },
    agent: call.agent,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    plan: call.plan,
  }
}

/** A stated length keeps node from chunking, which some token endpoints do not read. */
function lengthOf(request: OutgoingRequest): Record<string, string> {
  if (request.body === undefined && request.method === 'GET') return {}
  return { 'content-length': String(Buffer.byteLength(request.body ?? '', 'utf8')) }
}

const BODY_FAILURES: Readonly<Record<Exclude<AnswerBody['kind'], 'complete'>, OutgoingFailureCode>> = {
  'too-large': 'answer_too_large',
  undecodable: 'invalid_answer',
  'broken-off': 'connection_lost',
}

function answerOf(answer: IncomingMessage, text: string): OutgoingAnswer {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const contentType = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return {
    kind: 'answer',
    status: answer.statusCode ?? 0,
    headers,
    ...(contentType ? { contentType } : {}),
    body: new SecretText(text),
  }
}

function failureOf(
  call: Exchange,
  progress: Progress,
  cause: OutgoingFailureCode,
  systemCode: string | undefined,
): OutgoingFailure {
  // What ended the call on purpose explains every error that follows from it.
  const ended = call.deadline.reason()
  const code = ended ?? cause
  const shown = ended === undefined && systemCode !== undefined && SYSTEM_CODE.test(systemCode)
  const most =
    code === 'answer_too_large' ? ` (${call.request.maxBytes ?? DEFAULT_MAX_BODY_BYTES} bytes)` : ''
  const reason = `${FAILURE_SENTENCES[code] ?? 'the call failed'}${most}`
  return {
    kind: progress.sent ? 'unknown' : 'not-sent',
    code,
    message: `${call.target.url.host}: ${reason}${shown ? ` (${systemCode})` : ''}.`,
    ...(progress.status === undefined ? {} : { status: progress.status }),
  }
}

const FAILURE_SENTENCES: Readonly<Partial<Record<OutgoingFailureCode, string>>> = {
  invalid_request: 'the request has a header that cannot be sent',
  forbidden_address: 'the address is not on the public internet',
  connect_failed: 'no connection could be made',
  tls_failed: 'no trusted TLS connection could be made',
  timeout: 'no complete answer came in time',
  aborted: 'the call was given up',
  connection_lost: 'the connection closed before a complete answer',
  answer_too_large: 'the answer is larger than allowed',
  invalid_answer: 'the answer is not valid HTTP',
}
