import { type Account, accountText, mergedAccount } from '../../domain/account.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'
import type { OutgoingFetch } from '../../ports/outgoing-fetch.ts'
import { asObject, jsonOf, memberAt } from './answer-json.ts'
import { objectsIn, tokenHolder } from './answer-shape.ts'
import { claimsOf } from './jwt-claims.ts'
import type { RenderTemplate } from './render-template.ts'

/**
 * Where answers and ID tokens name the account: OpenID Connect Core §5.1's claims, Entra's `upn` and `tid`, Google's
 * `hd`, and the members that token answers of Slack, Notion, Stripe, HubSpot and their kin have. The first one counts.
 */
const MEMBERS: Readonly<Record<keyof Account, readonly string[]>> = {
  id: [
    'sub',
    'user_id',
    'userId',
    'userid',
    'authed_user.id',
    'owner.user.id',
    'user.id',
    'account_id',
    'accountId',
    'stripe_user_id',
    'uid',
    'open_id',
    'id',
  ],
  email: [
    'email',
    'user.email',
    'owner.user.person.email',
    'upn',
    'mail',
    'userPrincipalName',
    'preferred_username',
    'login',
    'username',
    'user.name',
  ],
  team: [
    'hd',
    'team.name',
    'team.id',
    'workspace_name',
    'workspace_id',
    'org_name',
    'org_id',
    'organization.name',
    'organization_id',
    'company.name',
    'hub_domain',
    'hub_id',
    'tid',
    'tenant_id',
  ],
}

/** The account that the token answer itself tells, by its ID token first. */
export function accountOfAnswer(answer: JsonObject): Account | undefined {
  const holder = tokenHolder(answer)
  const idToken = holder['id_token']
  const claims = typeof idToken === 'string' ? claimsOf(idToken) : undefined
  const { id_token: _idToken, ...told } = { ...answer, ...holder }
  return mergedAccount(claims === undefined ? undefined : accountOf(claims), accountOf(told))
}

/** What the call is made with. */
export interface IdentityContext {
  readonly fetch: OutgoingFetch
  readonly tenant: string
  readonly render: RenderTemplate
  readonly profile: GrantProfile
  readonly setup: JsonObject
  readonly timeoutMs: number
}

/**
 * The account that the profile's identity call tells; undefined where there is none, or it fails. Only a name is
 * lost then: it is asked once and not again.
 */
export async function fetchAccount(
  grant: MintedGrant | undefined,
  { fetch, tenant, profile, render, setup, timeoutMs }: IdentityContext,
): Promise<Account | undefined> {
  const { identity } = profile
  if (identity === undefined || grant === undefined || timeoutMs <= 0) return undefined
  const token = grant.accessToken.reveal()
  const url = render(identity.url, setup, { [MAIN_GRANT]: { extra: grant.extra } })
  if (url === undefined) return undefined
  const outcome = await fetch(url, {
    tenant,
    method: identity.method ?? 'GET',
    headers: {
      accept: 'application/json',
      authorization: `${identity.scheme ?? 'Bearer'} ${token}`,
      ...(identity.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(identity.body === undefined ? {} : { body: identity.body }),
    timeoutMs,
    repeatable: true,
  })
  if (outcome.kind !== 'answer' || outcome.status !== 200) return undefined
  const body = jsonOf(outcome.body.reveal())
  if (typeof body !== 'object') return undefined
  const named = identity.member === undefined ? undefined : accountText(memberAt(body, identity.member))
  return mergedAccount(
    nearestAccount(asObject(body) ?? { list: body }),
    named === undefined ? undefined : { email: named },
  )
}

/** Of the answer itself, or of the nearest object inside it that names somebody: X, Asana and Linear wrap theirs. */
function nearestAccount(body: JsonObject): Account | undefined {
  const accounts = objectsIn(body).map(({ own }) => accountOf(own))
  const who = accounts.find((account) => account?.id !== undefined || account?.email !== undefined)
  return mergedAccount(accounts[0], who)
}

function accountOf(members: JsonObject): Account | undefined {
  const found = Object.entries(MEMBERS).map(([name, paths]) => {
    const texts = paths.map((path) => accountText(memberAt(members, path)))
    return [name, texts.find((text) => text !== undefined)] as const
  })
  return mergedAccount(Object.fromEntries(found.filter(([, text]) => text !== undefined)))
}
