import { isReady } from '../../../functions/api/connection-view.ts'
import type { ConnectionRow } from '../../../shared/domain/connection.ts'
import type { GrantState } from '../../../shared/domain/grant.ts'
import type { RotationFailure } from '../../../shared/domain/rotation.ts'

const NOW_MS = 1_000_000

describe('isReady', () => {
  const PERSON = { appId: 'HUBSPOT', setupType: 'OAUTH_CODE' }
  const MACHINE = { appId: 'OAUTH2', setupType: 'CLIENT_CREDENTIALS' }
  const STATIC = { appId: 'HTTP', setupType: 'BEARER' }
  const grant = (accessExpiresAtMs: number | undefined, hasRefreshToken: boolean) =>
    ({ accessExpiresAtMs, hasRefreshToken }) as GrantState
  const failed = (lastAtMs: number, retryAtMs?: number) => ({ lastAtMs, retryAtMs }) as RotationFailure
  const of = (members: Partial<ConnectionRow>) => ({ status: 'ready', ...members }) as ConnectionRow
  const renewable = (accessExpiresAtMs?: number) => ({ main: grant(accessExpiresAtMs, true) })
  const bare = (accessExpiresAtMs?: number) => ({ main: grant(accessExpiresAtMs, false) })

  it.each<[string, ConnectionRow, boolean]>([
    ['what a person entered', of(STATIC), true],
    ['what waits for its grant', of({ ...PERSON, status: 'pending' }), false],
    ['a grant that ended for good', of({ ...PERSON, status: 'reauthorization_required' }), false],
    ['a token with a second left', of({ ...PERSON, grants: bare(1_000_001) }), true],
    ['a token whose end nobody said', of({ ...PERSON, grants: bare() }), true],
    ['an ended token that nothing renews', of({ ...PERSON, grants: bare(1_000_000) }), false],
    ['an ended token that its refresh token renews', of({ ...PERSON, grants: renewable(1_000_000) }), true],
    ['an ended token that the setup mints', of({ ...MACHINE, grants: bare(1_000_000) }), true],
    [
      'a bundle of which what ended is not renewed, and what is renewed lives',
      of({ ...PERSON, grants: { main: grant(1_000_001, true), user: grant(999_999, false) } }),
      false,
    ],
    [
      'a token that lives while its renewal fails',
      of({
        ...PERSON,
        status: 'degraded',
        grants: renewable(1_000_001),
        failure: failed(999_999, 1_000_500),
      }),
      true,
    ],
    [
      'an ended token whose renewal failed since',
      of({ ...PERSON, grants: renewable(999_000), failure: failed(999_000, 999_500) }),
      false,
    ],
    [
      'an ended token in the pause of a failure before its end',
      of({ ...PERSON, grants: renewable(999_000), failure: failed(998_999, 1_000_001) }),
      false,
    ],
    [
      'an ended token that the next fetch asks for, that pause being over',
      of({ ...PERSON, grants: renewable(999_000), failure: failed(998_999, 1_000_000) }),
      true,
    ],
    [
      'a key that is to end, and has, before any sweep came',
      of({ ...STATIC, credentialExpiresAtMs: 1_000_000, enforceExpiry: true }),
      false,
    ],
    ['a key that has ended and is served on', of({ ...STATIC, credentialExpiresAtMs: 1_000_000 }), true],
  ])('says of %s whether a flow is answered', (_what, row, expected) => {
    expect(isReady(row, NOW_MS)).toBe(expected)
  })
})
