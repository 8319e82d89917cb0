import * as z from 'zod/mini'
import { isRefreshTokenMember } from '../domain/refresh-token-member.ts'
import { hasFormat } from './field-format.ts'
import { MAX_PARAMETER_CHARS, MAX_PARAMETERS } from './setup-limits.ts'

const PARAMETER_NAME = /^[A-Za-z0-9_.~[\]-]{1,64}$/
const MEMBER_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/

/** What the request says by itself, or what another field of the setup is for. */
const RESERVED: ReadonlySet<string> = new Set([
  'assertion',
  'client_assertion',
  'client_assertion_type',
  'client_id',
  'client_secret',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'redirect_uri',
  'refresh_token',
  'response_type',
  'scope',
  'state',
])

/** The schema of extra parameters of a request: names to texts, none of them one that the request has itself. */
export function parametersSchema(): z.ZodMiniType {
  return z.record(z.string(), z.string()).check((payload) => {
    const names = Object.keys(payload.value)
    const issue = (path: string[], message: string, allowed: string) =>
      payload.issues.push({ code: 'custom', message, path, params: { allowed }, input: undefined })
    if (names.length > MAX_PARAMETERS) {
      issue(
        [],
        `Too many properties (${names.length}), maximum ${MAX_PARAMETERS}`,
        `${MAX_PARAMETERS} parameters`,
      )
    }
    for (const [name, value] of Object.entries(payload.value)) {
      if (RESERVED.has(name)) {
        issue(
          [name],
          `Property name is not allowed: ${name}`,
          'parameters that the request does not have itself',
        )
      } else if (!PARAMETER_NAME.test(name)) {
        issue([], 'A property name is not a parameter’s', 'names of letters, digits and _ . ~ [ ] -')
      }
      if (value.length > MAX_PARAMETER_CHARS || !hasFormat('single-line', value)) {
        const allowed = `one line of at most ${MAX_PARAMETER_CHARS} characters`
        issue([name], "Object didn't pass validation for format single-line", allowed)
      }
    }
  })
}

/** The schema of a list of members of an answer, each by its name or path (`team.id`). */
export function memberNamesSchema(): z.ZodMiniType {
  const name = z.string().check(z.regex(MEMBER_NAME), (payload) => {
    if (!isRefreshTokenMember(payload.value)) return
    const params = { allowed: 'any other member: flows never get a refresh token' }
    const message = `Member name is not allowed: ${payload.value}`
    payload.issues.push({ code: 'custom', message, params, input: undefined })
  })
  return z.array(name).check(z.minLength(1), z.maxLength(MAX_PARAMETERS))
}
