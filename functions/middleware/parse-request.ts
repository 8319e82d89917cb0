import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as z from 'zod/mini'
import { type ErrorCode, InvariantError, VaultError } from '../../shared/domain/errors.ts'
import type { JsonObject, JsonValue } from '../../shared/domain/json.ts'
import { vaultErrorFromIssues } from '../../shared/domain/schema-issue.ts'
import type { Caller } from '../../shared/ports/token-verifier.ts'
import type { Route } from '../route.ts'
import { type HttpEvent, type RequestState, stateOf } from './request-state.ts'
import { parseStrictJson } from './strict-json.ts'

/** Issue of size: the largest setup is 64 KiB of secrets, which JSON may escape; the rest is names. */
export const MAX_BODY_BYTES = 100 * 1024
/** RFC 8259 §11: JSON is UTF-8, and the parameter has no effect; one that says otherwise is a mistake to be told of. */
const UTF8_NAMES = ['utf-8', 'utf8', 'us-ascii']
const EMPTY = {}
/** Public routes read no caller; reading one there is a bug of ours, and says so. */
const NO_CALLER = new Proxy(EMPTY as Caller, {
  get() {
    throw new InvariantError('a public route asked who is calling')
  },
})

/** Validates path, query, headers and body once, against the route's own schemas, and hands the result on. */
export function parseRequest(): MiddlewareObj<HttpEvent, APIGatewayProxyStructuredResultV2> {
  return {
    before: (request) => {
      const state = stateOf(request)
      const { event } = request
      const route = state.route!
      state.input = {
        path: parse(route.pathSchema, event.pathParameters ?? EMPTY, 'invalid-path'),
        query: parse(route.querySchema ?? NO_QUERY, event.queryStringParameters ?? EMPTY, 'invalid-query'),
        headers: parse(route.headerSchema, event.headers, 'invalid-header'),
        body:
          route.bodySchema === undefined
            ? EMPTY
            : route.bodyType === 'form'
              ? parseForm(event, route.bodySchema)
              : parseBody(event, route, state),
        caller: state.caller ?? NO_CALLER,
        requestId: state.requestId,
        cookies: event.cookies ?? event.headers['cookie']?.split('; ') ?? [],
        isHead: event.requestContext.http.method === 'HEAD',
      }
    },
  }
}

const NO_QUERY = z.strictObject({})

function parse(schema: z.ZodMiniType | undefined, value: unknown, code: ErrorCode): unknown {
  if (schema === undefined) return EMPTY
  const result = z.safeParse(schema, value)
  if (!result.success) {
    throw vaultErrorFromIssues(result.error.issues, { code, schema, input: value })
  }
  return result.data
}

/** The body as its schema gives it; one that is refused, and may have more wrong with it, waits in the state. */
function parseBody(event: HttpEvent, route: Route<unknown>, state: RequestState): unknown {
  const schema = route.bodySchema!
  const text = bodyText(event)
  if (text === '' && route.bodyOptional === true) return parse(schema, {}, 'invalid-body')
  const contentType = event.headers['content-type']
  if (contentType === undefined || !isJson(contentType)) {
    throw new VaultError('unsupported-media-type', 'The Content-Type of the body is not that of JSON.', {
      field: 'Content-Type',
      allowed: 'application/json (UTF-8)',
    })
  }
  const value: JsonValue = parseStrictJson(text)
  try {
    return parse(schema, value, 'invalid-body')
  } catch (error) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!(error instanceof VaultError) || !isObject) throw error
    state.refused = { error, body: value as JsonObject }
    return EMPTY
  }
}

/** A form as a browser sends it; a field given twice is joined by a comma, as API Gateway joins parameters. */
function parseForm(event: HttpEvent, schema: z.ZodMiniType): unknown {
  const [mediaType] = (event.headers['content-type'] ?? '').split(';', 1)
  if (mediaType?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw new VaultError('unsupported-media-type', 'The Content-Type of the body is not that of a form.', {
      field: 'Content-Type',
      allowed: 'application/x-www-form-urlencoded',
    })
  }
  const form = new URLSearchParams(bodyText(event))
  const fields = Object.fromEntries(
    [...new Set(form.keys())].map((name) => [name, form.getAll(name).join(',')]),
  )
  return parse(schema, fields, 'invalid-body')
}

/** `application/json` with whatever parameters (RFC 9110 §5.6.6: an empty one is valid), but in UTF-8. */
function isJson(contentType: string): boolean {
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  if (mediaType !== 'application/json') return false
  const charset = parameters.find((parameter) => /^charset\s*=/.test(parameter))
  if (charset === undefined) return true
  return UTF8_NAMES.includes(charset.replace(/^charset\s*=\s*/, '').replaceAll('"', ''))
}

/** RFC 9110 §15.5.16: a coding that is not taken is told, with those that are (§12.5.3). */
function refuseCompressed(event: HttpEvent): void {
  const coding = event.headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return
  throw new VaultError('unsupported-media-type', 'The Content-Encoding of the body is not taken.', {
    field: 'Content-Encoding',
    allowed: 'none: send the body as it is',
    headers: { 'accept-encoding': 'identity' },
  })
}

function bodyText(event: HttpEvent): string {
  if (event.body === undefined) return ''
  refuseCompressed(event)
  const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8')
  if (bytes.byteLength > MAX_BODY_BYTES) throw bodyTooLarge()
  try {
    // RFC 8259 §8.1: a mark before the text may be ignored, and the decoder ignores it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new VaultError('invalid-body', 'Invalid UTF-8', { field: 'body', allowed: 'JSON in UTF-8' })
  }
}

/** The 413 of a body over the limit, which names it. */
export function bodyTooLarge(): VaultError {
  return new VaultError('body-too-large', 'The body is too large.', {
    field: 'body',
    allowed: `${MAX_BODY_BYTES} bytes`,
  })
}
