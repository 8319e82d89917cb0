import type { TokenFailure } from '../../ports/oauth-client.ts'

/** What a refusal amounts to, and the words for it. */
export interface RefusalMeaning {
  readonly kind: TokenFailure['kind']
  readonly sentence: string
}

const DEAD: RefusalMeaning = { kind: 'grant-dead', sentence: 'the grant is not valid, or no longer' }
const REFUSED: RefusalMeaning = { kind: 'refused', sentence: 'the request was refused' }
const BUSY: RefusalMeaning = { kind: 'passing', sentence: 'the provider is busy' }
const FAILED: RefusalMeaning = { kind: 'unknown', sentence: 'the provider reported an error of its own' }
const CLIENT: RefusalMeaning = {
  kind: 'app-broken',
  sentence: 'the client id or client secret was refused',
}
const REDIRECT: RefusalMeaning = { kind: 'refused', sentence: 'the redirect URI was refused' }

/**
 * By code, in lower case with underscores. RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 8628 §3.5, OpenID Connect
 * Core §3.1.2.6; the others are what providers say in their place: GitHub's pages name `bad_refresh_token`,
 * `bad_verification_code` and `incorrect_client_credentials`, Slack's `token_expired` and its kin.
 */
const MEANINGS: Readonly<Record<string, RefusalMeaning>> = {
  ...all(
    DEAD,
    'invalid_grant interaction_required login_required consent_required account_selection_required',
    'bad_refresh_token invalid_refresh_token invalid_refreshtoken refresh_token_invalid expired_refresh_token',
    'refresh_token_expired refresh_token_revoked revoked_refresh_token refresh_token_not_found refresh_token_used',
    'refresh_token_reused refresh_token_reuse refresh_token_inactive unknown_refresh_token invalid_token',
    'token_invalid token_expired expired_token token_revoked revoked_token token_inactive inactive_token',
    'token_not_found session_expired session_not_active session_not_found grant_expired grant_revoked',
    'grant_not_found authorization_revoked authorization_expired consent_revoked reauth_required',
    'reauthentication_required reauthorization_required account_inactive user_inactive inactive_user user_revoked',
    'invalid_code code_expired expired_code code_already_used code_used invalid_authorization_code',
    'bad_verification_code invalid_authentication_token',
  ),
  ...all(
    CLIENT,
    'invalid_client invalid_client_id invalid_client_secret bad_client_id bad_client_secret client_not_found',
    'unknown_client invalid_client_credentials incorrect_client_credentials client_authentication_failed',
    'invalid_credentials invalid_client_identifier',
  ),
  unauthorized_client: { kind: 'app-broken', sentence: 'the client may not use this grant type' },
  ...all(
    { kind: 'app-broken', sentence: 'the client is not active at the provider' },
    'application_suspended client_disabled app_disabled application_disabled client_suspended client_inactive',
  ),
  ...all(
    BUSY,
    'temporarily_unavailable slow_down rate_limit_exceeded rate_limited ratelimited rate_limit rate_limit_error',
    'too_many_requests toomanyrequests throttled throttling throttling_exception quota_exceeded over_quota',
    'request_limit_exceeded limit_exceeded try_again_later server_busy system_busy too_many_attempts',
    'request_throttled',
  ),
  ...all(
    FAILED,
    'server_error internal_error internal_server_error fatal_error backend_error service_unavailable',
    'gateway_timeout bad_gateway timeout request_timeout',
  ),
  invalid_request: REFUSED,
  invalid_scope: { kind: 'refused', sentence: 'a scope was refused' },
  invalid_target: { kind: 'refused', sentence: 'the audience or resource was refused' },
  unsupported_grant_type: { kind: 'refused', sentence: 'the provider does not know this grant type' },
  access_denied: { kind: 'refused', sentence: 'access was denied' },
  redirect_uri_mismatch: REDIRECT,
  invalid_redirect_uri: REDIRECT,
}

/** Google: the organization's session policy asks the person to sign in again; nobody revoked anything. */
const REAUTHENTICATION_POLICY: RefusalMeaning = {
  kind: 'grant-dead',
  sentence: 'the organization’s policy asks the person to authorize again',
}

const THING = '(?:refresh[ _-]?token|session|grant|authori[sz]ation code|consent)'
const END =
  "(?:expired|invalid|revoked|not valid|not active|inactive|not found|unknown|no longer|already (?:been )?used|reused?|does ?n[o’']t exist|malformed|bad)"
/**
 * "Refresh token expired", "Session not active"; "invalid refresh_token". Up to four words may stand between. Of a token
 * that is not said to be the refresh token only what somebody did counts, "Token has been revoked": "Token expired" may
 * be of a gateway's own token, or of the client's assertion.
 */
const DEAD_WORDS = new RegExp(
  `\\b${THING}\\b(?:\\W+\\w+){0,4}?\\W+${END}|\\b${END}\\W+(?:\\w+\\W+){0,3}?${THING}\\b|\\bauthori[sz]ation (?:is |was |has (?:been )?)?${END}|${END}\\W+token\\W*$|^\\W*(?:the )?token (?:(?:is |was )?revoked|has (?:already )?been (?:expired|revoked))\\b`,
  'i',
)
/** A token that was not sent, or a parameter that has another form, says nothing about the grant. */
const NOT_DEAD_WORDS = /\b(?:missing|required|parameter|unsupported|grant[ _-]?types?)\b/i
const BUSY_WORDS =
  /\b(?:rate|request)[ -]?limit|\btoo many (?:requests|attempts)|\bthrottl|\bquota|\btry again later|\btemporarily unavailable/i
/** These say that a good grant was not looked at, whatever the code beside them. */
const NOT_LOOKED_AT = /\brate[ -]?limit|\btoo many (?:requests|attempts)|\bthrottl/i
const CLIENT_THING =
  '(?:(?:client|app(?:lication)?)[ _-]?(?:id(?:entifier)?|key|secret|credentials?|authentication)|client)'
const WRONG = '(?:invalid|incorrect|wrong|bad|unknown|not found|mismatch|failed|error validating)'
/** "Invalid client secret", "client_id is invalid": of a client, whose grants live. */
const CLIENT_WORDS = new RegExp(
  `\\b${CLIENT_THING}\\b(?:\\W+(?:is|was|are|does|has))?\\W+${WRONG}\\b|\\b${WRONG}\\W+(?:the\\W+)?${CLIENT_THING}\\b(?! [a-z]*(?:type|assertion))`,
  'i',
)

/** A refusal by its cleaned or raw words; nothing of it is kept. */
export interface ReadRefusal {
  readonly code: string | undefined
  readonly subtype: string | undefined
  readonly words: string
  readonly status: number
}

/**
 * What a refusal means: by its code, where that is plain; by its words, where the code is one of those that are
 * used for everything, or is none that is known; else by the status. A 401 is about the client's credentials
 * (RFC 6749 §5.2).
 */
export function meaningOf(refusal: ReadRefusal): RefusalMeaning {
  const plain = plainMeaningOf(refusal)
  const isAccess = plain === MEANINGS['access_denied'] || plain === undefined
  return refusal.status === 401 && isAccess ? CLIENT : (plain ?? REFUSED)
}

/** The same by code and words alone; undefined when they tell nothing. */
export function plainMeaningOf({ status, words, ...refusal }: ReadRefusal): RefusalMeaning | undefined {
  const code = normalized(refusal.code ?? '')
  if (code === 'invalid_grant' && refusal.subtype === 'invalid_rapt') return REAUTHENTICATION_POLICY
  const byCode = meaningOfCode(refusal.code ?? '')
  if (byCode !== undefined && NOT_LOOKED_AT.test(words)) return BUSY
  const isDead = words.split('\n').some((line) => tellsOfDeath(line))
  if (code === 'unauthorized_client') {
    // Atlassian says so of a dead refresh token, and Keycloak of a wrong secret.
    if (isDead) return DEAD
    if (status === 401 || /\bcredentials?\b|\bsecret\b/i.test(words)) return CLIENT
  }
  if (byCode !== undefined && byCode.kind !== 'refused') return byCode
  const named = codesIn(words).find(({ kind }) => kind === 'grant-dead' || kind === 'passing')
  if (named !== undefined) return named
  if (BUSY_WORDS.test(words)) return BUSY
  if (isDead) return DEAD
  return CLIENT_WORDS.test(words) ? CLIENT : byCode
}

/** Where a sentence is about the client too, only a token that it names is dead. */
function tellsOfDeath(words: string): boolean {
  if (!DEAD_WORDS.test(words) || NOT_DEAD_WORDS.test(words)) return false
  return !CLIENT_WORDS.test(words) || /\b(?:refresh[ _-]?token|code)\b/i.test(words)
}

/** Whether a text is one of the codes that have a meaning here, and no sentence. */
export function isKnownCode(text: string): boolean {
  return !/\s/.test(text.trim()) && meaningOfCode(text) !== undefined
}

/** By the whole code, or by what is behind its name space: `keymanagement.service.invalid_refresh_token` (Apigee). */
function meaningOfCode(text: string): RefusalMeaning | undefined {
  const names = [text, text.trim().replace(/^.*[.:/#]/s, '')].map((name) => normalized(name))
  return names.map((name) => (Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined)).find(Boolean)
}

/** Codes that stand in the words, because the code is one that is used for everything, or is not there. */
function codesIn(words: string): RefusalMeaning[] {
  const found = words.match(/[A-Za-z]+(?:_[A-Za-z]+)+/g) ?? []
  return found.map((word) => MEANINGS[normalized(word)]).filter((meaning) => meaning !== undefined)
}

/** `BAD_REFRESH_TOKEN`, `badRefreshToken` and `bad-refresh-token` are one code. */
function normalized(code: string): string {
  return code
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .replace(/^(?:e|err|error|oauth2?)_(?=.)/, '')
}

function all(meaning: RefusalMeaning, ...codes: readonly string[]): Record<string, RefusalMeaning> {
  return Object.fromEntries(codes.flatMap((line) => line.split(' ')).map((code) => [code, meaning]))
}
