import type { GrantProfile, Template } from '../domain/grant-profile.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Setup } from './connector.ts'
import { canonicalSetup } from './setup-schema.ts'
import { CODE_MEMBERS } from './shared-fields.ts'
import { fieldsOf, ownValue } from './template.ts'

/**
 * The fields of a setup that its grants are bound to: the client, and all that the requests for a grant are made of.
 * Scopes are compared by themselves, and how the client proves itself may change under a grant (RFC 6749 §6 binds a
 * refresh token to the client). Empty for a static setup.
 */
export function boundFields(setup: Setup): readonly string[] {
  const { grant: profile, fields } = setup
  if (profile === undefined) return []
  const named = new Set([
    ...(profile.client.from === 'setup' ? [profile.client.id] : []),
    ...requestTemplates(profile).flatMap((template) => [template].flat().flatMap(fieldsOf)),
    ...chosenParameters(profile),
  ])
  const bound = fields.filter(({ name, format }) => named.has(name) && format !== 'scope-list')
  return bound.map(({ name }) => name)
}

/** What a grant of this setup is bound to, as one text; undefined for a static setup. */
export function grantBinding(appId: string, setup: Setup, values: JsonObject): string | undefined {
  if (setup.grant === undefined) return undefined
  const bound = [...boundFields(setup), ...applicationField(setup.grant)].map((name) => {
    return [name, ownValue(values, name)]
  })
  return `${appId}\n${setup.type}\n${canonicalSetup(Object.fromEntries(bound))}`
}

/** The member by which a setup names the OAuth application that holds its client. */
function applicationField({ client }: GrantProfile): string[] {
  return client.from === 'setup' && client.application !== undefined ? [client.application] : []
}

/** The setup without what brings a code: a code is used once, and the setup is the same before and after. */
export function withoutCode(setup: Setup, values: JsonObject): JsonObject {
  if (setup.grant?.kind !== 'authorization-code') return values
  return Object.fromEntries(Object.entries(values).filter(([name]) => !CODE_MEMBERS.has(name)))
}

function requestTemplates(profile: GrantProfile): Template[] {
  const { assertion, authorizationParameters, refreshParameters, tokenParameters } = profile
  const templates = [
    ...[
      profile.authorizationUrl,
      profile.tokenUrl,
      profile.refreshUrl,
      assertion?.issuer,
      assertion?.audience,
    ],
    ...[authorizationParameters, tokenParameters, refreshParameters].flatMap((parameters) =>
      Object.values(parameters ?? {}),
    ),
  ]
  return templates.filter((template) => template !== undefined)
}

/** Where nobody authorizes, the parameters of the request say for whom the token is (Zoom's `account_id`). */
function chosenParameters({ kind, choices }: GrantProfile): string[] {
  if (kind === 'authorization-code') return []
  return [choices?.grantType, choices?.tokenParameters].filter((name) => name !== undefined)
}
