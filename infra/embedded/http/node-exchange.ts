import type { IncomingMessage, ServerResponse } from 'node:http'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type AnswerHeaders, problemAnswer, type ServerProblem, writeAnswer } from './gateway-answer.ts'
import {
  attachBody,
  createEventReader,
  createRequestIds,
  type EventReader,
  type RouteFinder,
} from './gateway-event.ts'

/**
 * How long a refused connection is still read, to no use: closing it with bytes unread would reset it, and the
 * client would lose the answer (RFC 9112 section 9.6).
 */
export const LINGER_MS = 1_000

const INTERNAL_ERROR = {
  statusCode: 500,
  error: 'Internal Server Error',
  message: 'An internal error occurred',
}
const BAD_HOST = {
  statusCode: 400,
  error: 'Bad Request',
  message: 'A request needs exactly one Host header',
}

export interface ExchangeHandlers {
  /** Answers one request; what it throws becomes a 500 of fixed text and goes to `onError`. */
  handle(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>
  readonly route: RouteFinder
  /** The 413 for a body over the limit; the event comes without the body. */
  tooLarge(event: APIGatewayProxyEventV2): APIGatewayProxyStructuredResultV2
  onError(error: unknown): void
  /** Told of each answer that no handler made; what it returns goes beside that answer's own headers. */
  onRefused?(refusal: { readonly requestId: string; readonly status: number }): AnswerHeaders
  nowMs(): number
}

/** From a request to its answer, with the count of those in between. */
export class Exchange {
  readonly #options: ExchangeHandlers
  readonly #bodyLimitBytes: number
  readonly #readEvent: EventReader
  readonly #nextRequestId = createRequestIds()
  #inFlight = 0
  #onDrained: (() => void) | undefined

  constructor(options: ExchangeHandlers, bodyLimitBytes: number) {
    this.#options = options
    this.#bodyLimitBytes = bodyLimitBytes
    this.#readEvent = createEventReader(options.route, () => options.nowMs(), this.#nextRequestId)
  }

  /** Every answer from now on closes its connection; `onDrained` runs once nothing is being answered. */
  drain(onDrained: () => void): void {
    this.#onDrained = onDrained
    if (this.#inFlight === 0) onDrained()
  }

  /** The headers of an answer that no handler made, for a request that got no event when no id is given. */
  headersOfRefusal(status: number, requestId = this.#nextRequestId()): AnswerHeaders {
    return { ...this.#options.onRefused?.({ requestId, status }), 'x-request-id': requestId }
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.#inFlight++
    let event: APIGatewayProxyEventV2 | undefined
    try {
      event = this.#readEvent(request)
    } catch (error) {
      this.#fail(request, response, error, undefined)
      return
    }
    if (event === undefined) {
      this.#finish(request, response, this.#ownAnswer(BAD_HOST, undefined))
      return
    }
    const { headers } = event
    const lengthBytes = headers['content-length']
    if (lengthBytes === undefined && headers['transfer-encoding'] === undefined) {
      this.#dispatch(event, request, response)
    } else if (Number(lengthBytes) > this.#bodyLimitBytes) {
      this.#refuseBody(event, request, response)
    } else {
      if (headers['expect'] !== undefined) response.writeContinue()
      this.#readBody(event, request, response)
    }
  }

  #readBody(event: APIGatewayProxyEventV2, request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > this.#bodyLimitBytes) {
        stop()
        this.#refuseBody(event, request, response)
      } else {
        chunks.push(chunk)
      }
    }
    const onEnd = () => {
      stop()
      attachBody(event, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      this.#dispatch(event, request, response)
    }
    const onClose = () => {
      stop()
      this.#leave()
    }
    const stop = () => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('close', onClose)
  }

  async #dispatch(
    event: APIGatewayProxyEventV2,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      this.#finish(request, response, await this.#options.handle(event))
    } catch (error) {
      this.#fail(request, response, error, event)
    }
  }

  #fail(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    event: APIGatewayProxyEventV2 | undefined,
  ): void {
    this.#options.onError(error)
    this.#finish(request, response, this.#ownAnswer(INTERNAL_ERROR, event))
  }

  #ownAnswer(
    problem: ServerProblem,
    event: APIGatewayProxyEventV2 | undefined,
  ): APIGatewayProxyStructuredResultV2 {
    return problemAnswer(problem, this.headersOfRefusal(problem.statusCode, event?.requestContext.requestId))
  }

  /** Throws what `writeAnswer` throws, and then nothing was sent and the request still counts. */
  #finish(
    request: IncomingMessage,
    response: ServerResponse,
    result: APIGatewayProxyStructuredResultV2,
  ): void {
    if (!request.socket.destroyed) {
      writeAnswer(response, result, {
        isHead: request.method === 'HEAD',
        closes: this.#onDrained !== undefined,
      })
    }
    this.#leave()
  }

  /** Answers at once, whatever of the body is still to come, and ends the connection when the client has read it. */
  #refuseBody(event: APIGatewayProxyEventV2, request: IncomingMessage, response: ServerResponse): void {
    const options = { isHead: request.method === 'HEAD', closes: true, staysOpen: true }
    try {
      const answer = this.#options.tooLarge(event)
      const headers = this.headersOfRefusal(answer.statusCode ?? 413, event.requestContext.requestId)
      writeAnswer(response, { ...answer, headers: { ...headers, ...answer.headers } }, options)
    } catch (error) {
      this.#options.onError(error)
      writeAnswer(response, this.#ownAnswer(INTERNAL_ERROR, event), options)
    }
    const end = () => {
      clearTimeout(timer)
      request.off('end', end)
      request.off('close', end)
      response.end()
      this.#leave()
    }
    const timer = setTimeout(end, LINGER_MS)
    request.once('end', end)
    request.once('close', end)
    request.resume()
  }

  #leave(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#onDrained?.()
  }
}
