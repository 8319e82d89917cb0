import * as z from 'zod/mini'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { isWordForNothing } from '../../shared/domain/word-for-nothing.ts'
import type { GrantInput } from '../../shared/use-cases/connections/import-grant.ts'
import { instantMs, instantSchema } from './instant-schema.ts'

/** As long as the longest token that the vault takes from a provider. */
const MAX_TOKEN_LENGTH = 65_536
const MAX_SCOPES = 200
const MAX_SCOPE_LENGTH = 300
const MAX_MEMBERS = 20
const MAX_MEMBER_LENGTH = 2_048

/** What an export writes for a token that was not there is none. */
const isSomething: z.core.CheckFn<string> = (payload) => {
  if (!isWordForNothing(payload.value)) return
  payload.issues.push({
    code: 'custom',
    message: 'The token is a word for none',
    params: { allowed: 'the token, or leaving it out where there is none' },
    input: payload.value,
  })
}

/** Tokens as RFC 6749 §A.12 and §A.17 have them, without blanks: those come with pasting and would be sent along. */
const token = () =>
  z.string().check(z.minLength(1), z.maxLength(MAX_TOKEN_LENGTH), z.regex(/^[\x21-\x7e]+$/), isSomething)

const extraMembers = () =>
  z
    .record(z.string().check(z.maxLength(100)), z.string().check(z.maxLength(MAX_MEMBER_LENGTH)))
    .check((payload) => {
      if (Object.keys(payload.value).length <= MAX_MEMBERS) return
      const message = `Too many properties, maximum ${MAX_MEMBERS}`
      payload.issues.push({ code: 'custom', message, input: payload.value })
    })

/** A grant to go on with; one of its tokens at least. */
export const grantBodySchema = z
  .strictObject({
    access_token: z.optional(token()),
    refresh_token: z.optional(token()),
    expires_at: z.optional(instantSchema()),
    refresh_expires_at: z.optional(instantSchema()),
    scopes: z.optional(
      z
        .array(z.string().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/), z.maxLength(MAX_SCOPE_LENGTH)))
        .check(z.maxLength(MAX_SCOPES)),
    ),
    extra: z.optional(extraMembers()),
    oauth_app_id: z.optional(z.string().check(z.maxLength(30))),
  })
  .check((payload) => {
    if (payload.value.access_token !== undefined || payload.value.refresh_token !== undefined) return
    payload.issues.push({
      code: 'custom',
      message: 'Missing required property: refresh_token',
      path: ['refresh_token'],
      params: { allowed: 'a refresh token, or an access token where the provider gave no other' },
      input: payload.value,
    })
  })

/** The same as the use case takes it. */
export function grantOfBody(body: z.output<typeof grantBodySchema>): GrantInput {
  return {
    ...(body.access_token === undefined ? {} : { accessToken: new SecretText(body.access_token) }),
    ...(body.refresh_token === undefined ? {} : { refreshToken: new SecretText(body.refresh_token) }),
    ...(body.expires_at === undefined ? {} : { expiresAtMs: instantMs(body.expires_at) }),
    ...(body.refresh_expires_at === undefined
      ? {}
      : { refreshExpiresAtMs: instantMs(body.refresh_expires_at) }),
    ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
    ...(body.extra === undefined ? {} : { extra: body.extra }),
    ...(body.oauth_app_id === undefined ? {} : { oauthAppId: body.oauth_app_id }),
  }
}
