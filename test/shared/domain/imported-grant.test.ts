import type { GrantProfile } from '../../../shared/domain/grant-profile.ts'
import {
  endedToken,
  type ImportedGrant,
  importedState,
  importedTokens,
} from '../../../shared/domain/imported-grant.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'

const T0 = 1_893_456_000_000
const HOUR = 3_600_000
const accessToken = new SecretText('an access token')
const refreshToken = new SecretText('a refresh token')

describe('endedToken', () => {
  it.each<[string, ImportedGrant, string | undefined]>([
    ['an access token without an end', { accessToken }, undefined],
    ['one that works', { accessToken, expiresAtMs: T0 + 1 }, undefined],
    ['one that has just ended', { accessToken, expiresAtMs: T0 }, 'access_token'],
    ['one that has ended, beside a refresh token', { accessToken, refreshToken, expiresAtMs: T0 }, undefined],
    ['no access token, beside a refresh token', { refreshToken }, undefined],
    ['a refresh token that works', { refreshToken, refreshExpiresAtMs: T0 + 1 }, undefined],
    ['a refresh token that has just ended', { refreshToken, refreshExpiresAtMs: T0 }, 'refresh_token'],
    [
      'a refresh token that has ended, beside an access token that works',
      { accessToken, refreshToken, expiresAtMs: T0 + 1, refreshExpiresAtMs: T0 },
      undefined,
    ],
    ['both ended', { accessToken, refreshToken, expiresAtMs: T0, refreshExpiresAtMs: T0 }, 'refresh_token'],
  ])('of %s', (_, grant, ended) => {
    expect(endedToken(grant, T0)).toBe(ended)
  })
})

describe('importedTokens', () => {
  it('are what was brought along, with an empty access token where none was', () => {
    expect(importedTokens({ accessToken, refreshToken, extra: { team: 'T1' } })).toEqual({
      access_token: 'an access token',
      refresh_token: 'a refresh token',
      extra: { team: 'T1' },
    })
    expect(importedTokens({ refreshToken })).toEqual({
      access_token: '',
      refresh_token: 'a refresh token',
      extra: {},
    })
    expect(importedTokens({ accessToken })).toEqual({ access_token: 'an access token', extra: {} })
  })
})

describe('importedState', () => {
  const EXPIRING = { expiry: { whenAbsent: 'assume' } } as unknown as GrantProfile
  const LASTING = { expiry: { whenAbsent: 'never' } } as unknown as GrantProfile
  const CALLING = {
    expiry: { whenAbsent: 'assume' },
    answer: { metadataCall: { members: ['cloud_id'] } },
  } as unknown as GrantProfile
  const SILENT = {
    expiry: { whenAbsent: 'assume' },
    answer: { scopesUnstated: true },
  } as unknown as GrantProfile

  const stateOf = (grant: ImportedGrant, profile = EXPIRING, isAccountOpen = false) =>
    importedState(grant, { profile, askedScopes: ['read'], mark: 'mark0000', nowMs: T0, isAccountOpen })

  it('states the end that is stated, an hour from its issue at most', () => {
    expect(stateOf({ accessToken, refreshToken, expiresAtMs: T0 + 8 * HOUR })).toEqual({
      mark: 'mark0000',
      issuedAtMs: T0,
      accessExpiresAtMs: T0 + 8 * HOUR,
      expiryBasis: 'stated',
      hasRefreshToken: true,
      grantedScopes: ['read'],
    })
    expect(stateOf({ accessToken, refreshToken, expiresAtMs: T0 + 600_000 }).issuedAtMs).toBe(T0 - 3_000_000)
  })

  it.each<[string, ImportedGrant, GrantProfile, object]>([
    [
      'a token whose end nobody states and that can be renewed: now',
      { accessToken, refreshToken },
      EXPIRING,
      { accessExpiresAtMs: T0, expiryBasis: 'assumed', issuedAtMs: T0 - HOUR },
    ],
    ['one that cannot be renewed: unknown', { accessToken }, EXPIRING, { expiryBasis: 'unknown' }],
    ['one of a provider whose tokens last: never', { accessToken }, LASTING, { expiryBasis: 'never' }],
    [
      'no access token: now, whatever is said of one',
      { refreshToken, expiresAtMs: T0 + HOUR },
      LASTING,
      { accessExpiresAtMs: T0, expiryBasis: 'assumed' },
    ],
  ])('says when %s', (_, grant, profile, expected) => {
    const state = stateOf(grant, profile)
    expect(state).toMatchObject(expected)
    expect(Object.hasOwn(state, 'accessExpiresAtMs')).toBe(Object.hasOwn(expected, 'accessExpiresAtMs'))
  })

  it('keeps the scopes that are told, or takes those that were asked for where a provider tells them', () => {
    expect(stateOf({ accessToken, scopes: ['write'] }).grantedScopes).toEqual(['write'])
    expect(stateOf({ accessToken, scopes: ['write'] }, SILENT).grantedScopes).toEqual(['write'])
    expect(stateOf({ accessToken }, SILENT)).not.toHaveProperty('grantedScopes')
  })

  it('counts the deadline of the refresh token from now', () => {
    expect(stateOf({ refreshToken, refreshExpiresAtMs: T0 + 30 * 24 * HOUR })).toMatchObject({
      refreshExpiresAtMs: T0 + 30 * 24 * HOUR,
      refreshIssuedAtMs: T0,
    })
    expect(stateOf({ refreshToken })).not.toHaveProperty('refreshExpiresAtMs')
  })

  it('says whether it can be renewed', () => {
    const { hasRefreshToken } = stateOf({ accessToken })
    expect([hasRefreshToken, stateOf({ refreshToken }).hasRefreshToken]).toEqual([false, true])
  })

  it('says whether there are members to take over', () => {
    expect(stateOf({ accessToken, extra: { team: 'T1' } }).hasExtra).toBe(true)
    for (const extra of [undefined, {}]) {
      expect(stateOf({ accessToken, ...(extra && { extra }) })).not.toHaveProperty('hasExtra')
    }
  })

  it.each<[string, ImportedGrant, GrantProfile, boolean, readonly string[] | undefined]>([
    [
      'nothing where all is there',
      { accessToken, refreshToken, expiresAtMs: T0 + 1 },
      EXPIRING,
      true,
      undefined,
    ],
    ['a token that nothing renews', { accessToken }, EXPIRING, false, ['no_refresh_token']],
    ['nothing of one that lasts', { accessToken }, LASTING, false, undefined],
    [
      'members that are missing',
      { accessToken, refreshToken, expiresAtMs: T0 + 1 },
      CALLING,
      false,
      ['metadata_unavailable'],
    ],
    [
      'members that are missing, of a token without an end',
      { accessToken },
      CALLING,
      false,
      ['no_refresh_token', 'metadata_unavailable'],
    ],
    [
      'no members that are there',
      { accessToken, refreshToken, expiresAtMs: T0 + 1, extra: { cloud_id: 'c' } },
      CALLING,
      false,
      undefined,
    ],
    [
      'no members that come with the renewal',
      { accessToken, refreshToken, expiresAtMs: T0 },
      CALLING,
      false,
      undefined,
    ],
    ['an account that nobody could be asked for', { refreshToken }, EXPIRING, true, ['account_not_asked']],
    [
      'an account that a token has ended for',
      { accessToken, refreshToken, expiresAtMs: T0 },
      EXPIRING,
      true,
      ['account_not_asked'],
    ],
    ['no account that is known', { refreshToken }, EXPIRING, false, undefined],
  ])('notes %s', (_, grant, profile, isAccountOpen, notes) => {
    expect(stateOf(grant, profile, isAccountOpen).notes).toEqual(notes)
  })
})
