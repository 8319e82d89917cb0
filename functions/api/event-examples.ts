import type { RouteExample } from './route-example.ts'

const ID = 'ac_0VbwMKyWMqjvQfMGfef7f5'
const AT = '2026-11-25T09:00:00.000Z'
const NEXT_HOUR = '2026-11-25T10:00:00.000Z'

const EVENT = {
  id: '0b8f8c1e-6f0e-4a57-9a3e-3f1f5d2f6c11',
  type: 'connection.credentials_rotated',
  tenant: 'acme',
  connection_id: ID,
  app_id: 'SALESFORCE',
  version: 3,
  credential_version: 2,
  sequence: 3,
  occurred_at: AT,
  changed: ['credentials'],
  actor: null,
  message: 'The credentials were renewed.',
}

const SUBSCRIPTION = {
  id: 'su_0VbwMKyWMqjvQfMGfef7f5',
  name: 'on call',
  url: 'https://hooks.example.com/flow-vault',
  target_connection_id: null,
  types: ['connection.reauthorization_required'],
  app_ids: null,
  connection_ids: null,
  status: 'enabled',
  reason: null,
  previous_secret_until: null,
  last_success_at: AT,
  created_at: AT,
  created_by: 'POTggFhBPKIuvsyI6iD0iLf87n0TDCEz',
  updated_at: AT,
}

const SIGNED_SUBSCRIPTION = {
  ...SUBSCRIPTION,
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
}

const FLOW = {
  id: 'af_12TMtT',
  name: 'Send SMS',
  action: 'twilio_1',
  url: 'https://editor.example.com/flows/8f2a',
  updated_at: AT,
  updated_by: 'POTggFhBPKIuvsyI6iD0iLf87n0TDCEz',
}

const PERMIT = {
  id: 'pm_0VbwMKyWMqjvQfMGfef7f5',
  client: 'orders-flow',
  connections: [ID],
  apps: null,
  until: null,
  created_at: AT,
  created_by: 'POTggFhBPKIuvsyI6iD0iLf87n0TDCEz',
}

/** The examples of the routes of events and subscriptions. */
export const EVENT_EXAMPLES: Readonly<Record<string, () => RouteExample>> = {
  'list-connection-events': () => ({ answer: [EVENT] }),
  'list-events': () => ({
    answer: { events: [EVENT], after: 'W1siZmVlZCIsImFjbWUiXSxbM11d', more: false, poll_after: 5 },
  }),
  'put-flow': () => ({
    bodies: { usual: { name: FLOW.name, action: FLOW.action, url: FLOW.url } },
    answer: FLOW,
  }),
  'list-flows': () => ({ answer: [FLOW] }),
  'delete-flow': () => ({}),
  'get-usage': () => ({
    answer: {
      last_used_at: AT,
      clients: [{ client: 'orders-flow', count: 4711, last_used_at: AT }],
      flows: [{ flow: 'nightly', client: 'orders-flow', count: 4711, last_used_at: AT }],
    },
  }),
  'get-asyncapi': () => ({ answer: { asyncapi: '3.0.0' } }),
  'create-permit': () => ({
    bodies: {
      connections: { client: 'orders-flow', connections: [ID] },
      'an app, for a while': { client: 'orders-flow', apps: ['SLACK'], until: '2030-01-01T00:00:00Z' },
    },
    answer: PERMIT,
  }),
  'list-permits': () => ({ answer: [PERMIT] }),
  'delete-permit': () => ({}),
  'create-subscription': () => ({
    bodies: {
      'a webhook': {
        name: 'on call',
        url: 'https://hooks.example.com/flow-vault',
        types: ['connection.reauthorization_required'],
      },
      people: { name: '#ops', target_connection_id: ID, app_ids: ['SALESFORCE'] },
    },
    answer: SIGNED_SUBSCRIPTION,
  }),
  'list-subscriptions': () => ({ answer: [SUBSCRIPTION] }),
  'get-subscription': () => ({ answer: SUBSCRIPTION }),
  'update-subscription': () => ({
    bodies: {
      resume: { status: 'enabled', replay_after: 'W1siZmVlZCIsImFjbWUiXSxbM11d' },
      move: { url: 'https://hooks.example.com/new' },
    },
    answer: SUBSCRIPTION,
  }),
  'delete-subscription': () => ({}),
  'rotate-subscription-secret': () => ({
    bodies: { usual: {}, 'a leaked secret': { expire_previous: 'now' } },
    answer: SIGNED_SUBSCRIPTION,
  }),
  'test-subscription': () => ({ answer: { event_id: EVENT.id } }),
  'list-deliveries': () => ({
    answer: {
      deliveries: [
        {
          event_id: EVENT.id,
          type: EVENT.type,
          connection_id: ID,
          status: 'pending',
          queued_at: AT,
          next_attempt_at: NEXT_HOUR,
          tries: 1,
          attempts: [{ status: 503, timestamp: AT, error_message: 'http_503', duration: 87 }],
        },
      ],
      next: null,
    },
  }),
  'replay-subscription': () => ({
    answer: { queued: 12, after: 'W1siZmVlZCIsImFjbWUiXSxbM11d', more: false },
  }),
}
