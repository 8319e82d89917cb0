import { type ServerResponse, request as sendRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { startLocalServer } from './local-server.ts'

/**
 * What goes wrong on the wire: refused or failed before anything was done; cut off before it; or done, with an answer
 * that breaks off or never comes.
 */
export const WIRE_FAULTS = ['throttled', 'internal', 'reset', 'answer-lost', 'answer-late'] as const

export type WireFault = (typeof WIRE_FAULTS)[number]

/** A fault at the `at`th request from now on (from 0), and at every one after it when it `lasts`. */
export interface FaultPlan {
  readonly at: number
  readonly fault: WireFault
  readonly lasts: boolean
}

const REFUSALS = {
  throttled: { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } },
  internal: { status: 500, body: { __type: 'InternalServerError', message: 'Internal failure' } },
} as const

/** Proxies on loopback before several services, which count requests together and fail as a plan says. */
export class FaultyWire {
  readonly asked: string[] = []
  readonly #servers: { close(): Promise<void> }[] = []
  readonly #held = new Set<ServerResponse>()
  #plan: FaultPlan | undefined
  #count = 0

  /** Counts from 0 again, and fails as the plan says; not at all without one. */
  arm(plan: FaultPlan | undefined): void {
    this.#plan = plan
    this.#count = 0
    this.asked.length = 0
    for (const response of this.#held) response.destroy()
    this.#held.clear()
  }

  /** A proxy before one `http:` origin; its address. */
  async before(origin: string): Promise<string> {
    const { hostname, port } = new URL(origin)
    const server = await startLocalServer(async (request, response) => {
      const body = await buffer(request).catch(() => Buffer.alloc(0))
      this.asked.push(String(request.headers['x-amz-target']).split('.').at(-1) ?? '')
      const fault = this.#next()
      if (fault === 'reset') return void response.destroy()
      if (fault === 'throttled' || fault === 'internal') return refuse(response, fault)
      const { method, url: path, rawHeaders: headers } = request
      const passed = sendRequest({ hostname, port, agent: false, method, path, headers }, (answer) => {
        if (fault === undefined) {
          response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
          answer.pipe(response)
          return
        }
        answer.resume().on('end', () => {
          if (fault === 'answer-lost') response.destroy()
          else this.#held.add(response)
        })
      })
      passed.on('error', () => response.destroy())
      passed.end(body)
    })
    this.#servers.push(server)
    return server.url
  }

  async close(): Promise<void> {
    this.arm(undefined)
    await Promise.all(this.#servers.map((server) => server.close()))
  }

  #next(): WireFault | undefined {
    const at = this.#count++
    if (this.#plan === undefined || at < this.#plan.at) return undefined
    return at === this.#plan.at || this.#plan.lasts ? this.#plan.fault : undefined
  }
}

function refuse(response: ServerResponse, fault: keyof typeof REFUSALS): void {
  const { status, body } = REFUSALS[fault]
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
  response.end(JSON.stringify(body))
}
