import type * as z from 'zod/mini'
import { CONNECTORS, findConnector } from '../../shared/connectors/catalogue.ts'
import type { Connector } from '../../shared/connectors/connector.ts'
import { describeConnector } from '../../shared/connectors/describe-connector.ts'
import { describePreset, listPreset } from '../../shared/connectors/presets/describe-preset.ts'
import { findPreset } from '../../shared/connectors/presets/preset-list.ts'
import type { errorSchema } from './common-schemas.ts'
import { EVENT_EXAMPLES } from './event-examples.ts'
import type { RouteExample } from './route-example.ts'

const ID = 'ac_0VbwMKyWMqjvQfMGfef7f5'
const AT = '2026-11-25T09:00:00.000Z'
const NEXT_HOUR = '2026-11-25T10:00:00.000Z'

const CONNECTION = {
  id: ID,
  app_id: 'HTTP',
  name: 'orders api',
  account_name: 'Bearer my-***234',
  ready: true,
  created_at: AT,
  updated_at: AT,
  refreshed_at: AT,
  fingerprint: 'd55fc176bd84a718e414fa92f8bfbe6a',
}

const AUTHORIZED = {
  ...CONNECTION,
  app_id: 'SALESFORCE',
  name: 'sales',
  account_name: 'OAuth',
  status: 'degraded',
  status_reason:
    'The provider granted fewer scopes than were asked for. Missing: api. Authorize again and grant them.',
  setup_type: 'OAUTH_CODE',
  version: 3,
  credential_version: 2,
  expires_at: NEXT_HOUR,
  expiry_basis: 'assumed',
  refresh_expires_at: null,
  credential_expires_at: null,
  enforce_expiry: false,
  next_rotation_at: '2026-11-25T09:54:00.000Z',
  notes: [],
  scopes: { required: ['api', 'refresh_token'], granted: ['refresh_token'], missing: ['api'] },
  failure: null,
  last_used_at: AT,
  oauth_app_id: 'oa_0VbwMKyWMqjvQfMGfef7f5',
  account: { id: '00D5g000005abcd', email: 'ada@acme.example' },
  callback_url: 'https://vault.example.com/oauth/return/oa_0VbwMKyWMqjvQfMGfef7f5',
  frozen: null,
  settings: null,
  settings_without_query: [],
  secrets: null,
  used_by_count: 3,
  created_by: { id: 'deploy-tool', name: null },
  updated_by: { id: 'vault-page', name: 'ada' },
  authorized_by: { id: 'vault-page', name: 'ada' },
}

const AUTHORIZATION_ID = 'au_4be1c1f07d9a5e6b38a2c40d917'

const APPLICATION = {
  id: 'oa_0VbwMKyWMqjvQfMGfef7f5',
  app_id: 'SALESFORCE',
  name: 'production',
  client_id: '3MVG9.example',
  ready: true,
  is_default: true,
  callback_url: 'https://vault.example.com/oauth/return/oa_0VbwMKyWMqjvQfMGfef7f5',
  previous_secret_until: null,
  created_at: AT,
  updated_at: AT,
}

const FREEZE = {
  id: 'fz_0VbwMKyWMqjvQfMGfef7f5',
  app_id: 'SALESFORCE',
  connection_id: null,
  reason: 'incident 4711',
  revoke: true,
  created_at: AT,
  created_by: { id: 'POTggFhBPKIuvsyI6iD0iLf87n0TDCEz', name: 'ada' },
  progress: {
    state: 'done',
    connections: 2,
    revoked: 1,
    failed: [],
    must_authorize_again: [ID],
    not_revocable: [],
  },
}

const CREDENTIAL = {
  connection_id: ID,
  app_id: 'HTTP',
  credential_version: 1,
  expires_at: null,
  usable_for_seconds: null,
  request: { headers: { Authorization: 'Bearer my-token-bearer-1234' }, query: {} },
  fields: { token: 'my-token-bearer-1234' },
}

/** The example of each route, by its name. Functions, because only whoever reads the document needs them. */
const EXAMPLES: Readonly<Record<string, () => RouteExample>> = {
  'list-connections': () => ({ answer: { start: 0, limit: 50, total: 1, connections: [CONNECTION] } }),
  'summarize-connections': () => ({
    answer: {
      total: 1,
      needs_person: 1,
      by_status: { degraded: 1 },
      by_app: [{ app_id: 'SALESFORCE', count: 1 }],
      first_needing: [{ id: ID, name: 'sales', app_id: 'SALESFORCE' }],
    },
  }),
  'create-connection': () => ({ bodies: creations(), answer: CONNECTION }),
  'get-connection': () => ({ answer: AUTHORIZED }),
  'update-connection': () => ({
    bodies: {
      rename: { name: 'orders api, new' },
      'new setup': { setup: { type: 'BEARER', token: 'my-token-bearer-5678' } },
      'a part of the setup': { setup_changes: { token: 'my-token-bearer-5678' } },
    },
    answer: { ...CONNECTION, name: 'orders api, new' },
  }),
  'delete-connection': () => ({}),
  'restore-connection': () => ({ answer: CONNECTION }),
  'create-oauth-app': () => ({
    bodies: {
      SALESFORCE: {
        app_id: 'SALESFORCE',
        name: 'production',
        client_id: '3MVG9.example',
        client_secret: 'oauth-app-secret-000',
      },
    },
    answer: APPLICATION,
  }),
  'list-oauth-apps': () => ({ answer: [APPLICATION] }),
  'get-oauth-app': () => ({ answer: APPLICATION }),
  'update-oauth-app': () => ({
    bodies: { 'new secret': { client_secret: 'oauth-app-secret-001' }, default: { is_default: true } },
    answer: { ...APPLICATION, previous_secret_until: '2026-12-02T09:00:00.000Z' },
  }),
  'delete-oauth-app': () => ({}),
  'authorize-connection': () => ({
    bodies: { usual: {}, chosen: { scopes: ['api', 'refresh_token'], return_to: '/docs' } },
    answer: {
      authorization_id: AUTHORIZATION_ID,
      authorization_url: 'https://vault.example.com/oauth/start?ticket=…',
      callback_url: APPLICATION.callback_url,
      expires_at: '2026-11-25T09:10:00.000Z',
    },
  }),
  'get-authorization': () => ({
    answer: {
      id: AUTHORIZATION_ID,
      connection_id: ID,
      outcome: 'granted',
      message: 'Salesforce prod is authorized. Flows can use it now.',
      expires_at: '2026-11-25T09:10:00.000Z',
    },
  }),
  'rotate-connection': () => ({ answer: { rotated: true, connection: AUTHORIZED } }),
  'verify-connection': () => ({ answer: { result: 'accepted' } }),
  ...EVENT_EXAMPLES,
  'create-freeze': () => ({
    bodies: {
      'an app': { app_id: 'SALESFORCE', reason: 'incident 4711', revoke: true },
      'a connection': { connection_id: ID, reason: 'key seen in a log' },
    },
    answer: FREEZE,
  }),
  'list-freezes': () => ({ answer: [FREEZE] }),
  'get-freeze': () => ({ answer: FREEZE }),
  'delete-freeze': () => ({}),
  'list-connectors': () => ({ answer: [describeConnector(sendgrid())] }),
  'get-connector': () => ({ answer: describeConnector(sendgrid()) }),
  'list-presets': () => ({ answer: [listPreset(findConnector('OAUTH2')!, findPreset('github')!)] }),
  'get-preset': () => ({ answer: describePreset(findConnector('OAUTH2')!, findPreset('github')!) }),
  'get-renewal-health': () => ({
    answer: {
      needs_person: 1,
      late: 0,
      ending_soon: 0,
      failing_apps: 1,
      due_by_hour: new Array<number>(24).fill(0),
      by_app: [{ app_id: 'SALESFORCE', renewed: 12, failing: 1 }],
    },
  }),
  'get-session': () => ({
    answer: {
      person: { id: 'POTggFhBPKIuvsyI6iD0iLf87n0TDCEz', name: 'ada' },
      tenant: 'acme',
      environment: 'production',
      scopes: ['read:flows_vault_connections'],
      permitted_apps: null,
      public_url: 'https://vault.example.com',
      expires_at: NEXT_HOUR,
      features: [],
    },
  }),
  'list-clients': () => ({ answer: { start: 0, limit: 50, total: 0, clients: [] } }),
  'get-health': () => ({ answer: { status: 'ok' } }),
  'get-readiness': () => ({ answer: { status: 'ready' } }),
  'get-openapi': () => ({ answer: { openapi: '3.1.0' } }),
  'fetch-credential': () => ({ answer: CREDENTIAL }),
  'reject-credential': () => ({
    bodies: { usual: { credential_version: 1 } },
    answer: { connection_id: ID, credential_version: 2, renewed: true },
  }),
  'look-at-authorization': () => ({}),
  'continue-authorization': () => ({ bodies: { usual: { ticket: 'as in the link' } } }),
  'finish-authorization': () => ({}),
  'receive-form-answer': () => ({
    bodies: { usual: { state: 'as it was sent', code: 'authorization-code-000' } },
  }),
}

/** The example of a route; undefined for one that has none. */
export function exampleOf(routeName: string): RouteExample | undefined {
  return EXAMPLES[routeName]?.()
}

/** One create body for each setup of each app, and an empty connection. */
function creations(): Record<string, unknown> {
  const filled = CONNECTORS.flatMap(({ appId, label, setups }) =>
    setups.map((setup) => {
      const body = { name: label, app_id: appId, setup: setup.example }
      return [`${label}: ${setup.label}`, body] as const
    }),
  )
  const service = {
    type: 'AUTHORIZATION_CODE',
    provider: 'github',
    client_id: 'Iv1.example',
    client_secret: 'github-secret-000',
  }
  return {
    'an empty connection': { name: 'orders api', app_id: 'HTTP' },
    'a service by its name': { name: 'issues', app_id: 'OAUTH2', setup: service },
    ...Object.fromEntries(filled),
  }
}

function sendgrid(): Connector {
  return findConnector('SENDGRID')!
}

/** An error as it is answered: status, `error`, message, and `errorCode` where there is one. */
const ERROR_EXAMPLES: Readonly<Record<number, readonly [string, string, string?]>> = {
  400: [
    'Bad Request',
    "Payload validation error: 'Missing required property: token' on property setup.token (visible ASCII characters without spaces).",
    'invalid_body',
  ],
  401: ['Unauthorized', 'Invalid token'],
  403: [
    'Forbidden',
    'Insufficient scope, expected any of: create:flows_vault_connections',
    'insufficient_scope',
  ],
  404: ['Not Found', 'Connection not found'],
  409: ['Conflict', 'The connection has no setup yet. Add one, then try again.', 'connection_empty'],
  410: [
    'Gone',
    'Events after this cursor are older than 30 days and gone. Read the connections anew, then follow the feed from `after=latest`.',
    'events_expired',
  ],
  412: [
    'Precondition Failed',
    'The connection has changed since you read it. Allowed: the current tag "v2", or *.',
    'precondition_failed',
  ],
  413: ['Payload Too Large', 'The body is too large. Allowed: 102400 bytes.', 'payload_too_large'],
  415: [
    'Unsupported Media Type',
    'The Content-Type of the body is not that of JSON. Allowed: application/json (UTF-8).',
    'unsupported_media_type',
  ],
  422: [
    'Unprocessable Entity',
    'This Idempotency-Key was used with another body. Allowed: a new key for a new request.',
    'idempotency_mismatch',
  ],
  429: ['Too Many Requests', 'Global limit has been reached', 'too_many_requests'],
  503: ['Service Unavailable', 'The vault could not reach its store. Try again.', 'store_unavailable'],
}

/** The error object of a status, for the OpenAPI document. */
export function errorExample(statusCode: number): z.output<typeof errorSchema> | undefined {
  const known = ERROR_EXAMPLES[statusCode]
  if (known === undefined) return undefined
  const [error, message, errorCode] = known
  return { statusCode, error, message, ...(errorCode === undefined ? {} : { errorCode }) }
}
