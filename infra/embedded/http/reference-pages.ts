import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { asyncApiDocument } from '../../../functions/api/asyncapi.ts'
import { openApiDocument } from '../../../functions/api/openapi.ts'
import { allRoutes } from '../../../functions/route-table.ts'
import type { ServerAnswer } from './gateway-answer.ts'
import { ReadyDocument } from './ready-document.ts'

/**
 * Everything comes from our own origin. Swagger UI sets inline styles and draws its icons from data URLs; scripts
 * stay in files.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** Addresses are relative, so that they hold below a path of a reverse proxy's too. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flow Vault API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`

const START_SCRIPT = `SwaggerUIBundle({ url: 'openapi.json', domNode: document.getElementById('reference'), deepLinking: true, validatorUrl: null })
`

/** Beside the built server, or in the installed package. */
const BUILT_FOLDER = path.join(import.meta.dirname, 'reference')
const PACKAGE_FOLDER = existsSync(BUILT_FOLDER)
  ? BUILT_FOLDER
  : path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
const SCRIPT = 'text/javascript; charset=utf-8'

/**
 * The documents that anybody may read, by their paths: the OpenAPI document, whose server is `publicUrl`, the
 * browsable reference over it, and the AsyncAPI document, whose server has to be named: by `url` when nobody has said
 * another. Each is made ready when it is first asked for.
 */
export class ReferencePages {
  readonly #sources: Readonly<Record<string, { type: string; read(): Promise<string> | string }>>
  readonly #ready = new Map<string, Promise<ReadyDocument>>()

  constructor({ publicUrl, url }: { publicUrl?: string | undefined; url: string }) {
    this.#sources = {
      // Relative to where it was read from, when nobody has said by which address the vault is reached.
      '/openapi.json': {
        type: 'application/json; charset=utf-8',
        read: () => JSON.stringify(openApiDocument(allRoutes(), publicUrl ?? './')),
      },
      '/asyncapi.json': {
        type: 'application/json; charset=utf-8',
        read: () => JSON.stringify(asyncApiDocument(publicUrl ?? url)),
      },
      '/docs': { type: 'text/html; charset=utf-8', read: () => PAGE },
      '/docs/start.js': { type: SCRIPT, read: () => START_SCRIPT },
      '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', read: () => packaged('swagger-ui.css') },
      '/docs/swagger-ui-bundle.js': { type: SCRIPT, read: () => packaged('swagger-ui-bundle.js') },
    }
  }

  get paths(): readonly string[] {
    return Object.keys(this.#sources)
  }

  /** The answer for one of `paths`. */
  async answer(pagePath: string, event: APIGatewayProxyEventV2): Promise<ServerAnswer> {
    const ready = this.#ready.get(pagePath) ?? this.#make(pagePath)
    return (await ready).answer(event)
  }

  #make(pagePath: string): Promise<ReadyDocument> {
    const { type, read } = this.#sources[pagePath]!
    const ready = Promise.resolve(read())
      .then((text) => ReadyDocument.make(text, { ...HEADERS, 'content-type': type }))
      .catch((error: unknown) => {
        // The next request tries again.
        this.#ready.delete(pagePath)
        throw error
      })
    this.#ready.set(pagePath, ready)
    return ready
  }
}

function packaged(file: string): Promise<string> {
  return readFile(path.join(PACKAGE_FOLDER, file), 'utf8')
}
