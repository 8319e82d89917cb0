import * as z from 'zod/mini'
import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { Connector } from '../../shared/connectors/connector.ts'
import { hasPresets } from '../../shared/connectors/presets/pick-preset-setup.ts'
import { setupJsonSchema } from '../../shared/connectors/setup-schema.ts'
import { isShareable, sharedSetup } from '../../shared/connectors/shared-setup.ts'
import { MAX_NAME_LENGTH } from '../../shared/domain/connection.ts'
import type { JsonObject, JsonValue } from '../../shared/domain/json.ts'
import { CREDENTIAL_END_PROPERTIES } from './credential-end-body.ts'
import { INSTANT_FORMS } from './instant-schema.ts'

/**
 * A setup at the edge: any object. Its app's own schema decides in the use case, because on an update only the
 * stored connection knows which app it is; the OpenAPI document names all of them.
 */
export const setupBodySchema = z.pipe(
  z.looseObject({}),
  z.transform((setup) => setup as unknown as JsonValue),
)

/** Changes of a stored setup at the edge: any object; what they make of it is decided with what is stored. */
export const setupChangesSchema = z.pipe(
  z.looseObject({}),
  z.transform((changes) => changes as unknown as JsonObject),
)

/** What else a service needs is in its own schema, under `presets` of the app. */
export const NAMED_SERVICE = {
  title: 'A service by its name',
  type: 'object',
  required: ['provider'],
  properties: {
    type: { type: 'string', description: 'May be left out where the service has one way only.' },
    provider: { type: 'string', description: 'Such as `github`; the presets of the app list them.' },
  },
}

/** What people call a thing, as JSON Schema. */
export const NAME = { type: 'string', minLength: 1, maxLength: MAX_NAME_LENGTH }

/** What another system got from the provider, as `grant-body.ts` takes it. */
const GRANT = {
  type: 'object',
  title: 'A grant to go on with',
  description:
    'One of the tokens at least. Without `expires_at` a grant with a refresh token is renewed at once.',
  additionalProperties: false,
  anyOf: [{ required: ['refresh_token'] }, { required: ['access_token'] }],
  properties: {
    access_token: { type: 'string', pattern: '^[\\x21-\\x7e]+$', writeOnly: true },
    refresh_token: { type: 'string', pattern: '^[\\x21-\\x7e]+$', writeOnly: true },
    expires_at: { anyOf: INSTANT_FORMS },
    refresh_expires_at: { anyOf: INSTANT_FORMS },
    scopes: {
      type: 'array',
      items: { type: 'string' },
      description: 'As granted; as the setup asks when left out.',
    },
    extra: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Members of the provider’s answer or callback that flows need, such as `instance_url`.',
    },
    oauth_app_id: {
      type: 'string',
      description: 'Whose the grant is; the default of the app when left out.',
    },
  },
}

/** The create body as the apps' own schemas have it: one alternative an app, each with its setups. */
export function describeCreateBody(): Record<string, unknown> {
  return {
    oneOf: CONNECTORS.map((connector) => ({
      title: connector.label,
      type: 'object',
      additionalProperties: false,
      required: ['name', 'app_id'],
      properties: {
        name: NAME,
        app_id: { const: connector.appId },
        setup: setupsOf(connector),
        ...CREDENTIAL_END_PROPERTIES,
        ...(connector.setups.some(({ grant }) => grant?.kind === 'authorization-code') && { grant: GRANT }),
      },
    })),
  }
}

/** The update body: a setup of any app, because the document cannot know which app the connection is for. */
export function describeUpdateBody(): Record<string, unknown> {
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: NAME,
      setup: { anyOf: CONNECTORS.flatMap((connector) => setupsOf(connector).anyOf) },
      setup_changes: {
        description:
          'A part of the setup as a merge patch (RFC 7396), in the place of `setup`: the members that change, null for one that goes.',
        type: 'object',
        example: { client_secret: 'the-new-secret' },
        writeOnly: true,
      },
      grant: GRANT,
      ...CREDENTIAL_END_PROPERTIES,
    },
  }
}

function setupsOf(connector: Connector): { anyOf: readonly unknown[] } {
  const general = connector.setups.map((setup) => setupJsonSchema(setup))
  const shared = connector.setups.filter(isShareable).map((setup) => setupJsonSchema(sharedSetup(setup, [])))
  return { anyOf: [...general, ...shared, ...(hasPresets(connector) ? [NAMED_SERVICE] : [])] }
}
