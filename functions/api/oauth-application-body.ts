import * as z from 'zod/mini'
import type { $ZodRawIssue } from 'zod/v4/core'
import { APP_IDS, CONNECTORS } from '../../shared/connectors/catalogue.ts'
import { setupJsonSchema, withoutOuterBlanks } from '../../shared/connectors/setup-schema.ts'
import { applicationSetup, isShareable } from '../../shared/connectors/shared-setup.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { NAME, NAMED_SERVICE } from './setup-body.ts'

/** Client ids and secrets of the providers we know have at most 300 characters. */
const MAX_CLIENT_LENGTH = 1024
const CLIENT_TEXT = {
  type: 'string',
  minLength: 1,
  maxLength: MAX_CLIENT_LENGTH,
  pattern: '^[\\x21-\\x7e]+$',
}
const CLIENT_MEMBERS = ['client_id', 'client_secret'] as const
const entered = z.string().check(z.minLength(1), z.maxLength(MAX_CLIENT_LENGTH), z.regex(/^[\x21-\x7e]+$/))

/**
 * A client id or secret: visible ASCII, as a Basic header and a form carry it (RFC 6749 §A.1, §A.2). As in a setup,
 * blanks at its ends came with pasting: `clientOf` leaves them out.
 */
export const oauthClientText = () =>
  z.string().check((payload) => {
    const { error } = z.safeParse(entered, withoutOuterBlanks(payload.value))
    for (const issue of error?.issues ?? [])
      payload.issues.push({ ...issue, input: payload.value } as $ZodRawIssue)
  })

/** The client of a body without the blanks at its ends, and the members that had some. */
export function clientOf(body: Readonly<Partial<Record<(typeof CLIENT_MEMBERS)[number], string>>>): {
  readonly clientId?: string
  readonly clientSecret?: SecretText
  readonly trimmed: readonly string[]
} {
  const { client_id: id, client_secret: secret } = body
  return {
    ...(id !== undefined && { clientId: withoutOuterBlanks(id) }),
    ...(secret !== undefined && { clientSecret: new SecretText(withoutOuterBlanks(secret)) }),
    trimmed: CLIENT_MEMBERS.filter((name) => {
      const text = body[name] ?? ''
      return text !== withoutOuterBlanks(text)
    }),
  }
}

/** The body of an application, with what those of any provider hold. */
export function describeApplicationBody(required: readonly string[]): Record<string, unknown> {
  const held = CONNECTORS.flatMap(({ setups }) => setups.filter(isShareable).map(applicationSetup))
  return {
    type: 'object',
    additionalProperties: false,
    required: [...required],
    properties: {
      ...(required.includes('app_id') && { app_id: { type: 'string', enum: APP_IDS } }),
      name: NAME,
      client_id: CLIENT_TEXT,
      client_secret: { ...CLIENT_TEXT, writeOnly: true },
      is_default: { type: 'boolean' },
      setup: {
        description: 'For apps of any provider, OAUTH2: what their connections share.',
        anyOf: [...held.map((setup) => setupJsonSchema(setup)), NAMED_SERVICE],
      },
    },
  }
}
