/**
 * OpenID Connect Core §3.1.2.1 and §5.4: they are for the ID token and the UserInfo endpoint. Providers leave them
 * out of an access token's scopes (Microsoft), or call them otherwise (Google), although they granted them.
 */
const IDENTITY_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'address', 'phone'])
/** OpenID Connect Core §11: it asks for a refresh token, and whether one came tells more than a list without it. */
const OFFLINE_ACCESS = 'offline_access'
/** Entra: `https://graph.microsoft.com/.default` stands for all that is consented to, and is answered with the names. */
const DEFAULT_SCOPE = /(?:^|\/)\.default$/

/**
 * By a broad scope the narrow ones that its provider grants with it and does not tell of any more (GitHub, Shopify); a
 * `*` at the end stands for the same in all of them.
 */
export type CoveredScopes = Readonly<Record<string, readonly string[]>>

/**
 * The single scopes of what an answer says was granted. RFC 6749 §3.3 puts blanks between them; GitHub and Slack put
 * commas, others a plus, a semicolon or a bar. Those separate too, unless a scope that was asked for holds one itself.
 */
export function splitGranted(text: string, asked: readonly string[]): string[] {
  const separators = [',', '+', ';', '|'].filter(
    (separator) => !asked.some((scope) => scope.includes(separator)),
  )
  let plain = text
  for (const separator of separators) plain = plain.replaceAll(separator, ' ')
  return [...new Set(plain.split(/\s+/).filter((scope) => scope !== ''))]
}

/**
 * The scopes that were asked for and not granted, as their provider means them: order and case do not count, nor
 * whether the resource is spelled out (`https://graph.microsoft.com/User.Read` and `User.Read` are one), and what
 * stands for others, or is not told of access tokens, is not compared. What a broader one covers is granted with it.
 */
export function scopesNotGranted(
  asked: readonly string[],
  granted: readonly string[],
  { hasRefreshToken, covers = {} }: { readonly hasRefreshToken: boolean; readonly covers?: CoveredScopes },
): string[] {
  const told = granted.flatMap((scope) => [scope, ...splitGranted(scope, asked)]).map(normalized)
  const names = told.flatMap((scope) => [scope, ...coveredBy(scope, covers)])
  const isGranted = (scope: string) => names.some((name) => isSame(normalized(scope), name))
  return asked.filter((scope) => {
    if (IDENTITY_SCOPES.has(scope) || DEFAULT_SCOPE.test(scope)) return false
    if (scope === OFFLINE_ACCESS) return !hasRefreshToken && !isGranted(scope)
    // One that holds a separator may be several.
    return !(isGranted(scope) || (scope.includes(',') && scope.split(',').every(isGranted)))
  })
}

/** Two full names of different resources differ; a short one is that of any resource. */
function isSame(asked: string, granted: string): boolean {
  if (asked === granted) return true
  const [short, full] = asked.includes('/') ? [granted, asked] : [asked, granted]
  return !short.includes('/') && full.endsWith(`/${short}`)
}

function normalized(scope: string): string {
  return scope.trim().toLowerCase().replace(/\/$/, '')
}

function coveredBy(granted: string, covers: CoveredScopes): string[] {
  return Object.entries(covers).flatMap(([broad, narrow]) => {
    const isFamily = broad.endsWith('*')
    const stem = isFamily ? broad.slice(0, -1) : broad
    if (isFamily ? !granted.startsWith(stem) : granted !== broad) return []
    return narrow.map((name) => name.replace('*', granted.slice(stem.length)))
  })
}
