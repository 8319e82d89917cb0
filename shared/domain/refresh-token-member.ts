/**
 * Whether a member of an answer, by its name or path, is a refresh token, however the name is written. A setup may name
 * members that flows get beside the access token; this one they never get.
 */
export function isRefreshTokenMember(path: string): boolean {
  return /refresh[^A-Za-z0-9]?token$/i.test(path)
}
