import type { SecretText } from '../domain/secret-text.ts'

/**
 * One HTTP call to the world outside: providers, webhooks, test calls. It never follows a redirect, never throws
 * for what the network or the other side does, and tells whether the call can have reached the other side.
 */
export type OutgoingFetch = (url: string | URL, request: OutgoingRequest) => Promise<OutgoingOutcome>

/**
 * Why a URL is never called, whatever its name resolves to; undefined when it may be. Asks nothing of the network,
 * so that a person who enters it is told at once.
 */
export type UrlCheck = (url: string) => OutgoingFailure | undefined

export interface OutgoingRequest {
  /** Whose call it is: each tenant has a part of those that may be under way. */
  readonly tenant: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For the whole call: name resolution, connecting, sending and the complete answer. */
  readonly timeoutMs: number
  /** The largest answer body, before and after decompression; 64 KiB when absent. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
  /**
   * True when sending twice does no harm. Such a call may use a connection kept from an earlier one, and is sent
   * again, once, when that connection proves dead. Others always get a connection of their own, because a kept one
   * that was closed meanwhile would leave an unknown outcome.
   */
  readonly repeatable?: boolean
}

export type OutgoingOutcome = OutgoingAnswer | OutgoingFailure

/** A complete answer, of any status; 3xx too. */
export interface OutgoingAnswer {
  readonly kind: 'answer'
  readonly status: number
  /** Names in lower case; repeated headers are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** The media type in lower case without parameters, such as `application/json`. */
  readonly contentType?: string
  /** Decoded as UTF-8. It may hold tokens. */
  readonly body: SecretText
}

/**
 * `not-sent`: no byte of the request left · `unknown`: from the first byte on, when no complete answer came.
 * The message names the host and a cause, never a path, query, header value or body.
 */
export interface OutgoingFailure {
  readonly kind: 'not-sent' | 'unknown'
  readonly code: OutgoingFailureCode
  readonly message: string
  /** The status line's, when it came before the answer broke off or proved unusable. */
  readonly status?: number
}

export type OutgoingFailureCode =
  | 'invalid_url'
  | 'invalid_request'
  | 'forbidden_scheme'
  | 'forbidden_port'
  | 'forbidden_host'
  | 'forbidden_address'
  | 'dns_failed'
  | 'connect_failed'
  | 'tls_failed'
  | 'too_many_calls'
  | 'timeout'
  | 'aborted'
  | 'connection_lost'
  | 'answer_too_large'
  | 'invalid_answer'
