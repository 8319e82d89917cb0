import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** One answer of the service: an error by its name, a body, or a way to fail on the wire. */
export type ScriptedAnswer =
  | { readonly error: string; readonly status?: number }
  | { readonly body: unknown }
  | { readonly wire: 'silent' | 'reset' }

/** A stand-in for an AWS service of the JSON protocol that plays answers moto does not give. */
export interface ScriptedAwsService {
  readonly clientConfig: {
    endpoint: string
    region: string
    credentials: { accessKeyId: string; secretAccessKey: string }
    maxAttempts: number
    requestHandler: { requestTimeout: number; throwOnRequestTimeout: boolean }
  }
  /** What was asked, as `<operation>` names in order. */
  readonly asked: string[]
  /** The last request's body, once it was read. */
  readonly lastBody: () => Promise<unknown>
  /** The answers from now on, in order; asking for more is a 500. */
  script(...answers: ScriptedAnswer[]): void
  close(): Promise<void>
}

/** Part of every scripted error's message, so that tests can look for it where it must not be. */
export const MESSAGE_CANARY = 'message-canary'

/** Starts the stand-in on a free loopback port. */
export async function startScriptedAwsService(): Promise<ScriptedAwsService> {
  let answers: ScriptedAnswer[] = []
  const asked: string[] = []
  let lastBody: Promise<unknown> = Promise.resolve(undefined)
  const server = createServer((request, response) => {
    lastBody = json(request)
    // Nobody may want it, and a body that was cut off is nobody's error.
    lastBody.catch(() => undefined)
    asked.push(String(request.headers['x-amz-target']).split('.').at(-1)!)
    const answer = answers.shift() ?? { error: 'InternalFailure', status: 500 }
    if ('wire' in answer) {
      if (answer.wire === 'reset') request.socket.destroy()
      return
    }
    const isError = 'error' in answer
    const body = isError
      ? { __type: answer.error, message: MESSAGE_CANARY, Message: MESSAGE_CANARY }
      : answer.body
    response.writeHead(isError ? (answer.status ?? 400) : 200, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': 'request-1',
    })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    clientConfig: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      requestHandler: { requestTimeout: 200, throwOnRequestTimeout: true },
    },
    asked,
    lastBody: () => lastBody,
    script: (...next) => {
      answers = next
      asked.length = 0
    },
    close: () => closeServer(server),
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
