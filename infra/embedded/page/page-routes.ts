import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { SECURITY_HEADERS, vaultProblem } from '../../../functions/middleware/problem-response.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import type { Clock } from '../../../shared/ports/clock.ts'
import type { TokenVerifier } from '../../../shared/ports/token-verifier.ts'
import { PAGE_VIEWS } from '../../web/page-paths.ts'
import { calledAs } from '../commands/called-as.ts'
import type { RegisteredClient } from '../issuer/client-registry.ts'
import type { LocalRoute } from '../issuer/issuer-routes.ts'
import { mountOf, type PageFiles } from './page-files.ts'
import { PAGE_TOKEN_SECONDS, type PageSession, type PageSessions } from './page-sessions.ts'

type Answer = APIGatewayProxyStructuredResultV2

/** What signs people in; absent with a foreign issuer, whose own sign-in the page then uses. */
export interface PageSignIn {
  readonly sessions: PageSessions
  readonly verifier: TokenVerifier
  readonly clock: Clock
  /** The address a person opens, without a trailing slash. */
  readonly publicUrl: string
  mint(
    client: RegisteredClient,
    options: { person: string; scopes: readonly string[]; seconds: number },
  ): Promise<string>
}

/** The page's own views; a path under `/vault` that names none is answered like any unknown one. */
const PAGES = ['/vault', '/vault/', '/vault/{view}', '/vault/{view}/{id}'] as const
const VIEWS: ReadonlySet<string> = new Set(PAGE_VIEWS)
/** A person's name, as it stands in events: nothing in it may steer a terminal. */
const PERSON = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u

/** The vault page, its files, and its sign-in. */
export function pageRoutes(files: PageFiles, signIn: PageSignIn | undefined): LocalRoute[] {
  const page = PAGES.map(
    (path): LocalRoute => ({
      method: 'GET',
      path,
      answer: async (event) => {
        const { view } = event.pathParameters ?? {}
        if (view !== undefined && !VIEWS.has(view)) return notFound()
        return (await files.answer('index.html', event)) ?? notFound()
      },
    }),
  )
  const asset: LocalRoute = {
    method: 'GET',
    path: '/vault/assets/{file}',
    answer: async (event) =>
      (await files.answer(`assets/${event.pathParameters?.['file']}`, event)) ?? notFound(),
  }
  const named = ['picker.js', 'config.json'].map(
    (name): LocalRoute => ({
      method: 'GET',
      path: `/vault/${name}`,
      answer: async (event) => (await files.answer(name, event)) ?? notFound(),
    }),
  )
  return [front(), ...page, asset, ...named, ...(signIn === undefined ? [] : signInRoutes(signIn))]
}

/** A browser that is sent to the root wants the page; a program gets the answer it always got. */
function front(): LocalRoute {
  return {
    method: 'GET',
    path: '/',
    answer: async (event) =>
      /\btext\/html\b/.test(event.headers['accept'] ?? '')
        ? { statusCode: 302, headers: { location: 'vault', 'cache-control': 'no-store' } }
        : notFound(),
  }
}

function signInRoutes(signIn: PageSignIn): LocalRoute[] {
  const guarded =
    (handle: (event: APIGatewayProxyEventV2) => Promise<Answer>) => async (event: APIGatewayProxyEventV2) => {
      try {
        return await handle(event)
      } catch (error) {
        if (!(error instanceof VaultError)) throw error
        const problem = vaultProblem(error)
        return { ...problem, headers: { ...SECURITY_HEADERS, ...problem.headers } }
      }
    }
  return [
    { method: 'POST', path: '/vault/tickets', answer: guarded((event) => makeTicket(signIn, event)) },
    { method: 'POST', path: '/vault/session', answer: guarded((event) => beginSession(signIn, event)) },
    { method: 'POST', path: '/vault/session/renew', answer: guarded((event) => renewSession(signIn, event)) },
    { method: 'POST', path: '/vault/session/end', answer: guarded((event) => endSession(signIn, event)) },
  ]
}

/** For whoever holds a token already: the address that signs a person in, once. */
async function makeTicket(signIn: PageSignIn, event: APIGatewayProxyEventV2): Promise<Answer> {
  const [, token = ''] = /^bearer +(\S{1,8192})$/i.exec(event.headers['authorization'] ?? '') ?? []
  const caller = await signIn.verifier.verify(token, signIn.clock.nowMs())
  // Or a token that a page has held would sign people in for good.
  if (caller.person !== undefined) {
    throw new VaultError('insufficient-scope', 'The token is a person’s. Ask with one of the client itself.')
  }
  const { person } = bodyOf(event)
  if (typeof person !== 'string' || !PERSON.test(person)) {
    throw new VaultError('invalid-body', 'Missing or malformed property: person', {
      field: 'person',
      allowed: '1 to 100 characters without control characters',
    })
  }
  const who = { clientId: caller.clientId, person, scopes: [...caller.scopes] }
  const { ticket, endsAtMs } = signIn.sessions.issueTicket(who)
  return json({ url: signInUrl(signIn.publicUrl, ticket), expires_at: new Date(endsAtMs).toISOString() })
}

/** Where a person signs in with a ticket: it stands behind `#`, which no server and no log ever sees. */
export function signInUrl(publicUrl: string, ticket: string): string {
  return `${publicUrl}/vault#ticket=${ticket}`
}

async function beginSession(signIn: PageSignIn, event: APIGatewayProxyEventV2): Promise<Answer> {
  requireOwnPage(signIn, event)
  const { ticket } = bodyOf(event)
  const session = typeof ticket === 'string' ? await signIn.sessions.redeem(ticket) : undefined
  if (session === undefined) {
    throw new VaultError(
      'unauthenticated',
      `This link was used, or is older than a minute. Ask for another one: ${calledAs('open')}`,
    )
  }
  return withToken(signIn, session, event)
}

async function renewSession(signIn: PageSignIn, event: APIGatewayProxyEventV2): Promise<Answer> {
  requireOwnPage(signIn, event)
  const session = await signIn.sessions.find(cookieOf(event))
  if (session === undefined) throw new VaultError('unauthenticated', 'Nobody is signed in here.')
  if (bodyOf(event)['stay'] !== true) return withToken(signIn, session, event)
  return withToken(signIn, await signIn.sessions.extend(session), event)
}

async function endSession(signIn: PageSignIn, event: APIGatewayProxyEventV2): Promise<Answer> {
  requireOwnPage(signIn, event)
  await signIn.sessions.end(cookieOf(event))
  return {
    statusCode: 204,
    headers: { ...SECURITY_HEADERS, 'set-cookie': cookieLine(signIn, event, { value: '', seconds: 0 }) },
  }
}

async function withToken(
  signIn: PageSignIn,
  session: PageSession,
  event: APIGatewayProxyEventV2,
): Promise<Answer> {
  const leftS = Math.floor((session.endsAtMs - signIn.clock.nowMs()) / 1000)
  const seconds = Math.max(1, Math.min(PAGE_TOKEN_SECONDS, leftS))
  const { client, person, scopes } = session
  const token = await signIn.mint(client, { person, scopes, seconds })
  const answer = json({
    access_token: token,
    expires_in: seconds,
    session_expires_at: new Date(session.endsAtMs).toISOString(),
  })
  const cookie = cookieLine(signIn, event, { value: session.cookie, seconds: leftS })
  return { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } }
}

/**
 * The cookie is `SameSite=Strict`; this is the second lock. A form of another site can send neither header, and a
 * script of another origin says where it comes from.
 */
function requireOwnPage({ publicUrl }: PageSignIn, event: APIGatewayProxyEventV2): void {
  const { origin, 'sec-fetch-site': site, 'content-type': type = '' } = event.headers
  const isOwn = site === undefined || site === 'same-origin'
  if (isOwn && isOwnOrigin(origin, publicUrl, event) && type.startsWith('application/json')) return
  throw new VaultError('insufficient-scope', 'Only the vault page itself may ask for this.')
}

/** That of the public URL, whatever Host a proxy makes of it, or that of the listener that was reached directly. */
function isOwnOrigin(origin: string | undefined, publicUrl: string, event: APIGatewayProxyEventV2): boolean {
  if (origin === undefined || origin === new URL(publicUrl).origin) return true
  return URL.canParse(origin) && new URL(origin).host === event.headers['host']
}

function bodyOf(event: APIGatewayProxyEventV2): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(event.body ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Ports share cookies, so the name holds ours; over TLS the name itself says that it came over TLS. */
function cookieName(event: APIGatewayProxyEventV2): string {
  const port = /:(\d+)$/.exec(event.headers['host'] ?? '')?.[1] ?? '0'
  return `${isSecure(event) ? '__Secure-' : ''}fv-page-${port}`
}

/** A browser says itself over what it came, also to a proxy that passes nothing of it on. */
function isSecure(event: APIGatewayProxyEventV2): boolean {
  const { origin = '', 'x-forwarded-proto': scheme } = event.headers
  return scheme === 'https' || origin.startsWith('https://')
}

function cookieOf(event: APIGatewayProxyEventV2): string {
  const prefix = `${cookieName(event)}=`
  return event.cookies?.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length) ?? ''
}

function cookieLine(
  { publicUrl }: PageSignIn,
  event: APIGatewayProxyEventV2,
  cookie: { value: string; seconds: number },
): string {
  const secure = isSecure(event) ? '; Secure' : ''
  return `${cookieName(event)}=${cookie.value}; Path=${mountOf(publicUrl)}/vault/session; Max-Age=${cookie.seconds}; HttpOnly; SameSite=Strict${secure}`
}

function json(body: unknown): Answer & { headers: Record<string, string> } {
  return {
    statusCode: 200,
    headers: { ...SECURITY_HEADERS, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}

function notFound(): Answer {
  const problem = vaultProblem(new VaultError('not-found', 'Not Found'))
  return { ...problem, headers: { ...SECURITY_HEADERS, ...problem.headers } }
}
