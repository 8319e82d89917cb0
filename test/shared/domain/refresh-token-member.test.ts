import { isRefreshTokenMember } from '../../../shared/domain/refresh-token-member.ts'

describe('isRefreshTokenMember', () => {
  it.each(['refresh_token', 'refreshToken', 'REFRESH-TOKEN', 'data.refresh.token', 'x.y_refreshtoken'])(
    'knows %s',
    (path) => {
      expect(isRefreshTokenMember(path)).toBe(true)
    },
  )

  it.each(['access_token', 'refresh_token_expires_in', 'refresh', 'token', 'refresh_a_token'])(
    'lets flows have %s',
    (path) => {
      expect(isRefreshTokenMember(path)).toBe(false)
    },
  )
})
