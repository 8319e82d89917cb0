import { findSetupOf } from '../../shared/connectors/catalogue.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import { type GrantNote, NO_REFRESH_TOKEN } from '../../shared/domain/grant.ts'
import { scopesToAsk } from '../../shared/use-cases/grants/grant-records.ts'

/** What was odd about the provider's answers although they were accepted, in words. */
const NOTES: Readonly<Record<GrantNote, string>> = {
  expires_in_unusable:
    'The provider stated a life of the access token that makes no sense, so it is not believed. The setup can state one.',
  no_refresh_token: NO_REFRESH_TOKEN,
  refresh_token_unusable:
    'The provider sent a refresh token that cannot be sent back. Authorize again before the access token expires.',
  token_type_unknown: 'The provider names a type of token that is not known; it is sent as a bearer token.',
  metadata_unavailable:
    'The call that tells more about the account failed, so parts of the credential are missing. Authorize again.',
  members_missing:
    'Some members that the setup names in extra_fields or base_url did not come, so flows do not get them. Compare the names with the provider’s answer.',
  account_not_asked: 'Whose account it is, is asked with the first access token that the grant brings.',
}

/** One thing to know that is no failure. */
export interface Note {
  readonly code: string
  readonly message: string
}

/** What people should know of a connection beside its status: of its grant, of its setup, and of what it will ask for. */
export function notesOf(row: ConnectionRow): Note[] {
  const codes = new Set(Object.values(row.grants ?? {}).flatMap((grant) => grant.notes ?? []))
  const notes = [...codes].map((code): Note => ({ code, message: NOTES[code] }))
  const trimmed = row.trimmed === undefined ? undefined : trimmedNote(row.trimmed, 'the setup')
  return [...notes, trimmed, scopesNote(row)].filter((note) => note !== undefined)
}

/** That blanks at the ends of some fields were left out, which came with what somebody sent. */
export function trimmedNote(fields: readonly string[], sent: string): Note {
  const message = `Blanks at the ends of ${fields.join(', ')} came with ${sent} and were left out.`
  return { code: 'blanks_trimmed', message }
}

/** Many services answer a request without scopes on a page of their own, from which nobody comes back. */
function scopesNote(row: ConnectionRow): Note | undefined {
  const setup = findSetupOf(row.appId, row.setupType)
  if (row.status !== 'pending' || setup?.preset === undefined || scopesToCome(row).length > 0)
    return undefined
  const example = setup.fields.find(({ name }) => name === 'scope')?.example
  if (example === undefined) return undefined
  const message = `The setup asks for no scopes, and the service may refuse that or grant next to nothing. It knows such as: ${example}.`
  return { code: 'no_scopes', message }
}

/** What will be asked for, as far as the setup says that without being opened. */
export function scopesToCome(row: ConnectionRow): readonly string[] {
  const profile = findSetupOf(row.appId, row.setupType)?.grant
  if (profile?.scopes.requested !== true) return []
  return scopesToAsk(profile, { ...row.publicSetup, ...row.settings })
}
