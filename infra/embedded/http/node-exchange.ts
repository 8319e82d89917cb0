import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { corsOfRefusal } from '../../../functions/cors.ts'
import { BodyBudget, type RequestHolder } from './body-budget.ts'
import {
  type AnswerHeaders,
  problemAnswer,
  type ServerAnswer,
  type ServerProblem,
  writeAnswer,
} from './gateway-answer.ts'
import {
  attachBody,
  createEventReader,
  type EventReader,
  newRequestId,
  type RouteFinder,
} from './gateway-event.ts'

/**
 * How long a refused connection is still read, to no use: closing it with bytes unread would reset it, and the
 * client would lose the answer (RFC 9112 section 9.6).
 */
export const LINGER_MS = 1_000

/** Requests that one connection may send ahead of their answers; clients of today send none. */
const MAX_PIPELINED = 16

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

const BUSY = {
  statusCode: 503,
  error: 'Service Unavailable',
  message: 'Too many requests are arriving. Try again.',
}

/** Whose a body is, or the answer to a request whose body is of no use. */
export type Admission = { readonly holder: RequestHolder } | { readonly answer: ServerAnswer }

export interface ExchangeHandlers {
  /** Told of each request before anything else is. */
  arrived?(event: APIGatewayProxyEventV2): void
  /** Answers one request; what it throws becomes a 500 of fixed text and goes to `onError`. */
  handle(event: APIGatewayProxyEventV2): Promise<ServerAnswer>
  readonly route: RouteFinder
  /** The 413 for a body over the limit; the event comes without the body. */
  tooLarge(event: APIGatewayProxyEventV2): APIGatewayProxyStructuredResultV2
  /**
   * Asked before a body is read: whose it is, or the answer that needs none of it. Left out, all bodies are read for
   * one holder.
   */
  admit?(event: APIGatewayProxyEventV2): Promise<Admission>
  /** What the bodies under way may take together. */
  readonly bodies?: BodyBudget
  onError(error: unknown): void
  /** Told of each answer that no handler made; what it returns goes beside that answer's own headers. */
  onRefused?(refusal: { readonly requestId: string; readonly status: number }): AnswerHeaders
  /** On every answer, whoever makes it. */
  readonly commonHeaders?: AnswerHeaders
  /** Whose pages may read what is refused here; none when absent. */
  readonly corsOrigins?: readonly string[]
  nowMs(): number
}

/** From a request to its answer, with the count of those in between. */
export class Exchange {
  readonly #options: ExchangeHandlers
  readonly #bodyLimitBytes: number
  readonly #readEvent: EventReader
  readonly #bodies: BodyBudget
  readonly #pipelined = new WeakMap<Socket, number>()
  #inFlight = 0
  #onDrained: (() => void) | undefined

  constructor(options: ExchangeHandlers, bodyLimitBytes: number) {
    this.#options = options
    this.#bodyLimitBytes = bodyLimitBytes
    this.#bodies = options.bodies ?? new BodyBudget()
    this.#readEvent = createEventReader(options.route, () => options.nowMs())
  }

  /** Every answer from now on closes its connection; `onDrained` runs once nothing is being answered. */
  drain(onDrained: () => void): void {
    this.#onDrained = onDrained
    if (this.#inFlight === 0) onDrained()
  }

  /** The headers of an answer that no handler made, for a request that got no event when no id is given. */
  headersOfRefusal(status: number, requestId = newRequestId()): AnswerHeaders {
    return {
      ...this.#options.commonHeaders,
      ...this.#options.onRefused?.({ requestId, status }),
      'x-request-id': requestId,
    }
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#fitsPipeline(request, response)) return
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
    this.#options.arrived?.(event)
    const { headers } = event
    const lengthBytes = headers['content-length']
    if (lengthBytes === undefined && headers['transfer-encoding'] === undefined) {
      this.#dispatch(event, request, response)
    } else if (Number(lengthBytes) > this.#bodyLimitBytes) {
      this.#refuseBody(event, request, response)
    } else {
      this.#admitBody(event, request, response)
    }
  }

  /** Ends a connection that sends on and on without waiting for answers: all of it would be kept in memory. */
  #fitsPipeline({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const waiting = this.#pipelined.get(socket) ?? 0
    if (waiting >= MAX_PIPELINED) {
      socket.destroy()
      return false
    }
    this.#pipelined.set(socket, waiting + 1)
    response.once('close', () => this.#pipelined.set(socket, this.#pipelined.get(socket)! - 1))
    return true
  }

  /** Until it is known whose the body is, what has arrived of it waits in the socket. */
  async #admitBody(
    event: APIGatewayProxyEventV2,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let admission: Admission
    try {
      admission = (await this.#options.admit?.(event)) ?? { holder: { name: '' } }
    } catch (error) {
      this.#fail(request, response, error, event)
      return
    }
    if (request.socket.destroyed) this.#leave()
    else if ('answer' in admission) this.#refuseBody(event, request, response, admission.answer)
    else {
      if (event.headers['expect'] !== undefined) response.writeContinue()
      this.#readBody(event, request, response, admission.holder)
    }
  }

  #readBody(
    event: APIGatewayProxyEventV2,
    request: IncomingMessage,
    response: ServerResponse,
    holder: RequestHolder,
  ): void {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    let takenBytes = 0
    const giveBack = () => this.#bodies.give(holder, takenBytes)
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length
      const isTooLarge = sizeBytes > this.#bodyLimitBytes
      if (!isTooLarge && this.#bodies.take(holder, chunk.length)) {
        takenBytes += chunk.length
        chunks.push(chunk)
        return
      }
      stop()
      giveBack()
      if (isTooLarge) this.#refuseBody(event, request, response)
      else this.#refuseBody(event, request, response, this.#ownAnswer(BUSY, event))
    }
    const onEnd = () => {
      stop()
      attachBody(event, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
      this.#dispatch(event, request, response).finally(giveBack)
    }
    const onClose = () => {
      stop()
      giveBack()
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
  #finish(request: IncomingMessage, response: ServerResponse, result: ServerAnswer): void {
    if (!request.socket.destroyed) {
      writeAnswer(response, this.#readable(request, result), {
        isHead: request.method === 'HEAD',
        closes: this.#onDrained !== undefined,
      })
    }
    this.#leave()
  }

  /** With what every answer carries, and what lets a page of another origin read a refusal. */
  #readable(request: IncomingMessage, answer: ServerAnswer): ServerAnswer {
    const { commonHeaders, corsOrigins = [] } = this.#options
    const cors = corsOfRefusal(corsOrigins, request.headers.origin, answer)
    return { ...answer, headers: { ...commonHeaders, ...answer.headers, ...cors } }
  }

  /** Answers at once, whatever of the body is still to come, and ends the connection when the client has read it. */
  #refuseBody(
    event: APIGatewayProxyEventV2,
    request: IncomingMessage,
    response: ServerResponse,
    given?: ServerAnswer,
  ): void {
    const options = { isHead: request.method === 'HEAD', closes: true, staysOpen: true }
    try {
      const answer = given ?? this.#options.tooLarge(event)
      const headers =
        given === undefined
          ? this.headersOfRefusal(answer.statusCode ?? 413, event.requestContext.requestId)
          : {}
      const named = { ...answer, headers: { ...headers, ...answer.headers } }
      writeAnswer(response, this.#readable(request, named), options)
    } catch (error) {
      this.#options.onError(error)
      writeAnswer(response, this.#readable(request, this.#ownAnswer(INTERNAL_ERROR, event)), options)
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
