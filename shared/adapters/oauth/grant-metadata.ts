import { MAIN_GRANT } from '../../domain/grant.ts'
import type { AnswerQuirks, GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MintedGrant, TokenOutcome } from '../../ports/oauth-client.ts'
import type { OutgoingFetch } from '../../ports/outgoing-fetch.ts'
import { asObject, memberAt, parseJsonObject, pickText } from './answer-json.ts'
import type { RenderTemplate } from './render-template.ts'

type Granted = Extract<TokenOutcome, { kind: 'granted' }>
type MetadataCall = NonNullable<AnswerQuirks['metadataCall']>

/** The call is harmless, and a grant without its members may be useless. */
const ATTEMPTS = 2

/** What the call needs. */
export interface MetadataContext {
  readonly fetch: OutgoingFetch
  readonly tenant: string
  readonly render: RenderTemplate
  readonly profile: GrantProfile
  readonly setup: JsonObject
  readonly timeoutMs: number
}

/**
 * Makes the profile's follow-up call, if it has one, and keeps its members beside the main grant. A failure is only
 * noted: the token was minted, and losing it would be worse.
 */
export async function addMetadata(granted: Granted, context: MetadataContext): Promise<Granted> {
  const call = context.profile.answer?.metadataCall
  const main = granted.grants[MAIN_GRANT]
  if (call === undefined || main === undefined) return granted
  let members: Readonly<Record<string, string>> | undefined
  for (let attempt = 1; attempt <= ATTEMPTS && members === undefined; attempt += 1) {
    members = await fetchMembers(call, main, context)
  }
  const completed: MintedGrant =
    members === undefined
      ? { ...main, notes: [...(main.notes ?? []), 'metadata_unavailable'] }
      : { ...main, extra: { ...main.extra, ...members } }
  return { ...granted, grants: { ...granted.grants, [MAIN_GRANT]: completed } }
}

async function fetchMembers(
  call: MetadataCall,
  grant: MintedGrant,
  context: MetadataContext,
): Promise<Readonly<Record<string, string>> | undefined> {
  const grants = { [MAIN_GRANT]: { access_token: grant.accessToken.reveal(), extra: grant.extra } }
  const url = context.render(call.url, context.setup, grants)
  const authorization = context.render(call.authorization, context.setup, grants)
  if (url === undefined || authorization === undefined || context.timeoutMs <= 0) return undefined
  const outcome = await context.fetch(url, {
    tenant: context.tenant,
    method: 'GET',
    headers: { accept: 'application/json', authorization },
    timeoutMs: context.timeoutMs / ATTEMPTS,
    repeatable: true,
  })
  if (outcome.kind !== 'answer' || outcome.status !== 200) return undefined
  const body = parseJsonObject(outcome)
  const holder = body === undefined ? undefined : holderOf(body, call)
  const members = holder === undefined ? {} : pickText(holder, call.members)
  return Object.keys(members).length === 0 ? undefined : members
}

/** The answer itself, or the entry of its list that the flag marks, else the first. */
function holderOf(body: JsonObject, call: MetadataCall): JsonObject | undefined {
  if (call.entry === undefined) return body
  const list = memberAt(body, call.entry.list)
  if (!Array.isArray(list)) return undefined
  const { flag } = call.entry
  const entries = list.map(asObject).filter((entry) => entry !== undefined)
  return entries.find((entry) => memberAt(entry, flag) === true) ?? entries[0]
}
