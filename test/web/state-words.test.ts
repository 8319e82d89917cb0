import type { Connection, Connector } from '../../web/api/types.ts'
import { stateWords } from '../../web/state-words.ts'

const NOW_MS = Date.parse('2026-11-28T12:00:00.000Z')

const CONNECTION = {
  id: 'ac_0VbwMKyWMqjvQfMGfef7f5',
  app_id: 'SALESFORCE',
  name: 'prod',
  ready: true,
  created_at: '2026-11-01T00:00:00.000Z',
  updated_at: '2026-11-01T00:00:00.000Z',
  status: 'ready',
  version: 1,
  credential_version: 1,
  expires_at: null,
  expiry_basis: 'never',
  refresh_expires_at: null,
  next_rotation_at: null,
  notes: [],
  scopes: { required: [], granted: [], missing: [] },
  failure: null,
  last_used_at: null,
  oauth_app_id: null,
} satisfies Connection

const SETUP = { type: 'OAUTH_CODE', label: '', find_at: '', fields: [], renews: true, testable: false }
const CODE: Connector = {
  app_id: 'SALESFORCE',
  label: 'Salesforce',
  about: '',
  setups: [{ ...SETUP, authorization: 'interactive', oauth_client: 'oauth-application' }],
}
const KEY: Connector = { ...CODE, setups: [{ ...SETUP, authorization: 'none' }] }
const FAILURE = {
  class: 'passing',
  code: 'http_503',
  message: '',
  count: 1,
  first_at: '2026-11-28T11:00:00.000Z',
  last_at: '2026-11-28T11:00:00.000Z',
  retry_at: null,
}
const FREEZE = {
  id: 'fz_1',
  reason: 'leaked key',
  by: null,
  at: '2026-11-28T11:00:00.000Z',
  scope: 'connection',
}

describe('stateWords', () => {
  test.each([
    ['ready', {}, KEY, 'Ready', undefined, false],
    ['empty, to be typed', { status: 'empty' }, KEY, 'Missing credentials', 'Add credentials', true],
    ['empty, to be clicked', { status: 'empty' }, CODE, 'Missing credentials', 'Connect', true],
    ['waiting for a person', { status: 'pending' }, CODE, 'Waiting for authorization', 'Connect', true],
    [
      'waiting for the app',
      { status: 'pending', failure: FAILURE },
      KEY,
      'Waiting for Salesforce',
      'See why',
      false,
    ],
    ['ended', { status: 'reauthorization_required' }, CODE, 'Authorization ended', 'Authorize again', true],
    [
      'refused',
      { status: 'reauthorization_required' },
      KEY,
      'The provider refuses this key',
      'Replace',
      true,
    ],
    [
      'without a permission',
      { status: 'degraded', scopes: { required: ['api'], granted: [], missing: ['api'] } },
      CODE,
      'Works · 1 permission missing',
      'Authorize again',
      true,
    ],
    ['failing', { status: 'degraded', failure: FAILURE }, CODE, 'Works', 'See why', false],
    [
      'near its end',
      { refresh_expires_at: '2026-12-04T12:00:01.000Z' },
      CODE,
      'Authorization ends in 6 days',
      'Authorize again',
      true,
    ],
    ['far from its end', { refresh_expires_at: '2027-06-01T00:00:00.000Z' }, CODE, 'Ready', undefined, false],
    [
      'frozen, whatever else',
      { status: 'empty', frozen: FREEZE },
      KEY,
      'Frozen: leaked key',
      'Unfreeze',
      false,
    ],
  ])(
    'says of one that is %s what it is and what to do',
    (_name, change, connector, sentence, action, needs) => {
      const words = stateWords({ ...CONNECTION, ...change } as Connection, connector, NOW_MS)
      expect([words.sentence, words.action?.label, words.needsPerson]).toEqual([sentence, action, needs])
    },
  )
})
