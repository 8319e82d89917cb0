import { type IncomingMessage, request, type ServerResponse } from 'node:http'

/** Hands a request on to the vault as it is, and the answer back: an editor on the vault's own origin needs no CORS. */
export function handOn(vaultUrl: string, asked: IncomingMessage, answer: ServerResponse): void {
  const to = new URL(asked.url ?? '/', vaultUrl)
  const headers = { ...asked.headers, host: to.host }
  const onward = request(to, { method: asked.method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  asked.pipe(onward)
}
