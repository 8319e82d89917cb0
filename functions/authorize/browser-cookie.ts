import { randomAlphanumeric } from '../../shared/domain/ids.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { Random } from '../../shared/ports/random.ts'

/** 43 of 62 characters are 256 bits. */
const CHARACTERS = 43
const VALUE = /^[0-9A-Za-z]{43}$/
/** As long as an authorization is remembered; each one starts it anew. */
const LIFE_SECONDS = 3600

/** The browser's own name, one for all its authorizations, and the header that keeps it there. */
export interface BrowserCookie {
  readonly value: SecretText
  readonly setCookie: string
}

/** The browser as it calls itself, or undefined. Of two cookies of that name none can be told to be ours. */
export function findBrowser(cookies: readonly string[], publicUrl: string): SecretText | undefined {
  const prefix = `${cookieName(publicUrl)}=`
  const values = cookies.filter((cookie) => cookie.startsWith(prefix)).map((one) => one.slice(prefix.length))
  const [value] = values
  return values.length === 1 && value !== undefined && VALUE.test(value) ? new SecretText(value) : undefined
}

/** The browser as it calls itself, or as it is called from now on. */
export function browserCookie(
  cookies: readonly string[],
  { publicUrl, random }: { publicUrl: string; random: Random },
): BrowserCookie {
  const value = findBrowser(cookies, publicUrl) ?? new SecretText(randomAlphanumeric(CHARACTERS, random))
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''
  const setCookie = `${cookieName(publicUrl)}=${value.reveal()}; Path=/; Max-Age=${LIFE_SECONDS}; HttpOnly; SameSite=Lax${secure}`
  return { value, setCookie }
}

/**
 * `__Host-` binds it to exactly this host over TLS (RFC 6265bis §4.1.3.2). Plain http is for loopback only, where
 * Safari keeps no Secure cookie and where all ports share their cookies: the name keeps two vaults apart.
 */
function cookieName(publicUrl: string): string {
  const { protocol, port } = new URL(publicUrl)
  return protocol === 'https:' ? '__Host-fv' : `fv-${port === '' ? '80' : port}`
}
