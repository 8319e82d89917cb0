import { type IncomingMessage, request as sendRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { startLocalServer } from './local-server.ts'

/** One request, by what tells an AWS call: who made it, and what it asks for. */
export interface RecordedRequest {
  readonly userAgent: string
  /** The `X-Amz-Target` header: `<service>.<operation>`; empty for a service without it. */
  readonly target: string
  readonly path: string
  readonly body: string
}

/** A server on loopback that passes everything on, and keeps what it was asked. */
export interface RecordingProxy {
  readonly url: string
  /** What came since it was last asked, in order, behind all that made a secret: those say what tags it has. */
  take(): readonly RecordedRequest[]
  close(): Promise<void>
}

/** Starts a proxy for one `http:` origin. Headers and bodies go both ways as they are; signatures stay valid. */
export async function startRecordingProxy(targetUrl: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(targetUrl)
  const requests: RecordedRequest[] = []
  const server = await startLocalServer(async (request, response) => {
    const giveUp = () => response.destroy()
    try {
      const body = await buffer(request)
      requests.push(recordOf(request, body))
      const { method, url: path, rawHeaders: headers } = request
      // A connection each: one that is kept may be closed at the other end just as a request goes out.
      const passed = sendRequest({ hostname, port, agent: false, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.on('error', giveUp).pipe(response)
      })
      passed.on('error', giveUp)
      passed.end(body)
    } catch {
      // The caller hung up in the middle of its request: there is nobody to answer.
      giveUp()
    }
  })
  function take(): readonly RecordedRequest[] {
    const taken = requests.splice(0)
    requests.push(...taken.filter(({ target }) => target.endsWith('.CreateSecret')))
    return taken
  }
  return { url: server.url, take, close: server.close }
}

function recordOf({ headers, url = '' }: IncomingMessage, body: Buffer): RecordedRequest {
  return {
    userAgent: headers['user-agent'] ?? '',
    target: String(headers['x-amz-target'] ?? ''),
    path: url,
    body: body.toString('utf8'),
  }
}
