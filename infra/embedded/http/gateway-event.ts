import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

/** What a route table answers for a method and a path; API Gateway's `routeKey` and its decoded parameters. */
export interface RouteMatch {
  readonly routeKey: string
  readonly pathParameters?: Record<string, string>
}

/** Finds the route of a request; undefined when there is none, and the event then carries `$default`. */
export type RouteFinder = (method: string, path: string) => RouteMatch | undefined

/** Turns a request whose head has arrived into an event without its body, or undefined when its Host is bad. */
export type EventReader = (request: IncomingMessage) => APIGatewayProxyEventV2 | undefined

const SLASH = 0x2f

/**
 * Requests as API Gateway HTTP APIs hand them to a Lambda function: payload format 2.0 of the AWS page "Create
 * Lambda integrations for HTTP APIs". Header names are lower case and repeated headers joined with a comma,
 * cookies are in `cookies` only, HEAD finds the route of GET. A missing or repeated Host is refused (RFC 9112 section 3.2).
 */
export function createEventReader(route: RouteFinder, nowMs: () => number): EventReader {
  const formatTime = createTimeFormatter()

  return (request) => {
    const headers: Record<string, string> = {}
    const cookies = readHeaders(request.rawHeaders, headers)
    const host = headers['host'] ?? ''
    if (host === '' ? request.httpVersion !== '1.0' : host.includes(',')) return undefined

    const method = request.method!
    const target = readTarget(request.url!)
    const match = route(method === 'HEAD' ? 'GET' : method, target.path)
    const routeKey = match === undefined ? '$default' : match.routeKey
    const timeMs = nowMs()
    const event: APIGatewayProxyEventV2 = {
      version: '2.0',
      routeKey,
      rawPath: target.path,
      rawQueryString: target.query,
      headers,
      requestContext: {
        accountId: 'embedded',
        apiId: 'embedded',
        domainName: host,
        domainPrefix: 'embedded',
        http: {
          method,
          path: target.path,
          protocol: request.httpVersion === '1.1' ? 'HTTP/1.1' : 'HTTP/1.0',
          sourceIp: request.socket.remoteAddress ?? '',
          userAgent: headers['user-agent'] ?? '',
        },
        requestId: newRequestId(),
        routeKey,
        stage: '$default',
        time: formatTime(timeMs),
        timeEpoch: timeMs,
      },
      isBase64Encoded: false,
    }
    if (target.query !== '') event.queryStringParameters = readQuery(target.query)
    if (match?.pathParameters !== undefined) event.pathParameters = match.pathParameters
    if (cookies !== undefined) event.cookies = cookies
    return event
  }
}

/** 96 bits, six of them a UUID's own: as many as need not be counted. */
const ID_CHARACTERS = 24

/** An id for a request, random, so that it tells nobody how many there were before. */
export function newRequestId(): string {
  return randomUUID().replaceAll('-', '').slice(0, ID_CHARACTERS)
}

/** Adds a body that has arrived whole: text when it is valid UTF-8, base64 otherwise. An empty one is no body. */
export function attachBody(event: APIGatewayProxyEventV2, body: Buffer): void {
  if (body.length === 0) return
  event.isBase64Encoded = !isUtf8(body)
  event.body = body.toString(event.isBase64Encoded ? 'base64' : 'utf8')
}

/** Fills `headers` and answers the cookies, which have a field of their own in this format. */
function readHeaders(rawHeaders: readonly string[], headers: Record<string, string>): string[] | undefined {
  let cookies: string[] | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    const value = rawHeaders[index + 1]!
    if (name === 'cookie') {
      cookies = [...(cookies ?? []), ...value.split('; ')]
    } else if (!Object.hasOwn(headers, name)) {
      headers[name] = value
    } else {
      headers[name] = `${headers[name]},${value}`
    }
  }
  return cookies
}

/** Path and query as they were sent. Proxies may send the absolute form (RFC 9112 section 3.2.2). */
function readTarget(url: string): { path: string; query: string } {
  if (url.charCodeAt(0) !== SLASH && URL.canParse(url)) {
    const { pathname, search } = new URL(url)
    return { path: pathname, query: search.slice(1) }
  }
  const mark = url.indexOf('?')
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

/** Repeated parameters are joined with a comma. The size of the head bounds how many there can be. */
function readQuery(query: string): Record<string, string> {
  const parameters = parseQuery(query, '&', '=', { maxKeys: 0 })
  for (const name in parameters) {
    const value = parameters[name]
    if (Array.isArray(value)) parameters[name] = value.join(',')
  }
  return parameters as Record<string, string>
}

/** `12/Mar/2020:19:03:58 +0000`, as the gateway writes it; formatted once a second. */
function createTimeFormatter(): (timeMs: number) => string {
  let formattedSecond = -1
  let formatted = ''
  return (timeMs) => {
    const second = Math.floor(timeMs / 1000)
    if (second !== formattedSecond) {
      const [, day, month, year, time] = new Date(timeMs).toUTCString().split(' ')
      formattedSecond = second
      formatted = `${day}/${month}/${year}:${time} +0000`
    }
    return formatted
  }
}
