import type { Connector } from './connector.ts'

const SHARED = ['HS256', 'HS384', 'HS512']
const KEY_PAIRS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512']

/** JSON Web Token: keys that flows sign and verify with; nothing is sent anywhere. */
export const jwt: Connector = {
  appId: 'JWT',
  label: 'JSON Web Token',
  about: 'Keys to sign and verify JSON Web Tokens inside a flow.',
  category: 'generic',
  setups: [
    {
      type: 'JWT',
      label: 'Signing key',
      typeRequired: true,
      additionalProperties: true,
      fields: [
        {
          name: 'algorithm',
          label: 'Algorithm',
          help: 'HS with a shared secret; RS, PS or ES with a key pair (RFC 7518 §3.1).',
          secret: false,
          required: true,
          format: 'single-line',
          enum: [...SHARED, ...KEY_PAIRS],
        },
        {
          name: 'secret',
          label: 'Shared secret',
          help: 'For HS256, HS384 and HS512: at least as long as the hash (RFC 7518 §3.2).',
          secret: true,
          required: false,
          format: 'text',
          shownWhen: { field: 'algorithm', values: SHARED },
        },
        {
          name: 'private_key',
          label: 'Private key',
          help: 'For RS, PS and ES: the PEM key to sign with.',
          secret: true,
          required: false,
          format: 'pem-private-key',
          shownWhen: { field: 'algorithm', values: KEY_PAIRS },
        },
        {
          name: 'public_key',
          label: 'Public key',
          help: 'For RS, PS and ES: the PEM key or certificate to verify with.',
          secret: false,
          required: false,
          format: 'pem-public-key',
          shownWhen: { field: 'algorithm', values: KEY_PAIRS },
        },
      ],
      // The types of Auth0's SDKs know the algorithm alone: what they can say is taken.
      rules: [
        { kind: 'needed-when', field: 'secret', other: 'algorithm', values: SHARED },
        {
          kind: 'needed-when',
          field: 'private_key',
          other: 'algorithm',
          values: KEY_PAIRS,
          unless: 'public_key',
        },
      ],
      accountName: 'JWT {algorithm}',
      request: [],
      credentialFields: {
        algorithm: '{algorithm}',
        secret: '{secret}',
        private_key: '{pem(private_key)}',
        public_key: '{pem(public_key)}',
      },
      findAt: 'https://www.rfc-editor.org/rfc/rfc7518.html#section-3.1',
      example: { type: 'JWT', algorithm: 'HS256', secret: 'a-32-byte-long-hmac-secret-value' },
    },
  ],
}
