import { APP_IDS, CONNECTORS } from '../../shared/connectors/catalogue.ts'
import { setupJsonSchema } from '../../shared/connectors/setup-schema.ts'
import { applicationSetup, isShareable } from '../../shared/connectors/shared-setup.ts'
import { NAME, NAMED_SERVICE } from './setup-body.ts'

const CLIENT_TEXT = { type: 'string', minLength: 1, maxLength: 1024, pattern: '^[\\x21-\\x7e]+$' }

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
