import { request } from 'node:http'

/** Answers that may not have a body (RFC 9110 §15.3.5 and §15.4.5), for which `Response` takes none. */
const WITHOUT_BODY = [204, 304]

/**
 * A `fetch` that asks one server on loopback by another name: API Gateway tells its APIs apart by the Host header,
 * which Node's own `fetch` does not let a caller set, and a name under localhost does not resolve everywhere.
 */
export function fetchByHost(baseUrl: string, host: string): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, init)
    const { hostname, port } = new URL(baseUrl)
    const { pathname, search } = new URL(asked.url)
    const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer())
    const headers: Record<string, string> = { ...Object.fromEntries(asked.headers), host }
    if (body !== undefined) headers['content-length'] = String(body.byteLength)
    return new Promise((resolve, reject) => {
      const options = {
        hostname,
        port,
        path: `${pathname}${search}`,
        method: asked.method,
        headers,
        agent: false,
      }
      const sent = request(options, async (answer) => {
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk as Buffer)
        const status = answer.statusCode ?? 500
        const answered = new Headers()
        for (const [name, value] of Object.entries(answer.headersDistinct)) {
          for (const one of value ?? []) answered.append(name, one)
        }
        const content = WITHOUT_BODY.includes(status) ? null : Buffer.concat(chunks)
        resolve(new Response(content, { status, headers: answered }))
      })
      sent.once('error', reject)
      asked.signal.addEventListener('abort', () => sent.destroy(asked.signal.reason), { once: true })
      sent.end(body)
    })
  }
}
