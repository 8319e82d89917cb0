import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/**
 * Everything comes from our own origin. Swagger UI sets inline styles and draws its icons from data URLs; scripts
 * stay in files.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flow Vault API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const START_SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', domNode: document.getElementById('reference'), deepLinking: true, validatorUrl: null })
`

/** Beside the built server, or in the installed package. */
const BUILT_FOLDER = path.join(import.meta.dirname, 'reference')
const PACKAGE_FOLDER = existsSync(BUILT_FOLDER)
  ? BUILT_FOLDER
  : path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

interface Asset {
  readonly contentType: string
  read(): Promise<string>
}

const ASSETS: Readonly<Record<string, Asset>> = {
  '/docs': { contentType: 'text/html; charset=utf-8', read: async () => PAGE },
  '/docs/start.js': { contentType: 'text/javascript; charset=utf-8', read: async () => START_SCRIPT },
  '/docs/swagger-ui.css': { contentType: 'text/css; charset=utf-8', read: () => packaged('swagger-ui.css') },
  '/docs/swagger-ui-bundle.js': {
    contentType: 'text/javascript; charset=utf-8',
    read: () => packaged('swagger-ui-bundle.js'),
  },
}

/** The paths of the browsable API reference. */
export const REFERENCE_PATHS: readonly string[] = Object.keys(ASSETS)

/** One file of the browsable reference, Swagger UI over `/openapi.json`. */
export async function referencePage(pagePath: string): Promise<APIGatewayProxyStructuredResultV2> {
  const asset = ASSETS[pagePath]!
  return {
    statusCode: 200,
    headers: {
      'content-type': asset.contentType,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
    body: await asset.read(),
  }
}

function packaged(file: string): Promise<string> {
  return readFile(path.join(PACKAGE_FOLDER, file), 'utf8')
}
