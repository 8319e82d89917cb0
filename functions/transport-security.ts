import { isLoopback } from '../shared/settings/setting-formats.ts'

/**
 * Browsers are told to keep to https where people reach the vault by it. Never for this machine's own name: that would
 * bind every other server on it too (RFC 6797 §6.1).
 */
export function transportSecurity(publicUrl: string | undefined): Record<string, string> {
  if (publicUrl === undefined || !publicUrl.startsWith('https:') || isLoopback(publicUrl)) return {}
  return { 'strict-transport-security': 'max-age=31536000' }
}
