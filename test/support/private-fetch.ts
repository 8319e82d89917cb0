import { Agent, request } from 'node:https'

/** A `fetch` that trusts one private authority, which Node's own cannot be told to do from inside a process. */
export function fetchTrusting(caPem: string): { fetch: typeof fetch; close(): void } {
  const agent = new Agent({ ca: caPem, keepAlive: true })
  return {
    fetch: async (input, init) => {
      const wanted = new Request(input, init)
      const body = Buffer.from(await wanted.arrayBuffer())
      return new Promise((resolve, reject) => {
        const sent = request(
          wanted.url,
          { method: wanted.method, headers: Object.fromEntries(wanted.headers), agent },
          (answer) => {
            const chunks: Buffer[] = []
            answer.on('data', (chunk: Buffer) => chunks.push(chunk))
            answer.on('error', reject)
            answer.on('end', () => {
              const { statusCode: status = 0, headers } = answer
              const text = chunks.length === 0 ? null : Buffer.concat(chunks)
              resolve(new Response(text, { status, headers: headers as Record<string, string> }))
            })
          },
        )
        sent.on('error', reject)
        sent.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}
