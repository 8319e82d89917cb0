import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { handOn } from '../hand-on.ts'
import { type LocalService, listenLocally } from '../local-service.ts'
import type { LocalVault } from '../local-vault.ts'
import { type Action, actionsOf, type Run } from './actions.ts'
import { Flows, type Step } from './flows.ts'

/** What the editor's page may load: itself and the picker, and lit's templates. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html"
const PAGE = path.join(import.meta.dirname, 'page')
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/editor.js': ['editor.js', 'text/javascript; charset=utf-8'],
  '/editor.css': ['editor.css', 'text/css; charset=utf-8'],
}
const MAX_BODY_BYTES = 64 * 1024

/** Serves the editor on loopback. What it does not know goes on to the vault, so that the picker needs no CORS. */
export async function startFlowEditor(options: {
  readonly vault: LocalVault
  readonly twilio: Run['twilio']
  readonly ordersUrl: string
  readonly port?: number
}): Promise<LocalService> {
  const { vault } = options
  const actions = actionsOf(options.ordersUrl)
  const flows = new Flows({
    vault,
    actions,
    twilio: options.twilio,
    addressOf: (flowId) => `${editor.url}/#${flowId}`,
  })
  const server = createServer((asked, answer) => {
    handle({ vault, flows, actions }, asked, answer).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      if (answer.headersSent) answer.destroy()
      else send(answer, { message }, 500)
    })
  })
  const editor = await listenLocally(server, options.port)
  return editor
}

interface Editor {
  readonly vault: LocalVault
  readonly flows: Flows
  readonly actions: readonly Action[]
}

async function handle(editor: Editor, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { pathname } = new URL(asked.url ?? '/', 'http://editor')
  const file = FILES[pathname]
  if (file !== undefined) {
    const body = await readFile(path.join(PAGE, file[0]))
    answer.writeHead(200, { 'content-type': file[1], 'content-security-policy': POLICY }).end(body)
    return
  }
  switch (`${asked.method} ${pathname}`) {
    case 'GET /editor/actions':
      return send(answer, editor.actions)
    case 'GET /editor/flows':
      return send(answer, editor.flows.list())
    case 'PUT /editor/flows':
      return send(answer, await editor.flows.save(await bodyOf(asked)))
    case 'POST /editor/runs':
      return send(answer, await editor.flows.run((await bodyOf<{ id: string }>(asked)).id))
    // A real editor asks who is signed in to it, and hands out a token for that person's tenant and rights alone.
    case 'GET /editor/token':
      return send(answer, { token: await editor.vault.getToken() })
    default:
      return handOn(editor.vault.url, asked, answer)
  }
}

async function bodyOf<T = { id?: string; name: string; steps: readonly Step[] }>(
  asked: IncomingMessage,
): Promise<T> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of asked) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_BODY_BYTES) throw new Error('A flow has at most 64 KiB.')
    chunks.push(chunk as Buffer)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as T
}

function send(answer: ServerResponse, body: unknown, status = 200): void {
  answer
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    .end(JSON.stringify(body))
}
