import path from 'node:path'
import { build } from 'esbuild'
import { handOn } from '../../../examples/hand-on.ts'
import { startLocalServer } from '../../support/local-server.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'

/** An editor of somebody else's: a page with the picker in it, and the vault behind the same origin. */
export interface EditorHost {
  readonly url: string
  close(): Promise<void>
}

/** What the page of an editor may load, as its README says: itself, and lit's templates. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types lit-html vue"

/** Serves one of `test/browser/hosts`, bundled, and hands every other path to the vault. */
export async function startEditorHost(options: {
  vaultUrl: string
  host: string
  token(): Promise<string>
}): Promise<EditorHost> {
  const built = await build({
    entryPoints: [path.join(PROJECT_ROOT, 'test/browser/hosts', options.host)],
    bundle: true,
    write: false,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['/vault/*'],
    logLevel: 'silent',
  })
  const script = built.outputFiles[0]!.text
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Editor</title></head><body><main><h1>Send an SMS</h1><div id="app"></div></main><script type="module" src="/host.js"></script></body></html>`
  return startLocalServer((asked, answer) => {
    const send = (type: string, body: string): void => {
      answer.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body)
    }
    if (asked.url === '/') send('text/html; charset=utf-8', page)
    else if (asked.url === '/host.js') send('text/javascript', script)
    else if (asked.url === '/token') void options.token().then((token) => send('text/plain', token))
    else handOn(options.vaultUrl, asked, answer)
  })
}
