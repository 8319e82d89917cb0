import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { TokenFailure, TokenRequest } from '../../ports/oauth-client.ts'

/** What was asked of the provider, and with whose client: the same failure is mended in different places. */
export interface Asked {
  readonly way: TokenRequest['grant']['kind']
  readonly kind: GrantProfile['kind']
  readonly client: GrantProfile['client']['from']
  /** A browser waits for this one answer: nothing is asked again by itself. */
  readonly once?: true
}

const TRIED_AGAIN = 'It is tried again by itself.'
const AUTHORIZE_AGAIN = 'Authorize the connection again.'
const AUTHORIZE_LATER = 'Authorize the connection again later.'
const IF_AGAIN = 'If that ends here too:'
const CHECK_NAME =
  'Check the host name, if the setup names it: private ones are called where the operator has allowed them (FLOW_VAULT_ALLOW_HOSTS).'
const CHECK_ENDPOINT = 'Check the token endpoint, if the setup names it.'
const BEARER_WANTED = 'Have the provider issue bearer tokens to the client.'
/** What the outgoing guard lets through. */
export const ALLOWED_TARGETS =
  'The vault calls public hosts by https on port 443, and those that its operator has allowed (FLOW_VAULT_ALLOW_HOSTS).'

/** By code, where the code alone tells; the rest follows from the failure's kind. */
const STEPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    invalid_scope: 'Ask for scopes that the provider knows and the client may have.',
    invalid_target: 'Correct the audience or resource in the setup.',
    access_denied: 'Allow the client this access at the provider.',
    unsupported_grant_type: CHECK_ENDPOINT,
    redirect: CHECK_ENDPOINT,
    invalid_answer: CHECK_ENDPOINT,
    unsupported_token_type: BEARER_WANTED,
    answer_too_large: 'Have the provider answer with less, such as fewer groups or claims in its tokens.',
    invalid_key: 'Enter the key again, whole, as the provider’s key file has it.',
    invalid_setup: 'Send the setup again, complete.',
    invalid_url: ALLOWED_TARGETS,
    forbidden_scheme: ALLOWED_TARGETS,
    forbidden_port: ALLOWED_TARGETS,
    forbidden_host: ALLOWED_TARGETS,
    forbidden_address: ALLOWED_TARGETS,
  }),
)

/** Whether a call failed because its address is one that is never called. */
export function isForbidden(code: string): boolean {
  return STEPS.get(code) === ALLOWED_TARGETS
}

/** These say that what is entered in the setup, or the way to use the client, is at fault: not id and secret. */
export const OF_THE_SETUP: ReadonlySet<string> = new Set(['invalid_key', 'invalid_setup'])

/** One sentence about what a person can do next; a failure that needs nobody says so. */
export function nextStepAfter({ kind, code, httpStatus }: TokenFailure, asked: Asked): string {
  const isByCode = asked.once === true || asked.way === 'authorization-code'
  // Once somebody has mended what a code met, the code is used up or too old.
  const stepThen = (step: string, otherwise = '') =>
    isByCode ? thenAuthorizing(step) : `${step}${otherwise}`
  // With a 401 it is said of a wrong secret too (Keycloak): then it is about the client itself.
  if (kind === 'app-broken' && code === 'unauthorized_client' && httpStatus !== 401) {
    return stepThen('Allow the client this grant type at the provider.', ` ${TRIED_AGAIN}`)
  }
  if (kind === 'app-broken' && !OF_THE_SETUP.has(code)) {
    const correct =
      asked.client === 'setup'
        ? 'Correct the client id and secret in the setup.'
        : 'Correct the client id and secret of the OAuth application.'
    return stepThen(correct, ` ${TRIED_AGAIN}`)
  }
  const step = STEPS.get(code)
  // What has brought tokens before brings them again, if not ever larger; where it never did, each time the same comes.
  if (step !== undefined && kind === 'unknown' && isByCode) return orElse(AUTHORIZE_AGAIN, step)
  if (step !== undefined && code === 'answer_too_large') return orElse(TRIED_AGAIN, step)
  const unsaid = kind === 'refused' ? stepAfterUnsaid({ code, httpStatus }, asked, isByCode) : undefined
  if (unsaid !== undefined) return unsaid
  if (step !== undefined && kind !== 'unknown') return step === ALLOWED_TARGETS ? step : stepThen(step)
  if (kind === 'passing' && asked.once) return AUTHORIZE_LATER
  // A code is good for one answer, and its fate is open when none came.
  if (isByCode && (asked.once || !['not-sent', 'passing'].includes(kind))) {
    return code === 'dns_failed' ? thenAuthorizing(CHECK_NAME) : AUTHORIZE_AGAIN
  }
  if (kind === 'grant-dead') {
    return asked.way === 'refresh-token'
      ? AUTHORIZE_AGAIN
      : `Correct the credentials in the setup. ${TRIED_AGAIN}`
  }
  if (kind === 'refused' || kind === 'app-broken') return `Check the setup. ${TRIED_AGAIN}`
  return code === 'dns_failed' ? `${CHECK_NAME} ${TRIED_AGAIN}` : TRIED_AGAIN
}

/**
 * After a refusal that says nothing of its reason. It may be a page of what stands before the token endpoint, and pass;
 * the 400 of a token endpoint (RFC 6749 §5.2) rather means what was sent. A setup that has brought tokens is not it.
 */
function stepAfterUnsaid(
  { code, httpStatus = 400 }: Pick<TokenFailure, 'code' | 'httpStatus'>,
  { way }: Asked,
  isByCode: boolean,
): string | undefined {
  if (code === 'http_error' && isByCode) return orElse(AUTHORIZE_AGAIN, CHECK_ENDPOINT)
  if (way !== 'refresh-token' || (code !== 'http_error' && code !== 'redirect')) return undefined
  return orElse(TRIED_AGAIN, httpStatus === 400 ? AUTHORIZE_AGAIN : CHECK_ENDPOINT)
}

function orElse(first: string, then: string): string {
  return `${first} ${IF_AGAIN} ${then.replace(/^\w/, (letter) => letter.toLowerCase())}`
}

/** The failure's words for whoever was answered that nothing was stored: then nothing is tried again. */
export function withoutRetry(message: string): string {
  const [before, after] = message.split(` ${TRIED_AGAIN} ${IF_AGAIN} `)
  if (after !== undefined) return `${before} ${after.replace(/^\w/, (letter) => letter.toUpperCase())}`
  return message.replace(` ${TRIED_AGAIN}`, '')
}

/** The failure's words once asking again is over: what was refused again and again is refused for good. */
export function withAuthorizing(message: string): string {
  const told = withoutRetry(message).replace(/ Check the setup\.$/, '')
  if (told.endsWith(AUTHORIZE_AGAIN)) return told
  const hasStep = [...STEPS.values()].some((step) => told.endsWith(step))
  return hasStep ? thenAuthorizing(told) : `${told} ${AUTHORIZE_AGAIN}`
}

function thenAuthorizing(step: string): string {
  return `${step.replace(/\.$/, '')}, then authorize the connection again.`
}
