import { isRefreshTokenMember } from '../domain/refresh-token-member.ts'
import type { FieldFormat } from './connector.ts'

/** The longest URL we keep: what browsers and proxies commonly carry. */
export const MAX_URL_CHARS = 2_048
/** RFC 1035 §2.3.4: 255 octets on the wire, 253 as text without the final dot; 63 in a label. */
export const MAX_HOST_CHARS = 253
/** RFC 5321 §4.5.3.1: 256 octets of path, two of which are the angle brackets. */
const MAX_EMAIL_CHARS = 254
const MAX_EMAIL_LOCAL_CHARS = 64

interface FormatRule {
  /** The name in messages: the one Auth0's API uses, where it has one. */
  readonly publicName: string
  /** What is accepted, in a few words, for a person. */
  readonly allowed: string
  readonly accepts: (text: string) => boolean
}

/** True when the text is of the format. Every check takes linear time, whatever the text. */
export function hasFormat(format: StringFormat, text: string): boolean {
  return text.isWellFormed() && FORMATS[format].accepts(text)
}

/** The format's name in messages, such as `forms-url-https`. */
export function formatName(format: StringFormat): string {
  return FORMATS[format].publicName
}

/** What the format accepts, in a few words. */
export function formatAllows(format: StringFormat): string {
  return FORMATS[format].allowed
}

/** The formats of fields that are no text; each has a schema of its own. */
export type StructuredFormat = 'named-values' | 'member-names' | 'parameters' | 'seconds' | 'flag'

/** The formats of text fields. */
export type StringFormat = Exclude<FieldFormat, StructuredFormat>

/** True for an RFC 9110 §5.5 field value: visible ASCII, blanks only inside. No CR, LF or NUL ever. */
export function isHeaderValue(text: string): boolean {
  return /^[\x21-\x7e\x20\t]*$/.test(text) && text.trim() === text && text !== ''
}

/**
 * True for an RFC 9110 §5.1 token that does not frame or route the request: a credential in `Host` or
 * `Content-Length` could send the call elsewhere, or smuggle a second one (RFC 9112 §6.3, §11.2).
 */
export function isCredentialHeaderName(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) && !FRAMING_HEADERS.has(text.toLowerCase())
}

/** True for an https URL with a host, no user information and no fragment. */
export function isHttpsUrl(text: string): boolean {
  return /^https:/i.test(text) && isWebUrl(text) && !text.includes('#')
}

/** True for an http or https URL with a host and no user information; a fragment may follow. */
export function isWebUrl(text: string): boolean {
  // The URL parser drops tabs and line breaks and accepts back slashes; a stored URL must mean one thing only.
  if (text.length > MAX_URL_CHARS || !/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return false
  const [, authority = ''] = /^https?:\/\/([^/?#]+)/i.exec(text) ?? []
  return authority !== '' && !authority.includes('@') && URL.canParse(text)
}

/**
 * True for an https URL once each `{member}` in it stands for a value; one at the start is a whole URL. The URL is shown
 * and logged, so no member of it is a refresh token.
 */
function isUrlTemplate(text: string): boolean {
  if ([...text.matchAll(/\{([^{}]*)\}/g)].some(([, name = '']) => isRefreshTokenMember(name))) return false
  const whole = text.replace(/^\{[A-Za-z_][\w.-]{0,63}\}/, 'https://member.example')
  const filled = whole.replace(/\{[A-Za-z_][\w.-]{0,63}\}/g, 'member')
  return isHttpsUrl(filled) && !/[{}]/.test(filled)
}

/** True for a host name as RFC 2181 §11 has it: labels of 1 to 63 characters, underscores allowed, no port. */
export function isHostname(text: string): boolean {
  if (text.length === 0 || text.length > MAX_HOST_CHARS) return false
  return text.split('.').every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))
}

/** True when the host is one of `hosts` or a subdomain of one. Accepts a host name or a URL. */
export function isUnderHosts(text: string, hosts: readonly string[]): boolean {
  const host = (text.includes('://') ? (URL.parse(text)?.hostname ?? '') : text).toLowerCase()
  return hosts.some((allowed) => host === allowed || host.endsWith(`.${allowed}`))
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1 || at > MAX_EMAIL_LOCAL_CHARS || text.length > MAX_EMAIL_CHARS) return false
  return /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+$/.test(text.slice(0, at)) && isHostname(text.slice(at + 1))
}

/**
 * RFC 7468 §2: the label between five dashes, base64 lines, the same label at the end. Line breaks may be spelled
 * `\n`, as they are in the JSON key files that keys are copied from.
 */
function isPem(text: string, labels: readonly string[]): boolean {
  const lines = text
    .replaceAll('\\n', '\n')
    .trim()
    .split(/\r\n|\n|\r/)
  const label = /^-----BEGIN ([A-Z ]{1,30})-----$/.exec(lines[0] ?? '')?.[1] ?? ''
  if (!labels.includes(label) || lines.length < 3 || lines.at(-1) !== `-----END ${label}-----`) return false
  return lines.slice(1, -1).every((line) => /^[A-Za-z0-9+/=]+$/.test(line))
}

const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const PRIVATE_KEY_LABELS = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']
const PUBLIC_KEY_LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE']

const FORMATS: Readonly<Record<StringFormat, FormatRule>> = {
  text: {
    publicName: 'text',
    allowed: 'text without control characters other than tab and line breaks',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
    accepts: (text) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.test(text),
  },
  'single-line': {
    publicName: 'single-line',
    allowed: 'one line of text without control characters',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
    accepts: (text) => !/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text),
  },
  'visible-ascii': {
    publicName: 'visible-ascii',
    allowed: 'visible ASCII characters without spaces',
    accepts: (text) => /^[\x21-\x7e]*$/.test(text),
  },
  'header-value': {
    publicName: 'header-value',
    allowed: 'visible ASCII characters, spaces only between them',
    accepts: isHeaderValue,
  },
  'https-url': {
    publicName: 'forms-url-https',
    allowed: `an https:// URL without user information or fragment, at most ${MAX_URL_CHARS} characters`,
    accepts: isHttpsUrl,
  },
  hostname: {
    publicName: 'hostname-rfc2181',
    allowed: 'a host name without scheme, port or path, such as acme.example.com',
    accepts: isHostname,
  },
  email: { publicName: 'email', allowed: 'an e-mail address', accepts: isEmail },
  'pem-private-key': {
    publicName: 'pem-private-key',
    allowed: 'an unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)',
    accepts: (text) => isPem(text, PRIVATE_KEY_LABELS),
  },
  'pem-public-key': {
    publicName: 'pem-public-key',
    allowed: 'a PEM public key or certificate (-----BEGIN PUBLIC KEY-----)',
    accepts: (text) => isPem(text, PUBLIC_KEY_LABELS),
  },
  'url-template': {
    publicName: 'url-template',
    allowed:
      'an https:// URL, in which {name} stands for a member of the provider’s answer, but no refresh token; or {name} alone',
    accepts: isUrlTemplate,
  },
  'scope-list': {
    publicName: 'scope-list',
    // RFC 6749 §3.3: everything visible but the double quote and the back slash.
    allowed: 'scopes of visible ASCII characters, separated by single spaces',
    accepts: (text) => /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(text),
  },
}
