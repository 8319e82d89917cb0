import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { WebFile } from '../../web/bundle-web.ts'
import { type PageIssuer, pageConfig, pageConnects, pageSecurityPolicy } from '../../web/page-config.ts'
import { pageFiles } from './built-page.ts'

const COMMON_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } as const
const YEAR_SECONDS = 31_536_000

/** The path of a public URL under which a proxy serves the vault, without a slash at its end; empty at the root. */
export function mountOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/$/, '')
}

interface StoredFile extends WebFile {
  readonly etag: string
  readonly gzip: Buffer
}

/** The files of the vault page, made once, when somebody first asks for one. */
export class PageFiles {
  readonly #config: WebFile
  readonly #policy: string
  readonly #mount: string
  #files: Promise<ReadonlyMap<string, StoredFile>> | undefined

  /** `signIn`: by our own link, at another issuer, or not at all where nobody has said how. */
  constructor(signIn: PageIssuer | 'link' | 'none', publicUrl: string) {
    this.#mount = mountOf(publicUrl)
    this.#config = pageConfig(signIn)
    this.#policy = pageSecurityPolicy(typeof signIn === 'string' ? [] : pageConnects(signIn))
  }

  /** The file of that path under `/vault/`, or undefined when there is none. */
  async answer(
    file: string,
    event: APIGatewayProxyEventV2,
  ): Promise<APIGatewayProxyStructuredResultV2 | undefined> {
    this.#files ??= this.#load()
    const found = (await this.#files).get(file)
    if (found === undefined) return undefined
    const headers = headersOf(found, this.#policy)
    if (event.headers['if-none-match'] === found.etag) return { statusCode: 304, headers }
    const zipped = /\bgzip\b/.test(event.headers['accept-encoding'] ?? '')
    return {
      statusCode: 200,
      headers: { ...headers, ...(zipped ? { 'content-encoding': 'gzip' } : {}) },
      body: (zipped ? found.gzip : found.body).toString('base64'),
      isBase64Encoded: true,
    }
  }

  async #load(): Promise<ReadonlyMap<string, StoredFile>> {
    try {
      const files = [...(await pageFiles()).map((file) => mounted(file, this.#mount)), this.#config]
      return new Map(files.map((file) => [file.path, stored(file)]))
    } catch (error) {
      // The next request tries again.
      this.#files = undefined
      throw error
    }
  }
}

/** The one file that names others by their whole path. */
function mounted(file: WebFile, mount: string): WebFile {
  if (file.path !== 'index.html') return file
  return {
    ...file,
    body: Buffer.from(file.body.toString('utf8').replaceAll('="/vault/', `="${mount}/vault/`)),
  }
}

function stored(file: WebFile): StoredFile {
  const digest = createHash('sha256').update(file.body).digest('base64url').slice(0, 22)
  return { ...file, etag: `"${digest}"`, gzip: gzipSync(file.body, { level: 9 }) }
}

/** Scripts may be loaded by an editor of another origin, for the picker; the page itself stays in its own window. */
function headersOf(file: StoredFile, policy: string): Record<string, string> {
  const isPage = file.path === 'index.html'
  return {
    ...COMMON_HEADERS,
    'content-type': file.contentType,
    'cache-control': file.immutable ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
    ...(isPage
      ? {
          'content-security-policy': policy,
          'cross-origin-opener-policy': 'same-origin-allow-popups',
        }
      : { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }),
  }
}
